/** No more runs of a DAG run at a time than max_active_runs allows, and one for each concurrency key. */

import type { CompiledDag } from "@millrace/engine";
import type { Flushed } from "../database/flush.ts";
import type { RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { ensure } from "./violation.ts";

const running = 2;
const executing: readonly number[] = [4, 5];

/**
 * The runs of a DAG that run. Of one whose tasks depend on the past those of which a task runs: a run that only waits gives
 * its place, and its key, to one of an earlier date.
 */
export function runsWithPlaces(
  tables: Tables,
  dagOf: (run: RunRow) => CompiledDag,
  dagId: string,
): RunRow[] {
  return [...tables.runs.values()].filter((run) => {
    if (run.dag_id !== dagId || run.state !== running) return false;
    if (!isOfPast(dagOf(run))) return true;
    return [...tables.dataOf(run.id).instances.values()].some(({ state }) =>
      executing.includes(state),
    );
  });
}

function isOfPast({ spec }: CompiledDag): boolean {
  return spec.tasks.some(
    ({ dependsOnPast, waitForDownstream }) => dependsOnPast || waitForDownstream,
  );
}

/** Runs that begin to run with a flush, or of which a task does. */
export function begun({ runs, instances }: Flushed, tables: Tables): RunRow[] {
  const ids = new Set<number>();
  for (const { before, after } of runs)
    if (after.state === running && before.state !== running) ids.add(after.id);
  for (const { after } of instances) if (after.state === executing[0]) ids.add(after.run_id);
  return [...ids].flatMap((id) => tables.runs.get(id) ?? []);
}

export function checkActiveRuns(
  flushed: Flushed,
  tables: Tables,
  dagOf: (run: RunRow) => CompiledDag,
  limitOf: (dagId: string) => number,
): void {
  const started = new Set(
    flushed.runs.flatMap(({ before, after }) => (before.state === running ? [] : [after.id])),
  );
  for (const run of begun(flushed, tables)) {
    const active = runsWithPlaces(tables, dagOf, run.dag_id);
    // Those of backfills have a limit of their own.
    const ordinary = active.filter(({ backfill_id: id }) => id === null);
    const { concurrencyKey } = dagOf(run).spec;
    const maxActiveRuns = limitOf(run.dag_id);
    // A run that has its place keeps it when the limit becomes lower; those that wait for the past have none meanwhile.
    const takesPlace = started.has(run.id) || isOfPast(dagOf(run));
    ensure(
      run.backfill_id !== null || !takesPlace || ordinary.length <= maxActiveRuns,
      "S12",
      () =>
        `runs ${ordinary.map(({ id }) => id).join()} of ${run.dag_id} run at a time; ${maxActiveRuns} may`,
    );
    if (concurrencyKey === null) continue;
    const key = customerOf(run);
    const holders = active.filter(
      (other) => dagOf(other).spec.concurrencyKey !== null && customerOf(other) === key,
    );
    ensure(
      holders.length <= 1,
      "S12",
      () => `runs ${holders.map(({ id }) => id).join()} with the key ${key} run at a time`,
    );
  }
}

function customerOf({ params }: RunRow): string {
  return String((JSON.parse(params.toString()) as { readonly customer?: unknown }).customer);
}
