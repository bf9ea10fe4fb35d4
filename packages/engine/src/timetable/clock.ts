/** The part of a schedule that a clock decides. */

import type { Schedule, TimeSchedule } from "../spec/spec.ts";

/** Null for one that only events decide. */
export function timeOf(schedule: Schedule | null): TimeSchedule | null {
  if (schedule === null || schedule.kind === "assets") return null;
  return schedule.kind === "asset_or_time" ? schedule.time : schedule;
}
