/** Instants and spans on the wire and in our own types: milliseconds. */

import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { durationFromMs, durationMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";

/** Leaves the field unset for null. */
export function timestampOf(at: number | null): Timestamp | undefined {
  return at === null ? undefined : timestampFromMs(at);
}

/** Null when the field is unset. Parts of a millisecond are dropped. */
export function epochMsOf(at: Timestamp | undefined): number | null {
  return at === undefined ? null : timestampMs(at);
}

/** Leaves the field unset for null. */
export function durationOf(ms: number | null): Duration | undefined {
  return ms === null ? undefined : durationFromMs(ms);
}

/** Null when the field is unset. */
export function msOf(duration: Duration | undefined): number | null {
  return duration === undefined ? null : durationMs(duration);
}
