/** What task instances that gave their slot back wait for; kept while they do, and nowhere else. */

import { lostOnce } from "./failures.ts";
import { slotOf, stateAt } from "./instances.ts";
import type { Change, Deferral, InstanceRef, Run, Wait } from "./run.ts";
import type { EpochMs } from "../spec/spec.ts";
import { TaskState } from "../spec/states.ts";

/** Whether it gave its slot back, for a trigger or for a person. */
export function isWaitState(state: TaskState): boolean {
  return state === TaskState.deferred || state === TaskState.awaiting_input;
}

/** What an instance waits for now, after it deferred; null when it does not. */
export function deferralOf(run: Run, ref: InstanceRef): Deferral | null {
  const slot = slotOf(run, ref.ix, ref.mapIx);
  return slot >= 0 && isWaitState(stateAt(run, slot)) ? (waitOf(run, ref)?.deferral ?? null) : null;
}

/** Whether this very attempt of an instance deferred and still waits. */
export function isWaiting(run: Run, ref: InstanceRef, attempt: number): boolean {
  const slot = slotOf(run, ref.ix, ref.mapIx);
  return slot >= 0 && isWaitState(stateAt(run, slot)) && run.instances.attempt[slot] === attempt;
}

/**
 * Whether a row that has a deferral keeps it with a change: while it waits, until the body goes on, and until that attempt
 * has an outcome. A lost one has none, so the next one goes on from the same wait.
 */
export function keepsDeferral({ state, failure }: Pick<Change, "state" | "failure">): boolean {
  return (
    isWaitState(state) ||
    state === TaskState.scheduled ||
    state === TaskState.running ||
    (state === TaskState.up_for_retry && failure === lostOnce)
  );
}

export function waitOf(run: Run, ref: InstanceRef): Wait | null {
  return run.waits?.get(keyOf(run, ref)) ?? null;
}

export function putWait(run: Run, ref: InstanceRef, wait: Wait): void {
  run.waits ??= new Map();
  run.waits.set(keyOf(run, ref), wait);
}

/** Whatever it waited for, it does so no more. */
export function dropWait(run: Run, ref: InstanceRef): void {
  run.waits?.delete(keyOf(run, ref));
}

/** How a wait begins, or begins anew after a take-over. */
export function newWait(deferral: Deferral, now: EpochMs): Wait {
  const { heartbeatMs } = deferral;
  return { deferral, beatDue: heartbeatMs === null ? null : now + heartbeatMs, retryAt: null };
}

/** When a wait is given up, as things stand; null for never. */
export function deadlineOf({ deferral, beatDue }: Wait): EpochMs | null {
  const { timeoutAt } = deferral;
  if (timeoutAt === null || beatDue === null) return timeoutAt ?? beatDue;
  return Math.min(timeoutAt, beatDue);
}

function keyOf({ dag }: Run, { ix, mapIx }: InstanceRef): number {
  return (mapIx + 1) * dag.tasks.length + ix;
}
