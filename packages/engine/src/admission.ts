/** May a task start now, and if not, why not. The scheduler and `Explain` ask this same code. */

import {
  cancelling,
  dagPaused,
  dispatching,
  final,
  maxActiveRuns,
  maxActiveTasks,
  noSlot,
  retryWait,
  running,
  runningIds,
  upstream,
} from "./reasons.ts";
import type { Limits } from "./limits.ts";
import type { Reason } from "./reasons.ts";
import type { Run } from "./run.ts";
import { taskStateOf } from "./run.ts";
import { isFinal, RunState, TaskState } from "./states.ts";

const nothing: readonly Reason[] = [];

/**
 * Every gate that keeps a task from being granted now; empty when it may be. Costs nothing worth naming for a task that
 * may be granted; one that waits for others costs its arrows.
 */
export function admit(run: Run, ix: number, limits: Limits): readonly Reason[] {
  const state = taskStateOf(run, ix);
  if (state === TaskState.scheduled && run.state === RunState.running && !run.cancelRequested)
    return gates(run, ix, limits, nothing);
  if (isFinal(state)) return [final(run, ix)];
  if (run.cancelRequested) return [cancelling(run, ix)];
  if (state === TaskState.running) return [running(run, ix)];
  const own: Reason[] = [];
  if (run.state === RunState.queued) own.push(...runGates(limits, false));
  if (state === TaskState.up_for_retry) own.push(retryWait(run, ix, limits));
  else if (run.pending[ix]! > 0) own.push(upstream(run, ix, limits));
  // A queued run that nothing holds is about to start: its first tasks become ready with it.
  if (own.length === 0) own.push(dispatching("Its run is about to start."));
  return gates(run, ix, limits, own);
}

/** Every gate that keeps a queued run from starting; empty when it may start now. */
export function admitRun(limits: Limits): readonly Reason[] {
  return runGates(limits, true);
}

/**
 * What `admit` says, with the running tasks named where their number is the gate; or, when nothing holds the task, that
 * it is about to be handed out. Never empty.
 */
export function explain(run: Run, ix: number, limits: Limits): readonly Reason[] {
  const reasons = admit(run, ix, limits);
  if (reasons.length === 0)
    return [dispatching("Nothing holds it back; it is about to be handed to a worker.")];
  return reasons.map((reason) =>
    reason.kind === "max_active_tasks" ? { ...reason, taskIds: runningIds(run) } : reason,
  );
}

function runGates(limits: Limits, isAboutRun: boolean): Reason[] {
  const reasons: Reason[] = [];
  // Of a task, `gates` says this itself.
  if (limits.isPaused && isAboutRun) reasons.push(dagPaused());
  if (limits.activeRuns >= limits.maxActiveRuns) reasons.push(maxActiveRuns(limits));
  return reasons;
}

/** The gates that stand before every task that is not running, whatever else it waits for. */
function gates(run: Run, ix: number, limits: Limits, own: readonly Reason[]): readonly Reason[] {
  const { counts, dag } = run;
  const active = counts[TaskState.running]! + counts[TaskState.queued]!;
  const isFull = active >= dag.spec.maxActiveTasks;
  const task = dag.tasks[ix]!;
  const offer = limits.slots(task.queue, task.kind === "external" ? task.handler : null);
  if (!limits.isPaused && !isFull && offer.state === "free") return own;
  const reasons = [...own];
  if (limits.isPaused) reasons.push(dagPaused());
  if (isFull) reasons.push(maxActiveTasks(run, active));
  if (offer.state !== "free") reasons.push(noSlot(task, offer));
  return reasons;
}
