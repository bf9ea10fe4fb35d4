/** What tasks want of other DAGs: waits end when what they wait for has ended, and each task instance triggers one run. */

import { runKeyOf } from "@millrace/wire";
import { readDeferralRow } from "../../../services/scheduler/src/waits/waits.ts";
import type { InstanceChange } from "../database/flush.ts";
import type { RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { ensure } from "./violation.ts";

const deferred = 13;
const goneOn: readonly number[] = [2, 6];

/** A wait for a run that is said to be over. */
export function checkWaits(tables: Tables, changes: readonly InstanceChange[]): void {
  for (const { before, after, isMarked } of changes) {
    if (before?.state !== deferred || isMarked || !goneOn.includes(after.state)) continue;
    const trigger = readDeferralRow(before.deferral ?? new Uint8Array()).deferral?.trigger;
    if (trigger?.case !== "runs") continue;
    const run = tables.runs.get(runKeyOf(trigger.value.runId) ?? -1);
    const hasEnded = run !== undefined && (run.state >= 3 || run.reopen_count > 0);
    ensure(
      hasEnded,
      "semantics 9.4",
      () => `run ${after.run_id} task ${after.ix} goes on, and ${run?.id} has never ended`,
    );
  }
}

/** However often it was tried: one run for each task instance that nobody cleared. */
export function checkTriggered(tables: Tables, isAsItWas: (run: RunRow) => boolean): void {
  const children = new Map<string, Set<number>>();
  for (const row of tables.triggers) {
    if (!isAsItWas(tables.runs.get(row.parent_run_id)!)) continue;
    const key = `${row.parent_run_id} ${row.ix} ${row.map_ix} ${row.dag_id}`;
    const runs = children.get(key) ?? new Set();
    children.set(key, runs.add(row.child_run_id));
    ensure(
      runs.size === 1,
      "semantics 9.5",
      () => `run ${row.parent_run_id} task ${row.ix} has triggered the runs ${[...runs].join()}`,
    );
  }
}
