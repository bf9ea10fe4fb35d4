/** The data interval of a run that a person asks for (semantics 3.4, 3.11). */

import type { EpochMs, Schedule } from "../spec/spec.ts";
import { lastFire } from "./fires.ts";
import type { DataInterval } from "./planned.ts";

/**
 * Of cron intervals: the newest one that has ended at the logical date. Else what ends at the logical date, as long as an
 * interval of the timetable. Without a logical date a run has no interval.
 */
export function manualInterval(
  schedule: Schedule | null,
  logicalDate: EpochMs | null,
): DataInterval | null {
  if (logicalDate === null) return null;
  switch (schedule?.kind) {
    case "cron_interval": {
      const end = lastFire(schedule, logicalDate);
      const start = end === null ? null : lastFire(schedule, end - 1);
      return start === null || end === null ? at(logicalDate) : { start, end };
    }
    case "delta_interval":
      return { start: logicalDate - schedule.everyMs, end: logicalDate };
    case "cron":
      return { start: logicalDate - schedule.intervalMs, end: logicalDate };
    case "asset_or_time":
      return manualInterval(schedule.time, logicalDate);
    case "delta":
    case "once":
    case "continuous":
    case "events":
    case "assets":
    case "partitioned_assets":
    case "custom":
    case undefined:
      return at(logicalDate);
  }
}

function at(moment: EpochMs): DataInterval {
  return { start: moment, end: moment };
}
