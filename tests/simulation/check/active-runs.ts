/** No more runs of a DAG run at a time than max_active_runs allows, and one for each concurrency key. */

import type { CompiledDag } from "@millrace/engine";
import type { Flushed } from "../database/flush.ts";
import type { RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { ensure } from "./violation.ts";

const running = 2;

/** Looks when a run begins to run. */
export function checkActiveRuns(
  { runs }: Flushed,
  tables: Tables,
  dagOf: (run: RunRow) => CompiledDag,
): void {
  for (const { before, after } of runs) {
    if (after.state !== running || before.state === running) continue;
    const active = [...tables.runs.values()].filter(
      (run) => run.dag_id === after.dag_id && run.state === running,
    );
    // Those of backfills have a limit of their own.
    const ordinary = active.filter((run) => run.backfill_id === null);
    const { maxActiveRuns } = dagOf(after).spec;
    ensure(
      after.backfill_id !== null || ordinary.length <= maxActiveRuns,
      "S12",
      () =>
        `runs ${ordinary.map(({ id }) => id).join()} of ${after.dag_id} run at a time; ${maxActiveRuns} may`,
    );
    const { concurrencyKey } = dagOf(after).spec;
    if (concurrencyKey === null) continue;
    const key = customerOf(after);
    const holders = active.filter((run) => customerOf(run) === key);
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
