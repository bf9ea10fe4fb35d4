/** Timetables by a length of time (semantics 3.4). */

import type { EpochMs } from "../spec/spec.ts";
import {
  atInstant,
  overInterval,
  type PlanInput,
  type Planned,
  type PlannedRun,
} from "./planned.ts";

type Every = { readonly everyMs: number };

/** So long after the run before. Without catch-up a moment that was missed moves to now, and later ones follow it. */
export function planDelta(
  { startDate, catchup }: Planned,
  { everyMs }: Every,
  { now, last }: PlanInput,
): PlannedRun {
  const next =
    last === null ? (startDate ?? now) : Math.max(last.end + everyMs, startDate ?? -Infinity);
  return atInstant(catchup ? next : Math.max(next, now));
}

/** Over intervals so long, end to end. Without catch-up they go on from multiples of the length since 1970. */
export function planDeltaInterval(
  { startDate, catchup }: Planned,
  { everyMs }: Every,
  { now, last }: PlanInput,
): PlannedRun {
  const newest: EpochMs = Math.floor(now / everyMs) * everyMs - everyMs;
  const earliest = catchup ? (startDate ?? newest) : Math.max(newest, startDate ?? -Infinity);
  const start = last === null ? earliest : Math.max(last.end, earliest);
  return overInterval(start, start + everyMs);
}
