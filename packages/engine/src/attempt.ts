/** The life of one attempt: granted, then ended once, by its worker or without it. */

import {
  cancelledAttempt,
  discardedSuccess,
  executionTimeout,
  lossesMax,
  lostOnce,
  lostTooOften,
} from "./failures.ts";
import { retryDelayMs } from "./retry.ts";
import type { Effects, Failure, Run, RunEvent, Verdict } from "./run.ts";
import { taskStateOf } from "./run.ts";
import { change, settle } from "./settle.ts";
import type { EpochMs } from "./spec.ts";
import { isFinal, TaskState } from "./states.ts";
import { already, cancelled, conflict, finished, ok, regranted, unknown } from "./verdicts.ts";

type Of<Kind extends RunEvent["kind"]> = Extract<RunEvent, { kind: Kind }>;

/** How long after its execution timeout the server waits for a worker that enforces it by its own clock. */
export const executionTimeoutGraceMs = 30_000;
/** Rows hold attempt numbers in 16 bits. Only giving back again and again gets there. */
const attemptsMax = 32_000;

export function grant(run: Run, { ix, at }: Of<"taskGranted">, effects: Effects): Verdict {
  if (run.cancelRequested) return cancelled;
  const state = taskStateOf(run, ix);
  if (state !== TaskState.scheduled) return state === TaskState.running ? regranted : finished;
  run.attempt[ix]! += 1;
  change(run, ix, { state: TaskState.running }, effects);
  const { executionTimeoutMs } = run.dag.tasks[ix]!;
  if (executionTimeoutMs !== null) {
    const timer = { kind: "executionTimedOut", ix, mapIx: -1, attempt: run.attempt[ix]! } as const;
    effects.timers.push({ ...timer, at: at + executionTimeoutMs + executionTimeoutGraceMs });
  }
  return ok;
}

export function endAttempt(
  run: Run,
  event: Of<"taskSucceeded"> | Of<"taskFailed"> | Of<"taskSkipped">,
  effects: Effects,
): Verdict {
  const { ix } = event;
  if (event.attempt !== run.attempt[ix] || event.attempt === 0)
    return event.attempt < run.attempt[ix]! ? regranted : unknown;
  const state = taskStateOf(run, ix);
  // A task that was given back waits in `scheduled`: until another worker has it, its last one may still report.
  const isOpen =
    !run.isSettled[ix] && (state === TaskState.running || state === TaskState.scheduled);
  if (!isOpen) return verdictOnRepeat(run, event.kind, state);
  const from = effects.changes.length;
  switch (event.kind) {
    case "taskSucceeded":
      if (run.cancelRequested)
        change(run, ix, { state: TaskState.failed, failure: discardedSuccess }, effects);
      else change(run, ix, { state: TaskState.success }, effects);
      break;
    case "taskSkipped":
      change(run, ix, { state: TaskState.skipped }, effects);
      break;
    case "taskFailed":
      fail(run, ix, event.failure, event.at, effects);
  }
  settle(run, from, effects);
  return event.kind === "taskSucceeded" && run.cancelRequested ? cancelled : ok;
}

/** The attempt outlived its time and its worker said nothing: ends it as any timeout, and stops the body if it still runs. */
export function endByServer(run: Run, event: Of<"executionTimedOut">, effects: Effects): Verdict {
  const { ix, attempt } = event;
  const limitMs = run.dag.tasks[ix]!.executionTimeoutMs;
  if (limitMs === null || taskStateOf(run, ix) !== TaskState.running || run.attempt[ix] !== attempt)
    return finished;
  effects.stop.push({ ix, mapIx: -1, attempt });
  const from = effects.changes.length;
  fail(run, ix, executionTimeout(limitMs), event.at, effects);
  settle(run, from, effects);
  return ok;
}

/**
 * The worker gave the attempt back, or was lost with it. No retry is spent; another worker may have the task at once.
 * The third loss fails it. Grants that were given back count as losses there, but only a loss trips the limit.
 */
export function giveBack(
  run: Run,
  event: Of<"taskReturned"> | Of<"leaseLost">,
  effects: Effects,
): Verdict {
  const { ix, attempt } = event;
  if (attempt !== run.attempt[ix]) return attempt < run.attempt[ix]! ? regranted : unknown;
  const state = taskStateOf(run, ix);
  if (state !== TaskState.running)
    return state === TaskState.scheduled && !run.isSettled[ix] ? already : finished;
  run.lost[ix]! += 1;
  const from = effects.changes.length;
  const isLost = event.kind === "leaseLost";
  if (run.cancelRequested) {
    const to = isLost
      ? { state: TaskState.failed, failure: cancelledAttempt }
      : { state: TaskState.skipped };
    change(run, ix, to, effects);
  } else if ((isLost && run.lost[ix]! >= lossesMax) || attempt >= attemptsMax) {
    change(run, ix, { state: TaskState.failed, failure: lostTooOften }, effects);
  } else {
    change(run, ix, { state: TaskState.scheduled, failure: isLost ? lostOnce : null }, effects);
    effects.ready.push(ix);
  }
  settle(run, from, effects);
  return ok;
}

function fail(run: Run, ix: number, failure: Failure, at: EpochMs, effects: Effects): void {
  const task = run.dag.tasks[ix]!;
  const tryNumber = run.attempt[ix]! - run.lost[ix]!;
  const mayRetry = failure.retryable && failure.kind !== "cancelled" && !run.cancelRequested;
  if (!mayRetry || tryNumber > task.retries || run.attempt[ix]! >= attemptsMax) {
    change(run, ix, { state: TaskState.failed, failure }, effects);
    return;
  }
  const { logicalDate } = run;
  const retryAt = at + retryDelayMs(task, { dagId: run.dag.spec.dagId, logicalDate, tryNumber });
  change(run, ix, { state: TaskState.up_for_retry, retryAt, failure }, effects);
  effects.timers.push({ kind: "retryDue", ix, mapIx: -1, attempt: run.attempt[ix]!, at: retryAt });
}

/** The attempt has its outcome already, or lost the right to one. */
function verdictOnRepeat(
  run: Run,
  kind: "taskSucceeded" | "taskFailed" | "taskSkipped",
  state: TaskState,
): Verdict {
  if (kind === "taskSucceeded" && state === TaskState.success) return already;
  if (kind === "taskSkipped" && state === TaskState.skipped) return already;
  const hasFailed = state === TaskState.failed || state === TaskState.up_for_retry;
  if (kind === "taskFailed" && (hasFailed || state === TaskState.scheduled)) return already;
  if (run.cancelRequested) return cancelled;
  // Skipped with an attempt: by its body, or because its run timed out.
  if (isFinal(state) && state === TaskState.skipped) return finished;
  return conflict;
}
