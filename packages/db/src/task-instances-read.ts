/** Task instances that have rows, as people ask for them. Those without are derived from the graph, elsewhere. */

import type { TaskState } from "@millrace/engine";

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

export type TaskInstanceView = {
  readonly ix: number;
  readonly map_ix: number;
  readonly state: TaskState;
  readonly attempt: number;
  /** Attempts that spend no retry. */
  readonly uncounted: number;
  /** Attempts whose worker was lost since it was cleared last. */
  readonly losses: number;
  readonly ready_at: Date | null;
  /** Of the newest attempt, or of the try of a sensor; null once it is cleared, until it starts again. */
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  /** Until when it is up_for_retry or up_for_reschedule. */
  readonly wait_until: Date | null;
  /** millrace.v1.Failure */
  readonly failure: Buffer | null;
  /** Of a branch or a short circuit that has succeeded: the cases it chose. */
  readonly choice: readonly string[] | null;
  readonly map_index_label: string | null;
  readonly worker_name: string | null;
  /** millrace.internal.v1.DeferralRow, while it is deferred or awaits input. */
  readonly deferral: Buffer | null;
};

/** Names a task instance: run, index of the task in its DAG version, map index or -1. */
export type TaskInstanceKey = {
  readonly runKey: number;
  readonly ix: number;
  readonly mapIx: number;
};

/**
 * What stands for whole tasks of a run, in the order of `ixs`'s numbers: instances of tasks that are not mapped, and of
 * mapped ones what they were before they were expanded (`map_ix` -1). Those that have a row.
 */
export async function viewTaskInstances(
  db: Database,
  runKey: number,
  ixs: readonly number[],
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

/**
 * Attempts, oldest first, the newest included, whether it still stands in its row or was cleared. The attempts of a
 * sensor's try are one, under the number of the last.
 */
export async function listAttempts(
  db: Database,
  { runKey, ix, mapIx }: TaskInstanceKey,
): Promise<AttemptRow[]> {
  return rowsOf<AttemptRow>(db.pool, "attempt_list", [runKey, ix, mapIx]);
}

/** States in columns: the task of index `ixs[i]` is in `states[i]`. */
export type TaskStates = { readonly ixs: readonly number[]; readonly states: readonly TaskState[] };

/** States of what stands for whole tasks (`viewTaskInstances`) and has a row, for each run that has any. */
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
