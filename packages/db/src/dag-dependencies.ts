/** What DAGs say of one another. */

import { sqlText } from "./assets.ts";
import type { Database } from "./database.ts";
import type { Transaction } from "./requests.ts";
import { rowsOf } from "./statement.ts";

/** Codes of `dag_dependency.kind`. */
export const dependencyKinds = { triggers: 1, waitsFor: 2, clears: 3 } as const;

export type DependencyWrite = {
  readonly dag_id: string;
  readonly kind: number;
  readonly other_id: string;
  readonly task_id: string;
};

/** What these DAGs say is this now, and nothing else. */
export async function replaceDependencies(
  tx: Transaction,
  dagIds: readonly string[],
  rows: readonly DependencyWrite[],
): Promise<void> {
  if (dagIds.length === 0) return;
  const text = sqlText("dag_dependency_replace");
  await tx.$executeRawUnsafe(text, [...dagIds], JSON.stringify(rows));
}

export type DependencyRow = DependencyWrite & { readonly other_exists: boolean };

export type DependencyPosition = readonly [
  dagId: string,
  kind: number,
  otherId: string,
  taskId: string,
];

/** @param focus only among DAGs within so many arrows of this one; null for all. */
export function listDependencies(
  db: Database,
  focus: { readonly dagId: string; readonly levels: number } | null,
  page: { readonly after: DependencyPosition | null; readonly limit: number },
): Promise<DependencyRow[]> {
  const after = page.after ?? ["", 0, "", ""];
  const values = [focus?.dagId ?? null, focus?.levels ?? 0, ...after, page.limit];
  return rowsOf<DependencyRow>(db.pool, "dag_dependency_list", values);
}
