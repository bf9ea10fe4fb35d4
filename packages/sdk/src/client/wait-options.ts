/** How long a client waits for something to end. */

import { MillraceError } from "@millrace/engine";
import { durationForms, durationMs, type Duration } from "../options/duration.ts";
import type { CallOptions } from "./link.ts";

export type WaitOptions = CallOptions & {
  /** How long to wait at most. Default: as long as it takes. */
  readonly timeout?: Duration;
};

/** Null for as long as it takes. @throws MillraceError FIELD_INVALID */
export function waitMs({ timeout }: WaitOptions): number | null {
  if (timeout === undefined) return null;
  const ms = durationMs(timeout);
  if (ms !== null) return ms;
  throw new MillraceError(
    "FIELD_INVALID",
    `timeout is ${JSON.stringify(timeout)}; it must be ${durationForms}`,
  );
}
