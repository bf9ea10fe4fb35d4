/** The partition keys of dated instances. */

import { formatInstant, parseInstant } from "../partitions/date-format.ts";
import { defaultPartitionFormat } from "../partitions/fire-key.ts";
import type { EpochMs } from "../spec/spec.ts";
import type { DatedAsset } from "./input.ts";

/** The same as a run of a schedule with this period, format and zone would have. */
export function instanceKey({ format, timezone }: DatedAsset, date: EpochMs): string {
  return formatInstant(format || defaultPartitionFormat, date, timezone);
}

/** What a key tells; null for a key of another form. */
export function instanceDate({ format, timezone }: DatedAsset, key: string): EpochMs | null {
  return parseInstant(format || defaultPartitionFormat, key, timezone);
}
