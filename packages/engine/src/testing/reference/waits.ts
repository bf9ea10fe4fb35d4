/** Waiting without a slot (semantics 9.3): what may end a wait, and what becomes of the task instance then. */

import type { Deferral, RunEvent } from "../../run/run.ts";
import { end } from "./attempts.ts";
import type { Instance, World } from "./world.ts";
import { isWaiting } from "./world.ts";

type Of<Kind extends RunEvent["kind"]> = Extract<RunEvent, { kind: Kind }>;
export type AboutWait =
  | Of<"waitFulfilled">
  | Of<"waitFailed">
  | Of<"waitSkipped">
  | Of<"waitBeat">
  | Of<"waitTimedOut">
  | Of<"waitDue">;

/** What a wait may come to, as its events say it. */
export type WaitOutcome =
  | { readonly kind: "fulfilled"; readonly hasValue: boolean; readonly lengths: readonly number[] }
  | { readonly kind: "failed"; readonly isRetryable: boolean }
  | { readonly kind: "skipped" };

export function defer(world: World, one: Instance, { deferral, at }: Of<"taskDeferred">): void {
  if (world.isCancelled) {
    one.uncounted += 1;
    return end(one, "skipped");
  }
  end(one, deferral.kind === "input" ? "awaiting_input" : "deferred");
  const { heartbeatMs } = deferral;
  one.wait = { deferral, beatDue: heartbeatMs === null ? Infinity : at + heartbeatMs };
}

/** What an event makes of a wait; null when it goes on. */
export function outcomeOf(one: Instance, event: AboutWait): WaitOutcome | null {
  if (one.wait === null || !isWaiting(one)) return null;
  const { deferral, beatDue } = one.wait;
  switch (event.kind) {
    case "waitFulfilled":
      return { kind: "fulfilled", hasValue: event.hasValue, lengths: event.lengths };
    case "waitFailed":
      return { kind: "failed", isRetryable: event.failure.retryable };
    case "waitSkipped":
      return { kind: "skipped" };
    case "waitDue":
      return deferral.kind === "time" ? nothing : null;
    case "waitBeat":
      if (deferral.heartbeatMs !== null)
        one.wait.beatDue = Math.max(beatDue, event.at + deferral.heartbeatMs);
      return null;
    case "waitTimedOut":
      if (event.at >= (deferral.timeoutAt ?? Infinity)) return timedOut(deferral);
      // No heartbeat, which has its retries whatever a timeout comes to.
      return event.at >= beatDue ? { kind: "failed", isRetryable: true } : null;
  }
}

const nothing: WaitOutcome = { kind: "fulfilled", hasValue: false, lengths: [] };

function timedOut({ onTimeout }: Deferral): WaitOutcome {
  switch (onTimeout) {
    case "fail":
      return { kind: "failed", isRetryable: true };
    case "fail_for_good":
      return { kind: "failed", isRetryable: false };
    case "skip":
      return { kind: "skipped" };
    case "fulfil":
      return { kind: "fulfilled", hasValue: true, lengths: [] };
  }
}
