/** What a task's new state means for the tasks after it and for the run: counters, readiness, propagation, the end. */

import { cancelledRun, failedTasks } from "./failures.ts";
import type { Effects, Failure, Run } from "./run.ts";
import { isRunFinal, taskStateOf } from "./run.ts";
import { isFinal, RunState, TaskState } from "./states.ts";

export function setState(run: Run, ix: number, state: TaskState): void {
  run.counts[run.taskState[ix]!]! -= 1;
  run.counts[state]! += 1;
  run.taskState[ix] = state;
}

/** Sets a state, notes the row to write, and says whether the newest grant may still have an outcome. */
export function change(
  run: Run,
  ix: number,
  to: { state: TaskState; retryAt?: number; failure?: Failure | null },
  effects: Effects,
): void {
  setState(run, ix, to.state);
  const isOpen = to.state === TaskState.running || to.state === TaskState.scheduled;
  run.isSettled[ix] = isOpen || run.attempt[ix] === 0 ? 0 : 1;
  effects.changes.push({
    ix,
    mapIx: -1,
    state: to.state,
    attempt: run.attempt[ix]!,
    lost: run.lost[ix]!,
    retryAt: to.retryAt ?? null,
    failure: to.failure ?? null,
  });
}

/** Marks a task as one that may run. It has no row for that: the graph says so. */
export function makeReady(run: Run, ix: number, effects: Effects): void {
  setState(run, ix, TaskState.scheduled);
  effects.ready.push(ix);
}

/**
 * Lets the final states among `effects.changes` from position `from` on act on the tasks after them, and ends the run
 * once every task is final. What it changes itself joins the list, so one pass reaches everything; it costs as much as
 * the arrows that leave those tasks.
 */
export function settle(run: Run, from: number, effects: Effects): void {
  for (let at = from; at < effects.changes.length; at += 1) {
    const { ix, state } = effects.changes[at]!;
    if (isFinal(state)) settleChildren(run, ix, state, effects);
  }
  finishIfDone(run, effects);
}

function settleChildren(run: Run, ix: number, state: TaskState, effects: Effects): void {
  const { children, childOffsets } = run.dag;
  const end = childOffsets[ix + 1]!;
  for (let edge = childOffsets[ix]!; edge < end; edge += 1) {
    const child = children[edge]!;
    run.pending[child]! -= 1;
    if (run.taskState[child] === TaskState.none) settleChild(run, child, state, effects);
  }
}

/** The rule all_success: the first upstream task that did not succeed decides, without waiting for the others. */
function settleChild(run: Run, child: number, upstream: TaskState, effects: Effects): void {
  if (upstream === TaskState.success) {
    if (run.pending[child] === 0) makeReady(run, child, effects);
  } else if (upstream === TaskState.skipped) {
    change(run, child, { state: TaskState.skipped }, effects);
  } else {
    change(run, child, { state: TaskState.upstream_failed }, effects);
  }
}

/** Ends a run whose tasks are all final: failed when a leaf failed, or when it was cancelled. */
export function finishIfDone(run: Run, effects: Effects): void {
  if (isRunFinal(run) || !areAllFinal(run)) return;
  if (run.cancelRequested) finish(run, RunState.failed, cancelledRun, effects);
  else if (hasFailedLeaf(run)) finish(run, RunState.failed, failedTasks(run), effects);
  else finish(run, RunState.success, null, effects);
}

export function finish(run: Run, state: RunState, failure: Failure | null, effects: Effects): void {
  run.state = state;
  effects.run = { state, failure };
}

export function areAllFinal(run: Run): boolean {
  const { counts } = run;
  const final =
    counts[TaskState.success]! +
    counts[TaskState.failed]! +
    counts[TaskState.skipped]! +
    counts[TaskState.upstream_failed]! +
    counts[TaskState.removed]!;
  return final === run.taskState.length;
}

function hasFailedLeaf(run: Run): boolean {
  if (run.counts[TaskState.failed] === 0 && run.counts[TaskState.upstream_failed] === 0)
    return false;
  const { childOffsets } = run.dag;
  for (let ix = 0; ix < run.taskState.length; ix += 1) {
    if (childOffsets[ix] !== childOffsets[ix + 1]) continue;
    const state = taskStateOf(run, ix);
    if (state === TaskState.failed || state === TaskState.upstream_failed) return true;
  }
  return false;
}
