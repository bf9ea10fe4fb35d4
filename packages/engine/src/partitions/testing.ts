/** Mappers for tests. */

import type { PartitionDates, PartitionMapper, PartitionUnit } from "./mapper.ts";

export function datesOf(more: Partial<PartitionDates> = {}): PartitionDates {
  return { inputFormat: "", outputFormat: "", timezone: "UTC", inputTimezone: "", ...more };
}

export function startOf(unit: PartitionUnit, more: Partial<PartitionDates> = {}): PartitionMapper {
  return { kind: "start_of", unit, dates: datesOf(more) };
}

type Rollup = Extract<PartitionMapper, { kind: "rollup" }>;

export function rollup(
  window: PartitionUnit,
  step: PartitionUnit,
  more: Partial<PartitionDates> = {},
  atLeast: number | null = null,
): Rollup {
  return { kind: "rollup", window, step, dates: datesOf(more), atLeast };
}

export function fanOut(
  window: PartitionUnit,
  step: PartitionUnit,
  more: Partial<PartitionDates> = {},
): PartitionMapper {
  return { kind: "fan_out", window, step, dates: datesOf(more) };
}
