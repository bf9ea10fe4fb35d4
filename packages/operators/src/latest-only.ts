/** Skips what is worth nothing in a run that came late. */

import { context, nextRuns, shortCircuit, wiredDag } from "@millrace/sdk";
import type { Handle, RunValue, ScheduleValue, ShortCircuitOptions } from "@millrace/sdk";

/**
 * Makes a short circuit that goes on only in the newest run: a run that comes so late that the next one is due already
 * skips the tasks directly after it, whose trigger rules decide about the rest. Runs by hand always go on, and so do those of
 * a `timetable(…)`, of which nobody here can say when the next is due.
 *
 * @example chain(latestOnly(), sendNewsletter())
 */
export function latestOnly(options: ShortCircuitOptions = {}): Handle<boolean> {
  const given = { id: "latest_only", skipsDirectOnly: true, ...options };
  const { schedule } = wiredDag();
  // A timetable of one's own is a function, which no argument can be.
  return shortCircuit(given, goesOn)(schedule?.kind === "custom" ? null : schedule);
}

function goesOn(schedule: ScheduleValue | null): boolean {
  const { run, log, now } = context();
  const isNewest = isLatest(run, schedule, now());
  if (!isNewest) log.info("the next run is due already, so what follows is skipped");
  return isNewest;
}

/** Whether `now` lies between the start of the run's data interval and the end of the one that follows it. */
export function isLatest(
  run: Pick<RunValue, "type" | "dataInterval" | "logicalDate" | "runAfter">,
  schedule: ScheduleValue | null,
  now: Date,
): boolean {
  // The run after one of a continuous schedule begins when this one has ended.
  if (run.type === "manual" || schedule?.kind === "continuous") return true;
  const instant = run.logicalDate ?? run.runAfter;
  const { start, end } = run.dataInterval;
  const interval = { start: start ?? instant, end: end ?? instant };
  const [following] = nextRuns(schedule, { now: interval.end, last: interval, count: 1 });
  return following === undefined || (interval.start < now && now <= following.dataInterval.end);
}
