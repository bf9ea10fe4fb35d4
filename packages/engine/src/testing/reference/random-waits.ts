/** Random deferrals of every kind, and what may be said about a wait. */

import type { Deferral, RunEvent } from "../../run/run.ts";
import { aDeferral, aFailure } from "../../testing.ts";
import type { Attempt } from "./play.ts";

const kinds = ["time", "token", "input", "watch"] as const;
const outcomes = ["fail", "fail_for_good", "skip", "fulfil"] as const;

/** Waits that are given up soon, late or never, with a heartbeat or without, and whose bodies go on or not. */
export function deferred(attempt: Attempt, pick: number, now: number): RunEvent {
  const bits = pick ^ (pick >> 7);
  const kind = kinds[bits % 4]!;
  const deferral: Deferral = aDeferral({
    kind,
    since: now,
    until: kind === "time" ? now + ((bits >> 2) % 30) : null,
    timeoutAt: (bits >> 3) % 3 > 0 ? now + ((bits >> 4) % 40) : null,
    onTimeout: outcomes[(bits >> 2) % 4]!,
    heartbeatMs: kind === "token" && (bits >> 5) % 2 === 0 ? 1 + (bits % 20) : null,
    handler: kind === "watch" ? "http" : null,
    summary: kind === "input" ? "Go on?" : "",
    resumes: (bits >> 6) % 3 > 0,
  });
  return { kind: "taskDeferred", ...attempt, at: now, deferral };
}

const ends = [
  "waitFulfilled",
  "waitFulfilled",
  "waitFailed",
  "waitSkipped",
  "waitBeat",
  "waitTimedOut",
] as const;

export function waitEvent(
  attempt: Attempt,
  pick: number,
  at: number,
  kind: (typeof ends)[number] = ends[(pick >> 3) % ends.length]!,
): RunEvent {
  const about = { ...attempt, at };
  switch (kind) {
    case "waitFulfilled":
      return { kind, ...about, hasValue: pick % 4 > 0, lengths: [pick % 4, (pick >> 2) % 4] };
    case "waitFailed":
      return { kind, ...about, failure: aFailure({ retryable: pick % 3 > 0 }) };
    case "waitSkipped":
    case "waitBeat":
    case "waitTimedOut":
      return { kind, ...about };
  }
}
