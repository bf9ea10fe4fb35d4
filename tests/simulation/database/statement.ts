/** What a statement in memory is: a function of the tables, the database's time and its values. */

import type { DagRow, DagVersionRow } from "./rows.ts";
import type { Tables } from "./tables.ts";

/** What a transaction has written of DAGs, and nobody else sees before its end. */
export type Drafts = {
  readonly dags: Map<string, DagRow>;
  readonly versions: DagVersionRow[];
};

export function noDrafts(): Drafts {
  return { dags: new Map(), versions: [] };
}

export type Moment = {
  readonly tables: Tables;
  readonly now: number;
  /** Writes when the transaction ends; at once outside of one. */
  readonly atEnd: (write: (now: number) => void) => void;
  readonly drafts: Drafts;
};

/** By name, as in `packages/db/sql`. Answers rows as the pool gives them. */
export type Statements = Readonly<
  Record<string, (moment: Moment, values: readonly unknown[]) => object[]>
>;

/** An instant as the driver gives it. */
export function at(ms: number): Date {
  return new Date(ms);
}

export function atOrNull(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
