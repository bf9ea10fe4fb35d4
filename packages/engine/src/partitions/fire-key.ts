/** The partition keys of runs that a cron schedule makes (semantics 3.4, CronPartition). */

import type { CronTriggerSchedule, EpochMs, Schedule } from "../spec/spec.ts";
import { timeOf } from "../timetable/clock.ts";
import { lastFire, nextFire } from "../timetable/fires.ts";
import { formatInstant } from "./date-format.ts";

export const defaultPartitionFormat = "YYYY-MM-DDTHH:mm:ss";

/** The partition key of a run that the schedule makes at a fire; null when it gives none. */
export function partitionKeyAt(schedule: Schedule | null, fire: EpochMs): string | null {
  const time = timeOf(schedule);
  if (time?.kind !== "cron" || time.partition === undefined) return null;
  const { format, offset } = time.partition;
  const moved = movedFire(time, fire, offset);
  if (moved === null) return null;
  return formatInstant(format || defaultPartitionFormat, moved, time.timezone);
}

function movedFire(schedule: CronTriggerSchedule, fire: EpochMs, offset: number): EpochMs | null {
  let at: EpochMs | null = fire;
  for (let left = Math.abs(offset); left > 0 && at !== null; left -= 1)
    at = offset > 0 ? fireAfter(schedule, at) : fireBefore(schedule, at);
  return at;
}

function fireAfter({ expressions, timezone }: CronTriggerSchedule, at: EpochMs): EpochMs | null {
  const fires = expressions.flatMap((expression) => nextFire({ expression, timezone }, at) ?? []);
  return fires.length === 0 ? null : Math.min(...fires);
}

function fireBefore({ expressions, timezone }: CronTriggerSchedule, at: EpochMs): EpochMs | null {
  const fires = expressions.flatMap(
    (expression) => lastFire({ expression, timezone }, at - 1) ?? [],
  );
  return fires.length === 0 ? null : Math.max(...fires);
}
