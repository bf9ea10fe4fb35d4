/** Says what an event does to a run: the one function through which a run's state ever changes. */

import { endAttempt, endByServer, endWait, giveBack, grant } from "./attempt.ts";
import { cancelRun, forceCancel, isExecuting } from "./cancel.ts";
import { change } from "../run/change.ts";
import { clearInstances } from "./clear.ts";
import { beat, endDeferral, timeOutWait } from "./deferral.ts";
import { failFast } from "../judge/fail-fast.ts";
import { dagrunTimeout, inputsTimeout } from "../run/failures.ts";
import { finish } from "../judge/finish.ts";
import { eachInstance, eachOf, stateAt } from "../run/instances.ts";
import { markInstances, markRun } from "./mark.ts";
import { forceRestart } from "./restart.ts";
import type { Effects, Failure, Run, RunEvent, Verdict } from "../run/run.ts";
import { isRunFinal } from "../run/run.ts";
import { putAll, settle } from "../judge/settle.ts";
import type { EpochMs } from "../spec/spec.ts";
import { isFinal, RunState, TaskState } from "../spec/states.ts";
import { already, finished, ok } from "./verdicts.ts";

/**
 * Applies an event: changes the run, appends what follows to `effects`, and answers whoever brought it.
 *
 * Total: every event is safe in every state, because workers, timers and networks repeat themselves, come late and come
 * out of order. Deterministic: time comes in with the event. Costs what the arrows of the tasks that became final cost;
 * clearing, marking, and what concerns the run as a whole cost a look at all instances.
 */
export function transition(run: Run, event: RunEvent, effects: Effects): Verdict {
  switch (event.kind) {
    case "taskGranted":
      return grant(run, event, effects);
    case "taskSucceeded":
    case "taskFailed":
    case "taskSkipped":
    case "taskRescheduled":
    case "taskDeferred":
      return endAttempt(run, event, effects);
    case "taskReturned":
    case "leaseLost":
      return giveBack(run, event, effects);
    case "executionTimedOut":
      return endByServer(run, event, effects);
    case "waitFulfilled":
    case "waitFailed":
    case "waitSkipped":
      return endDeferral(run, event, effects);
    case "waitBeat":
      return beat(run, event);
    case "waitTimedOut":
      return timeOutWait(run, event, effects);
    case "waitDue":
      return endWait(run, event, effects);
    case "restartForced":
      return forceRestart(run, event, effects);
    case "pastUndecided":
      return failReady(run, event, effects);
    case "runStarted":
      return startRun(run, event.at, effects);
    case "inputsTimedOut":
      return endUnstarted(run, RunState.failed, inputsTimeout(event.waitedMs), effects);
    case "runLeftOut":
      return endUnstarted(run, RunState.success, null, effects);
    case "cancelRequested":
      return cancelRun(run, event.at, effects);
    case "cancelForced":
      return forceCancel(run, effects);
    case "dagrunTimedOut":
      return timeOutRun(run, event.at, effects);
    case "cleared":
      return clearInstances(run, event, effects);
    case "marked":
      return markInstances(run, event, effects);
    case "runMarked":
      return markRun(run, event, effects);
  }
}

function startRun(run: Run, at: EpochMs, effects: Effects): Verdict {
  if (isRunFinal(run)) return finished;
  if (run.state !== RunState.queued) return already;
  run.state = RunState.running;
  run.startedAt = at;
  effects.run = { state: RunState.running, failure: null };
  const { dagrunTimeoutMs } = run.dag.spec;
  if (dagrunTimeoutMs !== null) {
    const due = at + dagrunTimeoutMs;
    effects.timers.push({ kind: "dagrunTimedOut", ix: -1, mapIx: -1, attempt: 0, at: due });
  }
  const from = effects.changes.length;
  putAll(run);
  settle(run, from, effects);
  return ok;
}

/** The instances of a task that are ready fail for good. */
function failReady(
  run: Run,
  { taskIx, failure }: Extract<RunEvent, { kind: "pastUndecided" }>,
  effects: Effects,
): Verdict {
  if (run.state !== RunState.running || run.cancelRequested) return finished;
  const from = effects.changes.length;
  eachOf(run, taskIx, (slot, ix, mapIx) => {
    if (stateAt(run, slot) !== TaskState.scheduled) return;
    change(run, { ix, mapIx }, { state: TaskState.failed, failure }, effects);
  });
  if (effects.changes.length === from) return finished;
  failFast(run, taskIx, effects);
  settle(run, from, effects);
  return ok;
}

/** Ends a run that was never started: nothing of it is done. */
function endUnstarted(
  run: Run,
  state: RunState,
  failure: Failure | null,
  effects: Effects,
): Verdict {
  if (run.state !== RunState.queued || run.cancelRequested) return finished;
  finish(run, state, failure, effects);
  const from = effects.changes.length;
  eachInstance(run, (slot, ix, mapIx) => {
    if (!isFinal(stateAt(run, slot)))
      change(run, { ix, mapIx }, { state: TaskState.skipped }, effects);
  });
  settle(run, from, effects);
  return ok;
}

/** As in Airflow: the run fails at once, and whatever is unfinished counts as skipped, running bodies included. */
function timeOutRun(run: Run, at: EpochMs, effects: Effects): Verdict {
  const { dagrunTimeoutMs } = run.dag.spec;
  if (run.state !== RunState.running || run.cancelRequested || dagrunTimeoutMs === null)
    return finished;
  // A timer of before the run was opened again.
  if (at < (run.startedAt ?? at) + dagrunTimeoutMs) return finished;
  finish(run, RunState.failed, dagrunTimeout(dagrunTimeoutMs), effects);
  const from = effects.changes.length;
  eachInstance(run, (slot, ix, mapIx) => {
    const state = stateAt(run, slot);
    if (isFinal(state)) return;
    if (isExecuting(state)) effects.stop.push({ ix, mapIx, attempt: run.instances.attempt[slot]! });
    change(run, { ix, mapIx }, { state: TaskState.skipped }, effects);
  });
  settle(run, from, effects);
  return ok;
}
