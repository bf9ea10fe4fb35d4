/** Which run a timetable makes next (semantics 3.4). */

import type { EpochMs, TimeSchedule } from "../spec/spec.ts";
import { timeOf } from "./clock.ts";
import { planCron, planCronInterval } from "./plan-cron.ts";
import { planDelta, planDeltaInterval } from "./plan-delta.ts";
import { atInstant, overInterval } from "./planned.ts";
import type { PlanInput, Planned, PlannedRun } from "./planned.ts";

/**
 * The next automated run; null when there is none. May be due already.
 *
 * With catch-up every missed run is made up, oldest first, from the start date on. Without it only the newest one counts.
 * The dates of the DAG bound fires, of timetables with intervals the starts of intervals, both included. A run that would
 * begin later than the DAG's starting deadline after it was due is passed over.
 */
export function planNext(of: Planned, input: PlanInput): PlannedRun | null {
  // What assets decide is no plan: it happens.
  const dag = { ...of, schedule: timeOf(of.schedule) };
  let planned = plan(dag, input);
  const { startingDeadlineMs = null } = dag;
  // What is too late is passed over, one after the other: only the timetable knows what comes next.
  const isLate = ({ runAfter }: PlannedRun): boolean =>
    startingDeadlineMs !== null && input.now - runAfter > startingDeadlineMs;
  while (planned !== null && isLate(planned))
    planned = plan(dag, { ...input, last: planned.dataInterval });
  if (planned === null || dag.endDate === null) return planned;
  return boundedBy(dag, planned) > dag.endDate ? null : planned;
}

type Timed = Planned & { readonly schedule: TimeSchedule | null };

function plan(dag: Timed, input: PlanInput): PlannedRun | null {
  const { schedule } = dag;
  switch (schedule?.kind) {
    case undefined:
      return null;
    case "cron":
      return planCron(dag, schedule, input);
    case "cron_interval":
      return planCronInterval(dag, schedule, input);
    case "delta":
      return planDelta(dag, schedule, input);
    case "delta_interval":
      return planDeltaInterval(dag, schedule, input);
    case "once":
      return input.last === null ? atInstant(dag.startDate ?? input.now) : null;
    case "continuous":
      return planContinuous(dag, input);
    case "events":
      return planEvents(dag, schedule.at, input);
    // Its function is asked (`custom.ts`): nobody here can run it.
    case "custom":
      return null;
  }
}

/** What the end date is compared with. */
function boundedBy({ schedule }: Timed, { dataInterval, logicalDate }: PlannedRun): EpochMs {
  const isTrigger = schedule?.kind === "cron" || schedule?.kind === "continuous";
  return isTrigger ? dataInterval.end : logicalDate;
}

/**
 * From where the run before ended to now; of a run that was about a moment, from the next millisecond on, so that no two
 * have one logical date.
 */
function planContinuous({ startDate }: Planned, { now, last }: PlanInput): PlannedRun {
  if (last === null) {
    const start = startDate ?? now;
    return overInterval(start, Math.max(start, now));
  }
  const start = Math.max(last.end, last.start + 1);
  return overInterval(start, Math.max(start, now));
}

/** Without catch-up, of the events that have passed only the newest counts. */
function planEvents(
  { startDate, catchup }: Planned,
  at: readonly EpochMs[],
  { now, last, through }: PlanInput,
): PlannedRun | null {
  const over = Math.max(last?.end ?? -Infinity, catchup ? -Infinity : (through ?? -Infinity));
  const from = Math.max(startDate ?? -Infinity, last === null && !catchup ? now : -Infinity);
  const left = at.filter((event) => event > over && event >= from);
  const missed = catchup ? undefined : left.findLast((event) => event <= now);
  const next = missed ?? left[0];
  return next === undefined ? null : atInstant(next);
}
