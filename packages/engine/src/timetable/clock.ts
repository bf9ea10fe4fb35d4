/** The parts of a schedule: what a clock decides, and what events of assets do. */

import type { AssetExpression } from "../assets/asset.ts";
import type { Schedule, TimeSchedule } from "../spec/spec.ts";

/** Null for one that only events decide. */
export function timeOf(schedule: Schedule | null): TimeSchedule | null {
  if (schedule?.kind === "assets" || schedule?.kind === "partitioned_assets") return null;
  if (schedule === null) return null;
  return schedule.kind === "asset_or_time" ? schedule.time : schedule;
}

/** Null for one that only a clock decides. */
export function assetsOf(schedule: Schedule | null): AssetExpression | null {
  if (schedule === null || !("expression" in schedule)) return null;
  return typeof schedule.expression === "string" ? null : schedule.expression;
}
