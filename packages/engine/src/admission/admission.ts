/** May a task instance start now, and if not, why not. The scheduler and `Explain` ask this same code. */

import { backfillMaxActiveRuns, backfillPaused } from "./backfill.ts";
import { deferralReasons } from "./deferral-reasons.ts";
import { hasFlag, instanceFlags, instanceState, slotOf } from "../run/instances.ts";
import { isHeldByLimit, limitReasons } from "./limit-reasons.ts";
import type { Limits } from "./limits.ts";
import { dependsOnPast, gaveWay } from "../past/past-reason.ts";
import { inputReasons } from "../inputs/input-reasons.ts";
import type { Reason } from "./reasons.ts";
import {
  activeCount,
  cancelling,
  concurrencyKey,
  dagPaused,
  dispatching,
  final,
  lossWait,
  maxActiveRuns,
  maxActiveTasks,
  noSlot,
  rescheduleWait,
  restarting,
  retryWait,
  running,
  runningIds,
} from "./reasons.ts";
import type { InstanceRef, Run } from "../run/run.ts";
import { isFinal, RunState, TaskState } from "../spec/states.ts";
import { waitingReasons } from "./waiting-reasons.ts";
import { deferralOf, isWaitState } from "../run/waits.ts";

const nothing: readonly Reason[] = [];

/**
 * Every gate that keeps a task instance from being granted now; empty when it may be. Costs nothing worth naming for one
 * that may be granted; one that waits for others costs a look at these.
 */
export function admit(run: Run, ref: InstanceRef, limits: Limits): readonly Reason[] {
  const state = instanceState(run, ref.ix, ref.mapIx);
  if (state === TaskState.scheduled && run.state === RunState.running && !run.cancelRequested)
    return gates(run, ref, limits, nothing);
  if (isFinal(state)) return [final(run, ref)];
  if (run.cancelRequested) return [cancelling(run, ref)];
  if (state === TaskState.running) return [running(run, ref)];
  if (isWaitState(state)) return waitingGates(run, ref, limits);
  const own: Reason[] = [];
  if (run.state === RunState.queued) own.push(...runGates(limits, false));
  own.push(...waits(run, ref, state, limits));
  // A queued run that nothing holds is about to start: its first tasks become ready with it.
  if (own.length === 0) own.push(dispatching("Its run is about to start."));
  return gates(run, ref, limits, own);
}

/** Every gate that keeps a queued run from starting; empty when it may start now. */
export function admitRun(limits: Limits): readonly Reason[] {
  return runGates(limits, true);
}

/**
 * What `admit` says, with the running tasks named where their number is the gate; or, when nothing holds the instance,
 * that it is about to be handed out. Never empty.
 */
export function explain(run: Run, ref: InstanceRef, limits: Limits): readonly Reason[] {
  const reasons = admit(run, ref, limits);
  if (reasons.length === 0)
    return [dispatching("Nothing holds it back; it is about to be handed to a worker.")];
  return reasons.map((reason) =>
    reason.kind === "max_active_tasks" ? { ...reason, taskIds: runningIds(run) } : reason,
  );
}

/** What a deferred instance waits for; and, where its body is to go on then, what would hold that. */
function waitingGates(run: Run, ref: InstanceRef, limits: Limits): readonly Reason[] {
  const own = deferralReasons(run, ref, limits);
  return deferralOf(run, ref)?.resumes ? gates(run, ref, limits, own) : own;
}

/** What an instance waits for beside the limits that hold for all. */
function waits(run: Run, ref: InstanceRef, state: TaskState, limits: Limits): Reason[] {
  if (state === TaskState.none) return waitingReasons(run, ref, limits);
  if (state === TaskState.up_for_retry)
    return [isAfterLoss(run, ref) ? lossWait(run, ref, limits) : retryWait(run, ref, limits)];
  if (state === TaskState.up_for_reschedule) return [rescheduleWait(ref, limits)];
  return state === TaskState.restarting ? [restarting(run, ref)] : [];
}

/** It waits although its newest grant had no outcome: the worker was lost. */
function isAfterLoss(run: Run, { ix, mapIx }: InstanceRef): boolean {
  return !hasFlag(run, slotOf(run, ix, mapIx), instanceFlags.isSettled);
}

function runGates(limits: Limits, isAboutRun: boolean): Reason[] {
  const reasons: Reason[] = [];
  // Of a task, `gates` says this itself.
  if (limits.isPaused && isAboutRun) reasons.push(dagPaused());
  const { backfill = null } = limits;
  if (backfill !== null) {
    if (backfill.isPaused) reasons.push(backfillPaused(backfill));
    if (backfill.activeRuns >= backfill.maxActiveRuns)
      reasons.push(backfillMaxActiveRuns(backfill));
  } else if (limits.activeRuns >= limits.maxActiveRuns) reasons.push(maxActiveRuns(limits));
  if (limits.keyHolders.length > 0) reasons.push(concurrencyKey(limits));
  if (limits.inputs) reasons.push(...inputReasons(limits.inputs));
  return reasons;
}

/** The gates that stand before every instance that is not running, whatever else it waits for. */
function gates(
  run: Run,
  ref: InstanceRef,
  limits: Limits,
  own: readonly Reason[],
): readonly Reason[] {
  const { dag } = run;
  const active = activeCount(run);
  const isFull = active >= dag.spec.maxActiveTasks;
  const task = dag.tasks[ref.ix]!;
  const handler = task.kind === "external" ? task.handler : null;
  const offer = limits.slots(task.queue, handler);
  const past = task.dependsOnPast ? limits.pastOf(ref) : null;
  const { gaveWayTo = null } = limits;
  const isOpen = !limits.isPaused && !isFull && gaveWayTo === null;
  const isFree = isOpen && offer.state === "free" && past === null;
  if (isFree && !isHeldByLimit(run, ref, limits)) return own;
  const reasons = [...own];
  if (past !== null) reasons.push(dependsOnPast(past));
  if (limits.isPaused) reasons.push(dagPaused());
  if (gaveWayTo !== null) reasons.push(gaveWay(gaveWayTo));
  if (isFull) reasons.push(maxActiveTasks(run, active));
  reasons.push(...limitReasons(run, ref, limits));
  if (offer.state !== "free") reasons.push(noSlot(task.queue, handler, offer));
  return reasons;
}
