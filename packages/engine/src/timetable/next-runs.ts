/** The runs that a timetable makes one after the other. */

import type { EpochMs } from "../spec/spec.ts";
import { timeOf } from "./clock.ts";
import { planNext } from "./plan.ts";
import type { DataInterval, Planned, PlannedRun } from "./planned.ts";

/** Which runs to plan: `last` is the data interval of the newest automated run. */
export type NextRunsOptions = {
  readonly now: EpochMs;
  readonly last: DataInterval | null;
  /** `PlanInput.through`. Default null. */
  readonly through?: EpochMs | null;
  readonly count: number;
};

/**
 * The next automated runs of a DAG, soonest first, as if none were refused meanwhile. Of a DAG that runs without a pause
 * only the first is known: when the others begin depends on how long it takes; of one with a timetable of its own none
 * (`nextCustomRuns`).
 */
export function nextRuns(dag: Planned, options: NextRunsOptions): PlannedRun[] {
  const { through = null } = options;
  const count =
    timeOf(dag.schedule)?.kind === "continuous" ? Math.min(options.count, 1) : options.count;
  const runs: PlannedRun[] = [];
  let { now, last } = options;
  while (runs.length < count) {
    const next = planNext(dag, { now, last, through });
    if (next === null) break;
    runs.push(next);
    last = next.dataInterval;
    // By the time of a later run that one is due.
    now = Math.max(now, next.runAfter);
  }
  return runs;
}
