/** Mapped tasks, as people ask for them: in numbers, and page by page; never all instances at once. */

import type { TaskState } from "@millrace/engine";

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";
import type { TaskInstanceView } from "./task-instances-read.ts";

/** All instances of a mapped task that was expanded. */
export type MappedTask = {
  readonly ix: number;
  /** Null when it is not known any more, because what it is mapped over was cleared. */
  readonly length: number | null;
  /** How many instances that have rows are in which state. With those that were removed, they may be more than `length`. */
  readonly counts: ReadonlyMap<TaskState, number>;
  /** Instances that have no row: they have not started, or wait for others. */
  readonly rowless: number;
  /** The first start and the last end of what their newest attempts did. */
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
};

type MappedRow = {
  run_id: number;
  ix: number;
  length: number | null;
  rowless: number;
  states: TaskState[];
  counts: number[];
  started_at: Date | null;
  ended_at: Date | null;
};

/**
 * The mapped tasks of runs that are expanded, in the order of the graph, for each run that has any; of `ixs` only, or all
 * for null. Counts rows: some 15 ms for a task of 100,000 instances.
 */
export async function summarizeMappedTasks(
  db: Database,
  runKeys: readonly number[],
  ixs: readonly number[] | null,
): Promise<Map<number, MappedTask[]>> {
  const rows = await rowsOf<MappedRow>(db.pool, "expansion_list_of_runs", [runKeys, ixs]);
  const byRun = new Map<number, MappedTask[]>();
  for (const row of rows) {
    const tasks = byRun.get(row.run_id) ?? [];
    byRun.set(row.run_id, tasks);
    tasks.push({
      ix: row.ix,
      length: row.length,
      counts: new Map(row.states.map((state, at) => [state, row.counts[at] ?? 0])),
      rowless: row.rowless,
      startedAt: row.started_at,
      endedAt: row.ended_at,
    });
  }
  return byRun;
}

/** An instance that has no row yet. */
export type RowlessInstance = { readonly map_ix: number; readonly state: null };

export type MappedPage = {
  readonly runKey: number;
  readonly ix: number;
  /** Of instances that have rows, only those in one of these states; null for any. */
  readonly states: readonly TaskState[] | null;
  /** Whether those without a row belong to it. */
  readonly includeRowless: boolean;
  /** -1 for the first page. */
  readonly afterMapIx: number;
  readonly limit: number;
};

/**
 * Instances of a mapped task by index, after `afterMapIx`, at most `limit`. Fewer than that is the end. Without a filter
 * a page costs what its rows cost; a filter that hardly anything passes costs a look at all rows, some 15 ms for 100,000.
 */
export async function listMappedInstances(
  db: Database,
  page: MappedPage,
): Promise<(Omit<TaskInstanceView, "ix"> | RowlessInstance)[]> {
  const { runKey, ix, states, includeRowless, afterMapIx, limit } = page;
  return rowsOf(db.pool, "task_instance_page_of_mapped", [
    runKey,
    ix,
    Math.max(-1, afterMapIx),
    states,
    includeRowless,
    limit,
  ]);
}

/** States in columns: the instance of index `mapIxs[i]` is in `states[i]`. */
export type SpanStates = {
  readonly mapIxs: readonly number[];
  readonly states: readonly TaskState[];
};

/** States of the instances `from` to `to`, both included, that have rows, for each mapped task that has any. */
export async function readSpanStates(
  db: Database,
  runKey: number,
  ixs: readonly number[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Map<number, SpanStates>> {
  type Row = { ix: number; map_ixs: number[]; states: TaskState[] };
  const values = [runKey, ixs, from, to];
  const rows = await rowsOf<Row>(db.pool, "task_instance_states_of_span", values);
  return new Map(rows.map((row) => [row.ix, { mapIxs: row.map_ixs, states: row.states }]));
}
