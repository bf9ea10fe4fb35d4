/** For tests: what an owner writes into rows beside what a change says. */

import type { Change, Deferral, RunEvent } from "../run/run.ts";
import { keepsDeferral } from "../run/waits.ts";

/** Whether the success that an event brings has a value; null where the event brings none. */
export function leavesValue(event: RunEvent): boolean | null {
  if (event.kind === "taskSucceeded" || event.kind === "waitFulfilled") return event.hasValue;
  if (event.kind === "waitTimedOut") return true;
  return event.kind === "waitDue" ? false : null;
}

/** What a row says of the wait of its newest attempt. */
export function deferralIn(
  change: Change,
  before: Pick<Change, "attempt" | "deferral"> | undefined,
): Deferral | null {
  if (change.deferral !== null || before?.attempt !== change.attempt) return change.deferral;
  return keepsDeferral(change) ? before.deferral : null;
}
