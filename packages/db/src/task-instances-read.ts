/** Task instances that have rows, as people ask for them. Those without are derived from the graph, elsewhere. */

import type { TaskState } from "@millrace/engine";

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

export type TaskInstanceView = {
  readonly ix: number;
  readonly map_ix: number;
  readonly state: TaskState;
  readonly attempt: number;
  readonly lost: number;
  readonly ready_at: Date | null;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly retry_at: Date | null;
  /** millrace.v1.Failure */
  readonly failure: Buffer | null;
  readonly worker_name: string | null;
};

/** Names a task instance: run, index of the task in its DAG version, map index or -1. */
export type TaskInstanceKey = {
  readonly runKey: number;
  readonly ix: number;
  readonly mapIx: number;
};

/** Rows of a run by index: those of `ixs`, or all for null. */
export async function viewTaskInstances(
  db: Database,
  runKey: number,
  ixs: readonly number[] | null,
): Promise<TaskInstanceView[]> {
  return rowsOf<TaskInstanceView>(db.pool, "task_instance_list_of_run", [runKey, ixs]);
}

/** One task instance with what it returned, as codec JSON. */
export async function viewTaskInstance(
  db: Database,
  { runKey, ix, mapIx }: TaskInstanceKey,
): Promise<(TaskInstanceView & { readonly out: Buffer | null }) | null> {
  const rows = await rowsOf<TaskInstanceView & { out: Buffer | null }>(
    db.pool,
    "task_instance_get",
    [runKey, ix, mapIx],
  );
  return rows[0] ?? null;
}

export type AttemptRow = Pick<
  TaskInstanceView,
  "attempt" | "state" | "started_at" | "ended_at" | "failure" | "worker_name"
>;

/** Earlier attempts, oldest first; the newest is the task instance's own row. */
export async function listEarlierAttempts(
  db: Database,
  { runKey, ix, mapIx }: TaskInstanceKey,
): Promise<AttemptRow[]> {
  return rowsOf<AttemptRow>(db.pool, "attempt_list", [runKey, ix, mapIx]);
}

/** States in columns: the task of index `ixs[i]` is in `states[i]`. */
export type TaskStates = { readonly ixs: readonly number[]; readonly states: readonly TaskState[] };

/** States of unmapped task instances that have rows, for each run that has any. */
export async function readTaskStates(
  db: Database,
  runKeys: readonly number[],
): Promise<Map<number, TaskStates>> {
  const rows = await rowsOf<TaskStates & { run_id: number }>(
    db.pool,
    "task_instance_states_of_runs",
    [runKeys],
  );
  return new Map(rows.map((row) => [row.run_id, { ixs: row.ixs, states: row.states }]));
}

/** Values a task instance left beside its return value, by key. */
export async function listXComs(
  db: Database,
  { runKey, ix, mapIx }: TaskInstanceKey,
): Promise<{ readonly key: string; readonly value: Buffer }[]> {
  return rowsOf<{ key: string; value: Buffer }>(db.pool, "xcom_list", [runKey, ix, mapIx]);
}
