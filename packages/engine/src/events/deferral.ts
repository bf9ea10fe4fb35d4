/** Waiting without a slot: a body defers, something comes or does not, and the task goes on or is done (semantics 9.3). */

import { change, slotAt } from "../run/change.ts";
import { noHeartbeat, waitTimeout } from "../run/failures.ts";
import { hasFlag, instanceFlags as flags, slotOf, stateAt } from "../run/instances.ts";
import { fail, succeed } from "./outcomes.ts";
import type { Effects, InstanceRef, Run, RunEvent, Timer, Verdict, Wait } from "../run/run.ts";
import { settle } from "../judge/settle.ts";
import type { EpochMs } from "../spec/spec.ts";
import { isFinal, TaskState } from "../spec/states.ts";
import { already, cleared, finished, ok, regranted, unknown } from "./verdicts.ts";
import { deadlineOf, isWaitState, newWait, putWait, waitOf } from "../run/waits.ts";

type Of<Kind extends RunEvent["kind"]> = Extract<RunEvent, { kind: Kind }>;
type WaitEnd = Of<"waitFulfilled"> | Of<"waitFailed"> | Of<"waitSkipped">;

/** The body has given its slot back. Under a cancel nothing is waited for any more. */
export function defer(run: Run, event: Of<"taskDeferred">, effects: Effects): void {
  const { deferral } = event;
  if (run.cancelRequested) {
    run.instances.uncounted[slotAt(run, event)]! += 1;
    change(run, event, { state: TaskState.skipped }, effects);
    return;
  }
  const state = deferral.kind === "input" ? TaskState.awaiting_input : TaskState.deferred;
  change(run, event, { state, deferral }, effects);
  const wait = newWait(deferral, event.at);
  putWait(run, event, wait);
  armWait(run, event, wait, effects);
}

/** The timer of a wait: one at a time, for whatever comes first. */
export function armWait(run: Run, ref: InstanceRef, wait: Wait, effects: Effects): void {
  const { ix, mapIx } = ref;
  const attempt = run.instances.attempt[slotAt(run, ref)]!;
  const arm = (kind: Timer["kind"], at: EpochMs): void => {
    effects.timers.push({ kind, ix, mapIx, attempt, at });
  };
  const deadline = deadlineOf(wait);
  const { until } = wait.deferral;
  if (until !== null && (deadline === null || until <= deadline)) arm("waitDue", until);
  else if (deadline !== null) arm("waitTimedOut", deadline);
}

/** Whoever ends the wait first is heard; `ALREADY` for those who say the same later. */
export function endDeferral(run: Run, event: WaitEnd, effects: Effects): Verdict {
  const slot = slotOf(run, event.ix, event.mapIx);
  const late = verdictOnLate(run, slot, event);
  if (late) return late;
  const from = effects.changes.length;
  if (event.kind === "waitFulfilled") fulfil(run, event, event, effects);
  else if (event.kind === "waitSkipped") change(run, event, { state: TaskState.skipped }, effects);
  else failWait(run, event, event.failure, event.at, effects);
  settle(run, from, effects);
  return ok;
}

/** Moves the moment at which the holder of the token counts as gone; the timer that is set for the old one finds it. */
export function beat(run: Run, event: Of<"waitBeat">): Verdict {
  const slot = slotOf(run, event.ix, event.mapIx);
  const late = verdictOnLate(run, slot, event);
  if (late) return late;
  const wait = waitOf(run, event);
  const heartbeatMs = wait?.deferral.heartbeatMs ?? null;
  if (wait !== null && heartbeatMs !== null)
    wait.beatDue = Math.max(wait.beatDue ?? 0, event.at + heartbeatMs);
  return ok;
}

/** The moment has come that a deferral names. */
export function endMoment(run: Run, event: Of<"waitDue">, effects: Effects): Verdict {
  if (waitOf(run, event)?.deferral.kind !== "time") return finished;
  const from = effects.changes.length;
  fulfil(run, event, nothing, effects);
  settle(run, from, effects);
  return ok;
}

/** The wait took too long, or nobody showed that they are at it. */
export function timeOutWait(run: Run, event: Of<"waitTimedOut">, effects: Effects): Verdict {
  const slot = slotOf(run, event.ix, event.mapIx);
  const wait = slot < 0 ? null : waitOf(run, event);
  if (wait === null || verdictOnLate(run, slot, event) !== null) return finished;
  const due = deadlineOf(wait);
  if (due === null) return finished;
  if (event.at < due) {
    // There was a heartbeat since the timer was set.
    armWait(run, event, wait, effects);
    return ok;
  }
  const from = effects.changes.length;
  giveUp(run, event, wait, effects);
  settle(run, from, effects);
  return ok;
}

function giveUp(run: Run, event: Of<"waitTimedOut">, wait: Wait, effects: Effects): void {
  const { deferral } = wait;
  const { timeoutAt, onTimeout } = deferral;
  if (timeoutAt === null || event.at < timeoutAt)
    return failWait(run, event, noHeartbeat(deferral), event.at, effects);
  switch (onTimeout) {
    case "fail":
    case "fail_for_good":
      return failWait(run, event, waitTimeout(deferral, timeoutAt), event.at, effects);
    case "skip":
      return change(run, event, { state: TaskState.skipped }, effects);
    case "fulfil":
      return fulfil(run, event, { hasValue: true, lengths: [] }, effects);
  }
}

const nothing = { hasValue: false, lengths: [] } as const;

/**
 * Something came. A body that goes on is granted once more, which spends no retry; its row says so, because a take-over
 * must not wait again.
 */
function fulfil(
  run: Run,
  ref: InstanceRef,
  { hasValue, lengths }: Pick<Of<"waitFulfilled">, "hasValue" | "lengths">,
  effects: Effects,
): void {
  const { ix, mapIx } = ref;
  if (!waitOf(run, ref)?.deferral.resumes) {
    succeed(run, { ix, mapIx, hasValue, lengths, choice: null }, effects);
    return;
  }
  run.instances.uncounted[slotAt(run, ref)]! += 1;
  change(run, ref, { state: TaskState.scheduled, isOpen: false }, effects);
  effects.ready.push({ ix, from: mapIx, to: mapIx + 1 });
}

function failWait(
  run: Run,
  ref: InstanceRef,
  failure: Of<"waitFailed">["failure"],
  at: EpochMs,
  effects: Effects,
): void {
  const wait = waitOf(run, ref);
  fail(run, ref, failure, at, effects);
  const newest = effects.changes.at(-1);
  if (wait === null || wait.deferral.until === null || newest === undefined) return;
  // The timer of the moment it waited for is still set, and is of the same attempt as that of its retry.
  if (newest.state === TaskState.up_for_retry)
    putWait(run, ref, { ...wait, retryAt: newest.waitUntil });
}

/** What to tell those whose attempt does not wait; null when it does. */
function verdictOnLate(
  run: Run,
  slot: number,
  { kind, attempt }: Pick<WaitEnd | Of<"waitBeat"> | Of<"waitTimedOut">, "kind" | "attempt">,
): Verdict | null {
  if (slot < 0) return unknown;
  const { instances } = run;
  const newest = instances.attempt[slot]!;
  if (attempt !== newest || attempt === 0) return attempt < newest ? regranted : unknown;
  const state = stateAt(run, slot);
  if (isWaitState(state)) return null;
  if (hasFlag(run, slot, flags.isCleared) || state === TaskState.restarting) return cleared;
  const isNobodys = isFinal(state) && newest === instances.uncounted[slot];
  if (isNobodys || !hasFlag(run, slot, flags.isSettled)) return finished;
  return isSameEnd(kind, state) ? already : finished;
}

function isSameEnd(kind: RunEvent["kind"], state: TaskState): boolean {
  if (kind === "waitFulfilled") return state === TaskState.success || state === TaskState.scheduled;
  if (kind === "waitSkipped") return state === TaskState.skipped;
  return kind === "waitFailed" && (state === TaskState.failed || state === TaskState.up_for_retry);
}
