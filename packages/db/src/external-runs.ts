/** Runs that tasks of other DAGs wait for, and how their tasks stand. */

import type { RunState, TaskState } from "@millrace/engine";
import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

/** A run known by its date, or by its key. */
export type ExternalRunQuery =
  | { readonly at: number; readonly dagId: string; readonly logicalAt: number }
  | { readonly at: number; readonly runKey: number };

export type ExternalRunRow = {
  /** `at` of what asked for it. */
  readonly at: number;
  readonly id: number;
  readonly dag_id: string;
  readonly dag_version_id: number;
  readonly run_name: string;
  readonly logical_at: Date | null;
  readonly state: RunState;
};

/** Those of the runs that exist. */
export async function listExternalRuns(
  db: Database,
  queries: readonly ExternalRunQuery[],
): Promise<ExternalRunRow[]> {
  const byDate = queries.flatMap((query) => ("runKey" in query ? [] : [query]));
  const byKey = queries.flatMap((query) => ("runKey" in query ? [query] : []));
  return rowsOf<ExternalRunRow>(db.pool, "external_run_list", [
    byDate.map(({ at }) => at),
    byDate.map(({ dagId }) => dagId),
    byDate.map(({ logicalAt }) => new Date(logicalAt).toISOString()),
    byKey.map(({ at }) => at),
    byKey.map(({ runKey }) => runKey),
  ]);
}

export type ExternalTaskRow = {
  readonly run_id: number;
  readonly ix: number;
  /** How many instances a mapped task has; null when it is not expanded, or not mapped. */
  readonly length: number | null;
  /** Null when no instance has a row. */
  readonly state: TaskState | null;
  readonly count: number;
};

/** Task instances by state; those without a row are not counted. */
export async function listExternalTasks(
  db: Database,
  tasks: readonly { readonly runKey: number; readonly ix: number }[],
): Promise<ExternalTaskRow[]> {
  if (tasks.length === 0) return [];
  return rowsOf<ExternalTaskRow>(db.pool, "external_task_list", [
    tasks.map(({ runKey }) => runKey),
    tasks.map(({ ix }) => ix),
  ]);
}
