/** Cancelling a run: nothing new starts, what runs is told to stop, and the run ends when it has. */

import { change } from "../run/change.ts";
import { ignoredCancel } from "../run/failures.ts";
import { eachInstance, stateAt } from "../run/instances.ts";
import type { Effects, Run, Verdict } from "../run/run.ts";
import { isRunFinal } from "../run/run.ts";
import { settle } from "../judge/settle.ts";
import type { EpochMs } from "../spec/spec.ts";
import { isFinal, TaskState } from "../spec/states.ts";
import { already, finished, ok } from "./verdicts.ts";

/** How long a worker has to report that a cancelled body has stopped. */
export const cancelTimeoutMs = 60_000;

/** Tasks that do not run become skipped at once; those that run have 60 s to report. */
export function cancelRun(run: Run, at: EpochMs, effects: Effects): Verdict {
  if (isRunFinal(run)) return finished;
  if (run.cancelRequested) return already;
  run.cancelRequested = true;
  stopEverything(run, at, effects);
  return ok;
}

/** The part of a cancel that a take-over repeats: skips what waits, stops what runs. Repeating it changes nothing. */
export function stopEverything(run: Run, at: EpochMs, effects: Effects): void {
  const from = effects.changes.length;
  let isAnyRunning = false;
  eachInstance(run, (slot, ix, mapIx) => {
    const state = stateAt(run, slot);
    if (isExecuting(state)) {
      effects.stop.push({ ix, mapIx, attempt: run.instances.attempt[slot]! });
      isAnyRunning = true;
    } else if (!isFinal(state)) {
      change(run, { ix, mapIx }, { state: TaskState.skipped }, effects);
    }
  });
  settle(run, from, effects);
  if (!isAnyRunning) return;
  const due = at + cancelTimeoutMs;
  effects.timers.push({ kind: "cancelForced", ix: -1, mapIx: -1, attempt: 0, at: due });
}

/** The workers did not stop in time: their attempts end as cancelled without them. */
export function forceCancel(run: Run, effects: Effects): Verdict {
  if (isRunFinal(run) || !run.cancelRequested) return finished;
  const from = effects.changes.length;
  eachInstance(run, (slot, ix, mapIx) => {
    if (!isExecuting(stateAt(run, slot))) return;
    effects.stop.push({ ix, mapIx, attempt: run.instances.attempt[slot]! });
    change(run, { ix, mapIx }, { state: TaskState.failed, failure: ignoredCancel }, effects);
  });
  settle(run, from, effects);
  return ok;
}

/** Whether a body may be running somewhere. */
export function isExecuting(state: TaskState): boolean {
  return state === TaskState.running || state === TaskState.restarting;
}
