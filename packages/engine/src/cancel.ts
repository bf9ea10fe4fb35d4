/** Cancelling a run: nothing new starts, what runs is told to stop, and the run ends when it has. */

import { ignoredCancel } from "./failures.ts";
import type { Effects, Run, Verdict } from "./run.ts";
import { isRunFinal } from "./run.ts";
import { change, finishIfDone, settle } from "./settle.ts";
import type { EpochMs } from "./spec.ts";
import { isFinal, TaskState } from "./states.ts";
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
  for (let ix = 0; ix < run.taskState.length; ix += 1) {
    const state = run.taskState[ix] as TaskState;
    if (state === TaskState.running) {
      effects.stop.push({ ix, mapIx: -1, attempt: run.attempt[ix]! });
      isAnyRunning = true;
    } else if (!isFinal(state)) {
      change(run, ix, { state: TaskState.skipped }, effects);
    }
  }
  settle(run, from, effects);
  if (isAnyRunning)
    effects.timers.push({
      kind: "cancelForced",
      ix: -1,
      mapIx: -1,
      attempt: 0,
      at: at + cancelTimeoutMs,
    });
}

/** The workers did not stop in time: their attempts end as cancelled without them. */
export function forceCancel(run: Run, effects: Effects): Verdict {
  if (isRunFinal(run) || !run.cancelRequested) return finished;
  const from = effects.changes.length;
  for (let ix = 0; ix < run.taskState.length; ix += 1) {
    if (run.taskState[ix] !== TaskState.running) continue;
    effects.stop.push({ ix, mapIx: -1, attempt: run.attempt[ix]! });
    change(run, ix, { state: TaskState.failed, failure: ignoredCancel }, effects);
  }
  settle(run, from, effects);
  finishIfDone(run, effects);
  return ok;
}
