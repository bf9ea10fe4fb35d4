/** Says what an event does to a run: the one function through which a run's state ever changes. */

import { cancelRun, forceCancel } from "./cancel.ts";
import { dagrunTimeout } from "./failures.ts";
import { endAttempt, endByServer, giveBack, grant } from "./attempt.ts";
import type { Effects, Run, RunEvent, Verdict } from "./run.ts";
import { isRunFinal } from "./run.ts";
import { change, finish, finishIfDone, makeReady, settle } from "./settle.ts";
import type { EpochMs } from "./spec.ts";
import { isFinal, RunState, TaskState } from "./states.ts";
import { already, finished, ok, unknown } from "./verdicts.ts";

/**
 * Applies an event: changes the run, appends what follows to `effects`, and answers whoever brought it.
 *
 * Total: every event is safe in every state, because workers, timers and networks repeat themselves, come late and come
 * out of order. Deterministic: time comes in with the event. Costs what the arrows of the tasks that became final cost.
 */
export function transition(run: Run, event: RunEvent, effects: Effects): Verdict {
  switch (event.kind) {
    case "runStarted":
      return startRun(run, event.at, effects);
    case "cancelRequested":
      return cancelRun(run, event.at, effects);
    case "cancelForced":
      return forceCancel(run, effects);
    case "dagrunTimedOut":
      return timeOutRun(run, effects);
    case "taskGranted":
    case "taskSucceeded":
    case "taskFailed":
    case "taskSkipped":
    case "taskReturned":
    case "leaseLost":
    case "executionTimedOut":
    case "retryDue":
      break;
  }
  const isKnown = event.ix in run.taskState && event.mapIx === -1;
  return isKnown ? onTask(run, event, effects) : unknown;
}

function onTask(run: Run, event: Extract<RunEvent, { ix: number }>, effects: Effects): Verdict {
  switch (event.kind) {
    case "taskGranted":
      return grant(run, event, effects);
    case "taskSucceeded":
    case "taskFailed":
    case "taskSkipped":
      return endAttempt(run, event, effects);
    case "taskReturned":
    case "leaseLost":
      return giveBack(run, event, effects);
    case "executionTimedOut":
      return endByServer(run, event, effects);
    case "retryDue":
      break;
  }
  return retry(run, event, effects);
}

function startRun(run: Run, at: EpochMs, effects: Effects): Verdict {
  if (isRunFinal(run)) return finished;
  if (run.state !== RunState.queued) return already;
  run.state = RunState.running;
  run.startedAt = at;
  effects.run = { state: RunState.running, failure: null };
  const { dagrunTimeoutMs } = run.dag.spec;
  if (dagrunTimeoutMs !== null)
    effects.timers.push({
      kind: "dagrunTimedOut",
      ix: -1,
      mapIx: -1,
      attempt: 0,
      at: at + dagrunTimeoutMs,
    });
  for (let ix = 0; ix < run.pending.length; ix += 1)
    if (run.pending[ix] === 0) makeReady(run, ix, effects);
  finishIfDone(run, effects);
  return ok;
}

function retry(run: Run, event: { ix: number; attempt: number }, effects: Effects): Verdict {
  const { ix } = event;
  if (run.taskState[ix] !== TaskState.up_for_retry || run.attempt[ix] !== event.attempt)
    return finished;
  makeReady(run, ix, effects);
  return ok;
}

/** As in Airflow: the run fails at once, and whatever is unfinished counts as skipped, running bodies included. */
function timeOutRun(run: Run, effects: Effects): Verdict {
  const { dagrunTimeoutMs } = run.dag.spec;
  if (run.state !== RunState.running || run.cancelRequested || dagrunTimeoutMs === null)
    return finished;
  finish(run, RunState.failed, dagrunTimeout(dagrunTimeoutMs), effects);
  const from = effects.changes.length;
  for (let ix = 0; ix < run.taskState.length; ix += 1) {
    const state = run.taskState[ix] as TaskState;
    if (isFinal(state)) continue;
    if (state === TaskState.running)
      effects.stop.push({ ix, mapIx: -1, attempt: run.attempt[ix]! });
    change(run, ix, { state: TaskState.skipped }, effects);
  }
  settle(run, from, effects);
  return ok;
}
