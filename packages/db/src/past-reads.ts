/** What an owner reads of earlier runs, for tasks that depend on the past. */

import type { EpochMs, TaskState } from "@millrace/engine";
import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

/** Which runs come before: those of the DAG with an earlier logical date. */
export type BeforeQuery = {
  readonly dagId: string;
  readonly logicalAt: EpochMs;
  /** Runs that people made do not count. */
  readonly isWithoutManual: boolean;
};

export type RunBefore = {
  readonly id: number;
  readonly dagVersionId: number;
  readonly runName: string;
  readonly logicalAt: EpochMs;
};

/** The run before each of these, in their order; null where there is none. */
export async function readRunsBefore(
  db: Database,
  queries: readonly BeforeQuery[],
): Promise<(RunBefore | null)[]> {
  type Row = {
    ord: number;
    id: number;
    dag_version_id: number;
    run_name: string;
    logical_at: Date;
  };
  const rows = await rowsOf<Row>(db.pool, "past_run_before", [
    queries.map(({ dagId }) => dagId),
    queries.map(({ logicalAt }) => new Date(logicalAt).toISOString()),
    queries.map(({ isWithoutManual }) => isWithoutManual),
  ]);
  const found = new Map(rows.map((row) => [row.ord, row]));
  return queries.map((_, index) => {
    const row = found.get(index + 1);
    if (row === undefined) return null;
    const { id, dag_version_id: dagVersionId, run_name: runName } = row;
    return { id, dagVersionId, runName, logicalAt: row.logical_at.getTime() };
  });
}

/** What became of a task in a run. */
export type PastTask = {
  readonly runId: number;
  readonly ix: number;
  /** Instances that succeeded or were skipped. */
  readonly fine: number;
  /** The last of the others that have a row, those that were removed left out; null when there is none. */
  readonly other: { readonly mapIx: number; readonly state: TaskState } | null;
  /** How many instances it has; null when it is not mapped, or was not expanded. */
  readonly length: number | null;
};

export async function readPastTasks(
  db: Database,
  tasks: readonly { readonly runId: number; readonly ix: number }[],
): Promise<PastTask[]> {
  if (tasks.length === 0) return [];
  type Row = {
    run_id: number;
    ix: number;
    fine: number;
    other_map_ix: number | null;
    other_state: TaskState | null;
    length: number | null;
  };
  const rows = await rowsOf<Row>(db.pool, "past_task_states", [
    tasks.map(({ runId }) => runId),
    tasks.map(({ ix }) => ix),
  ]);
  return rows.map(
    ({ run_id: runId, ix, fine, other_map_ix: mapIx, other_state: state, length }) => {
      const other = mapIx === null || state === null ? null : { mapIx, state };
      return { runId, ix, fine, other, length };
    },
  );
}

/** The DAG versions that the runs before have, newest first. */
export async function listVersionsBefore(
  db: Database,
  { dagId, logicalAt, isWithoutManual }: BeforeQuery,
): Promise<number[]> {
  const rows = await rowsOf<{ dag_version_id: number }>(db.pool, "past_versions_before", [
    dagId,
    new Date(logicalAt).toISOString(),
    isWithoutManual,
  ]);
  return rows.map((row) => row.dag_version_id);
}
