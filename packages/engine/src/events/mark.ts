/** Marking: a person says what the outcome of task instances, or of a run, is (semantics 11.3). */

import { isExecuting } from "./cancel.ts";
import { change, slotAt } from "../run/change.ts";
import { clearAll, reopen, reviewAll } from "./clear.ts";
import { markedFailed, markedFailedRun } from "../run/failures.ts";
import { failureOf, finish } from "../judge/finish.ts";
import { eachInstance, slotOf, stateAt } from "../run/instances.ts";
import { forgetOutcome } from "../judge/renew.ts";
import type { Effects, InstanceRef, Run, RunEvent, Verdict } from "../run/run.ts";
import { isRunFinal } from "../run/run.ts";
import { downstreamIn, withScopes } from "./select.ts";
import { isFinal, RunState, TaskState } from "../spec/states.ts";
import { already, cancelled, ok } from "./verdicts.ts";
import { isWaitState } from "../run/waits.ts";

type Marked = Extract<RunEvent, { kind: "marked" }>;
type RunMarked = Extract<RunEvent, { kind: "runMarked" }>;

/**
 * Sets the outcome of task instances; then what failed after them is cleared, because it may do better now. A final run
 * goes on when something was cleared, or when it would have another result now. `ALREADY` when all are as asked.
 */
export function markInstances(run: Run, event: Marked, effects: Effects): Verdict {
  if (run.cancelRequested && !isRunFinal(run)) return cancelled;
  const changed = event.refs.filter((ref) => {
    const slot = slotOf(run, ref.ix, ref.mapIx);
    if (slot < 0) return false;
    const state = stateAt(run, slot);
    return state !== event.state && state !== TaskState.removed;
  });
  if (changed.length === 0) return already;
  for (const ref of changed) markOne(run, ref, event.state, effects);
  if (clearAll(run, clearedWith(run, event.refs), event.at, effects)) return ok;
  if (isRunFinal(run) && (failureOf(run) === null) !== (run.state === RunState.success))
    reopen(run, effects);
  reviewAll(run, effects);
  return ok;
}

/**
 * Ends the run as a person wants it. Success: every instance but unfinished teardowns succeeds. Failed: what runs fails,
 * the rest is skipped, teardowns stay. Teardowns that are open then still run, and the run ends with them: as failed when
 * it was marked so, whatever the leaves say (appendix C 10).
 */
export function markRun(run: Run, { state }: RunMarked, effects: Effects): Verdict {
  if (run.cancelRequested && !isRunFinal(run)) return cancelled;
  if (run.state === state) return already;
  // Of a run that ended as cancelled: it ends as the person says now.
  run.cancelRequested = false;
  const isSuccess = state === RunState.success;
  let isTeardownOpen = false;
  eachInstance(run, (slot, ix, mapIx) => {
    const before = stateAt(run, slot);
    if (run.dag.tasks[ix]!.role === "teardown" && !isFinal(before)) {
      isTeardownOpen = true;
      return;
    }
    const to = isSuccess ? TaskState.success : failedOrSkipped(before);
    if (to !== before && before !== TaskState.removed) markOne(run, { ix, mapIx }, to, effects);
  });
  if (!isTeardownOpen || run.state === RunState.queued || isRunFinal(run))
    return endAsMarked(run, state, effects);
  // The row tells a take-over by its failure.
  if (run.isMarkedFailed === isSuccess)
    effects.run = { state: RunState.running, failure: isSuccess ? null : markedFailedRun };
  run.isMarkedFailed = !isSuccess;
  reviewAll(run, effects);
  return ok;
}

/** Nothing is left to run. */
function endAsMarked(run: Run, state: RunMarked["state"], effects: Effects): Verdict {
  run.isMarkedFailed = false;
  finish(run, state, state === RunState.failed ? markedFailedRun : null, effects);
  eachInstance(run, (slot, ix, mapIx) => {
    if (!isFinal(stateAt(run, slot))) markOne(run, { ix, mapIx }, TaskState.skipped, effects);
  });
  reviewAll(run, effects);
  return ok;
}

function failedOrSkipped(state: TaskState): TaskState {
  if (isFinal(state)) return state;
  const isUnderWay =
    isExecuting(state) || state === TaskState.up_for_reschedule || isWaitState(state);
  return isUnderWay ? TaskState.failed : TaskState.skipped;
}

/** The outcome is nobody's work: no try is behind it, so that the worker's own report finds it FINISHED. */
function markOne(run: Run, ref: InstanceRef, state: TaskState, effects: Effects): void {
  const { instances } = run;
  const slot = slotAt(run, ref);
  const { ix, mapIx } = ref;
  if (isExecuting(stateAt(run, slot)))
    effects.stop.push({ ix, mapIx, attempt: instances.attempt[slot]! });
  instances.uncounted[slot] = instances.attempt[slot]!;
  forgetOutcome(run, ref);
  const failure = state === TaskState.failed ? markedFailed : null;
  change(run, ref, { state, failure }, effects);
}

/** What failed after the given instances, with its setups and teardowns; but nothing of what is given. */
function clearedWith(run: Run, refs: readonly InstanceRef[]): InstanceRef[] {
  const keyOf = ({ ix, mapIx }: InstanceRef): number => (mapIx + 1) * run.dag.tasks.length + ix;
  const given = new Set(refs.map(keyOf));
  const failed = downstreamIn(run, refs, [TaskState.failed, TaskState.upstream_failed]);
  return withScopes(run, failed).filter((ref) => !given.has(keyOf(ref)));
}
