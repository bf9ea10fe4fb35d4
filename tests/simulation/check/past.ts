/** Tasks that depend on the past, by the table of Airflow read once more: from the rows, one instance after the other. */

import type { CompiledDag } from "@millrace/engine";
import type { InstanceRow, RunRow } from "../database/rows.ts";
import { instanceKey, type Tables } from "../database/tables.ts";

export type PastView = {
  readonly tables: Tables;
  dagOf(run: RunRow): CompiledDag;
  /** The row as it is looked at; null for none. */
  rowOf(runId: number, ix: number, mapIx: number): InstanceRow | null;
};

/** An instance of the run before that is not fine: null is none that has a row. */
export type HeldBy = {
  readonly run: RunRow;
  readonly taskId: string;
  readonly row: InstanceRow | null;
};

const fine: readonly number[] = [6, 8];
const removed = 10;

/** What holds a task of a run; null for nothing. */
export function heldBy(view: PastView, run: RunRow, taskId: string): HeldBy | null {
  const dag = view.dagOf(run);
  const task = dag.tasks[dag.ixOf.get(taskId)!]!;
  if (!task.dependsOnPast && !task.waitForDownstream) return null;
  const before = runBefore(view, run, dag.spec.catchup);
  if (before === null) return null;
  const { startDate, catchup } = dag.spec;
  if (catchup && startDate !== null && before.logical_at! < startDate) return null;
  const own = notFine(view, before, taskId);
  if (own !== null) return own;
  if (!task.waitForDownstream) return null;
  for (const { from, to } of dag.spec.edges) {
    const after = from === taskId ? notFine(view, before, to) : null;
    if (after !== null) return after;
  }
  return null;
}

function runBefore({ tables }: PastView, run: RunRow, catchup: boolean): RunRow | null {
  let newest: RunRow | null = null;
  for (const one of tables.runs.values()) {
    if (one.dag_id !== run.dag_id || one.logical_at === null || run.logical_at === null) continue;
    if (one.logical_at >= run.logical_at || (catchup && one.run_type === 2)) continue;
    if (newest === null || one.logical_at > newest.logical_at!) newest = one;
  }
  return newest;
}

function notFine(view: PastView, run: RunRow, taskId: string): HeldBy | null {
  const ix = view.dagOf(run).ixOf.get(taskId)!;
  const data = view.tables.dataOf(run.id);
  const length = data.expansions.get(ix)?.length ?? 0;
  const mapIxs = new Set(
    [...data.instances.values()].filter((row) => row.ix === ix).map((row) => row.map_ix),
  );
  if (length > 0) for (let mapIx = 0; mapIx < length; mapIx++) mapIxs.add(mapIx);
  else mapIxs.add(-1);
  // What stood for a mapped task until it was expanded is no instance.
  if (length > 0) mapIxs.delete(-1);
  for (const mapIx of mapIxs) {
    const row = view.rowOf(run.id, ix, mapIx);
    const isGone = row?.state === removed || (row === null && length <= 0 && mapIxs.size > 1);
    if (!isGone && !fine.includes(row?.state ?? 1)) return { run, taskId, row };
  }
  return null;
}

/** The tables as they are now. */
export function presentView(tables: Tables, dagOf: (run: RunRow) => CompiledDag): PastView {
  return {
    ...{ tables, dagOf },
    rowOf: (runId, ix, mapIx) => tables.dataOf(runId).instances.get(instanceKey(ix, mapIx)) ?? null,
  };
}
