/** How a run ends (semantics 1.6). */

import { change } from "../run/change.ts";
import { isFastFailing } from "./fail-fast.ts";
import { cancelledRun, deadlockedRun, failedTasks, markedFailedRun } from "../run/failures.ts";
import { eachInstance, eachOf, stateAt } from "../run/instances.ts";
import type { Effects, Failure, InstanceRef, Run } from "../run/run.ts";
import { isRunFinal } from "../run/run.ts";
import { RunState, TaskState } from "../spec/states.ts";

/**
 * Ends a run whose task instances are all final: failed when one of the tasks failed that decide its result, when it was
 * cancelled or marked as failed, or when it was to fail fast.
 *
 * Where nothing runs and nothing can, what is left becomes upstream_failed, and the run fails: it would wait for ever.
 * Every rule says something once everything before a task is final, so this takes a fault in the graph or here.
 */
export function finishIfDone(run: Run, effects: Effects): "open" | "done" | "deadlocked" {
  if (isRunFinal(run)) return "done";
  // A run that was opened again ends after it has been started again, if all was said and done.
  if (run.state === RunState.queued && !run.cancelRequested) return "open";
  if (isAnyActive(run)) return "open";
  if (run.counts[TaskState.none] === 0) {
    const failure = failureOf(run);
    finish(run, failure ? RunState.failed : RunState.success, failure, effects);
    return "done";
  }
  if (run.state !== RunState.running) return "open";
  breakDeadlock(run, effects);
  return "deadlocked";
}

export function finish(run: Run, state: RunState, failure: Failure | null, effects: Effects): void {
  run.state = state;
  effects.run = { state, failure };
}

/** Whether a task instance is on its way: only what is `none` and what is final goes on by itself no more. */
function isAnyActive({ counts }: Run): boolean {
  return (
    counts[TaskState.scheduled]! > 0 ||
    counts[TaskState.running]! > 0 ||
    counts[TaskState.up_for_retry]! > 0 ||
    counts[TaskState.up_for_reschedule]! > 0 ||
    counts[TaskState.restarting]! > 0 ||
    counts[TaskState.queued]! > 0 ||
    counts[TaskState.deferred]! > 0 ||
    counts[TaskState.awaiting_input]! > 0
  );
}

/** Why a run whose task instances are all final has failed; null when it has not. */
export function failureOf(run: Run): Failure | null {
  if (run.cancelRequested) return cancelledRun;
  if (run.isMarkedFailed) return markedFailedRun;
  const { counts, dag } = run;
  if (counts[TaskState.failed] === 0 && counts[TaskState.upstream_failed] === 0) return null;
  const { failed, upstream_failed } = TaskState;
  if (dag.scopes.leaves.some((ix) => isAnyIn(run, ix, [failed, upstream_failed])))
    return failedTasks(run);
  // What came after the first failure was skipped, so that no leaf tells of it.
  const hasFailedFast = dag.tasks.some(
    (_, ix) => isFastFailing(run, ix) && isAnyIn(run, ix, [failed]),
  );
  return hasFailedFast ? failedTasks(run) : null;
}

function isAnyIn(run: Run, ix: number, states: readonly TaskState[]): boolean {
  let isAny = false;
  eachOf(run, ix, (slot) => (isAny ||= states.includes(stateAt(run, slot))));
  return isAny;
}

function breakDeadlock(run: Run, effects: Effects): void {
  const left: InstanceRef[] = [];
  eachInstance(run, (slot, ix, mapIx) => {
    if (stateAt(run, slot) === TaskState.none) left.push({ ix, mapIx });
  });
  finish(run, RunState.failed, deadlockedRun(run, left), effects);
  for (const ref of left) change(run, ref, { state: TaskState.upstream_failed }, effects);
}
