/** The life of one attempt: granted, then ended once, by its worker or without it. */

import { change, makeOneReady, slotAt } from "../run/change.ts";
import { defer, endMoment } from "./deferral.ts";
import {
  cancelledAttempt,
  executionTimeout,
  lossesMax,
  lossWaitMs,
  lostOnce,
  lostTooOften,
} from "../run/failures.ts";
import { hasFlag, instanceFlags as flags, slotOf, stateAt } from "../run/instances.ts";
import { fail, failForGood, succeed, waitUntilDue } from "./outcomes.ts";
import { endRestart } from "./restart.ts";
import type { Effects, Failure, InstanceRef, Run, RunEvent, Verdict } from "../run/run.ts";
import { settle } from "../judge/settle.ts";
import type { TaskSpec } from "../spec/spec.ts";
import { RunState, TaskState } from "../spec/states.ts";
import { already, cancelled, finished, ok, regranted, unknown } from "./verdicts.ts";
import { verdictOnRepeat } from "./verdict-on-repeat.ts";
import { isWaitState, waitOf } from "../run/waits.ts";

type Of<Kind extends RunEvent["kind"]> = Extract<RunEvent, { kind: Kind }>;
export type Outcome =
  | Of<"taskSucceeded">
  | Of<"taskFailed">
  | Of<"taskSkipped">
  | Of<"taskRescheduled">
  | Of<"taskDeferred">;

/** How long after its execution timeout the server waits for a worker that enforces it by its own clock. */
export const executionTimeoutGraceMs = 30_000;

/**
 * How long one attempt may take; null for no limit. Of a sensor that keeps its slot each look has the time, which only its
 * worker can watch.
 */
export function attemptLimitMs({ executionTimeoutMs, sensor }: TaskSpec): number | null {
  return sensor?.mode === "poke" ? null : executionTimeoutMs;
}

export function grant(run: Run, event: Of<"taskGranted">, effects: Effects): Verdict {
  const { ix, mapIx, at } = event;
  const slot = slotOf(run, ix, mapIx);
  if (slot < 0) return unknown;
  if (run.cancelRequested) return cancelled;
  const state = stateAt(run, slot);
  if (state !== TaskState.scheduled || run.state !== RunState.running)
    return state === TaskState.running ? regranted : finished;
  const attempt = (run.instances.attempt[slot]! += 1);
  change(run, event, { state: TaskState.running }, effects);
  const limitMs = attemptLimitMs(run.dag.tasks[ix]!);
  if (limitMs !== null) {
    const due = at + limitMs + executionTimeoutGraceMs;
    effects.timers.push({ kind: "executionTimedOut", ix, mapIx, attempt, at: due });
  }
  return ok;
}

export function endAttempt(run: Run, event: Outcome, effects: Effects): Verdict {
  const slot = slotOf(run, event.ix, event.mapIx);
  const stale = staleVerdict(run, slot, event.attempt);
  if (stale) return stale;
  const state = stateAt(run, slot);
  if (state === TaskState.restarting) return endRestart(run, event, effects);
  // What was lost or given back waits: until another worker has it, its last one may still report.
  if (hasFlag(run, slot, flags.isSettled) || !mayEnd(state))
    return verdictOnRepeat(run, slot, event.kind);
  if (state !== TaskState.running) run.instances.uncounted[slot]! -= 1;
  const from = effects.changes.length;
  take(run, event, effects);
  settle(run, from, effects);
  return event.kind === "taskSucceeded" && run.cancelRequested ? cancelled : ok;
}

/** The attempt outlived its time and its worker said nothing: ends it as any timeout, and stops the body if it still runs. */
export function endByServer(run: Run, event: Of<"executionTimedOut">, effects: Effects): Verdict {
  const { ix, mapIx, attempt, at } = event;
  const slot = slotOf(run, ix, mapIx);
  if (slot < 0) return unknown;
  const limitMs = attemptLimitMs(run.dag.tasks[ix]!);
  const isOfNewest = run.instances.attempt[slot] === attempt;
  if (limitMs === null || stateAt(run, slot) !== TaskState.running || !isOfNewest) return finished;
  effects.stop.push({ ix, mapIx, attempt });
  const from = effects.changes.length;
  fail(run, event, executionTimeout(limitMs), at, effects);
  settle(run, from, effects);
  return ok;
}

/**
 * The worker gave the attempt back, or was lost with it. No retry is spent; another worker may have the task at once. After
 * the second loss it waits, and the third one fails it: it would take the next worker down too (reliability 2.9).
 */
export function giveBack(
  run: Run,
  event: Of<"taskReturned"> | Of<"leaseLost">,
  effects: Effects,
): Verdict {
  const { ix, mapIx, attempt } = event;
  const slot = slotOf(run, ix, mapIx);
  const stale = staleVerdict(run, slot, attempt);
  if (stale) return stale;
  const state = stateAt(run, slot);
  if (state === TaskState.restarting) return endRestart(run, event, effects);
  const isOpen = !hasFlag(run, slot, flags.isSettled);
  if (state !== TaskState.running) return isOpen && mayEnd(state) ? already : finished;
  run.instances.uncounted[slot]! += 1;
  const from = effects.changes.length;
  if (event.kind === "leaseLost") lose(run, event, slot, effects);
  else if (run.cancelRequested) change(run, event, { state: TaskState.skipped }, effects);
  else handBack(run, event, null, effects);
  settle(run, from, effects);
  return ok;
}

/** The wait of a retry, a reschedule or a second loss is over, or the moment has come that a deferral names. */
export function endWait(run: Run, event: Of<"waitDue">, effects: Effects): Verdict {
  const slot = slotOf(run, event.ix, event.mapIx);
  if (slot < 0) return unknown;
  const state = stateAt(run, slot);
  if (run.instances.attempt[slot] !== event.attempt) return finished;
  if (isWaitState(state)) return endMoment(run, event, effects);
  if (state !== TaskState.up_for_retry && state !== TaskState.up_for_reschedule) return finished;
  // The timer of a moment that the attempt waited for before its wait failed.
  if (event.at < (waitOf(run, event)?.retryAt ?? event.at)) return finished;
  makeOneReady(run, event, effects);
  return ok;
}

function lose(run: Run, event: Of<"leaseLost">, slot: number, effects: Effects): void {
  const { instances } = run;
  const losses = Math.min(lossesMax, instances.losses[slot]! + 1);
  instances.losses[slot] = losses;
  if (run.cancelRequested) {
    change(run, event, { state: TaskState.failed, failure: cancelledAttempt }, effects);
  } else if (losses >= lossesMax) {
    failForGood(run, event, lostTooOften, effects);
  } else if (losses === lossesMax - 1) {
    const waitUntil = event.at + lossWaitMs;
    const to = { state: TaskState.up_for_retry, waitUntil, failure: lostOnce, isOpen: true };
    waitUntilDue(run, event, to, waitUntil, effects);
  } else handBack(run, event, lostOnce, effects);
}

function handBack(run: Run, ref: InstanceRef, failure: Failure | null, effects: Effects): void {
  change(run, ref, { state: TaskState.scheduled, failure }, effects);
  effects.ready.push({ ix: ref.ix, from: ref.mapIx, to: ref.mapIx + 1 });
}

/** The attempt has an outcome. */
function take(run: Run, event: Outcome, effects: Effects): void {
  switch (event.kind) {
    case "taskSucceeded":
      succeed(run, event, effects);
      break;
    case "taskSkipped":
      change(run, event, { state: TaskState.skipped }, effects);
      break;
    case "taskRescheduled":
      reschedule(run, event, effects);
      break;
    case "taskDeferred":
      defer(run, event, effects);
      break;
    case "taskFailed":
      fail(run, event, event.failure, event.at, effects);
  }
}

/** A look in vain spends no retry: the try goes on with the next look (semantics 9.2). */
function reschedule(run: Run, event: Of<"taskRescheduled">, effects: Effects): void {
  run.instances.uncounted[slotAt(run, event)]! += 1;
  if (run.cancelRequested) {
    change(run, event, { state: TaskState.skipped }, effects);
    return;
  }
  const waitUntil = event.until;
  waitUntilDue(run, event, { state: TaskState.up_for_reschedule, waitUntil }, waitUntil, effects);
}

function staleVerdict(run: Run, slot: number, attempt: number): Verdict | null {
  if (slot < 0) return unknown;
  const newest = run.instances.attempt[slot]!;
  if (attempt === newest && attempt > 0) return null;
  return attempt < newest ? regranted : unknown;
}

/** The newest attempt may still have an outcome in these states, if it has had none. */
function mayEnd(state: TaskState): boolean {
  return (
    state === TaskState.running || state === TaskState.scheduled || state === TaskState.up_for_retry
  );
}

/** Whether what is reported for the newest attempt of an instance would still count. */
export function isAwaited(run: Run, { ix, mapIx }: InstanceRef): boolean {
  const slot = slotOf(run, ix, mapIx);
  return slot >= 0 && !hasFlag(run, slot, flags.isSettled) && mayEnd(stateAt(run, slot));
}
