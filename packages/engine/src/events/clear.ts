/** Clearing: a person wants task instances to run again (semantics 11.2). */

import { change } from "../run/change.ts";
import { hasFlag, instanceFlags as flags, slotOf, stateAt } from "../run/instances.ts";
import { becomeNone } from "../judge/renew.ts";
import { restartTimeoutMs } from "./restart.ts";
import type { Effects, InstanceRef, Run, RunEvent, Verdict } from "../run/run.ts";
import { isRunFinal } from "../run/run.ts";
import { withScopes } from "./select.ts";
import { settle } from "../judge/settle.ts";
import type { EpochMs } from "../spec/spec.ts";
import { RunState, TaskState } from "../spec/states.ts";
import { already, cancelled, ok } from "./verdicts.ts";

type Cleared = Extract<RunEvent, { kind: "cleared" }>;

/** `ALREADY` when nothing of what is meant has run or been decided yet. */
export function clearInstances(run: Run, { refs, at }: Cleared, effects: Effects): Verdict {
  if (run.cancelRequested && !isRunFinal(run)) return cancelled;
  return clearAll(run, withScopes(run, refs), at, effects) ? ok : already;
}

/** Clears instances and lets the run go on, or opens it again. Says whether anything was there to clear. */
export function clearAll(
  run: Run,
  refs: readonly InstanceRef[],
  at: EpochMs,
  effects: Effects,
): boolean {
  let isAny = false;
  for (const ref of refs) if (clearOne(run, ref, at, effects)) isAny = true;
  if (!isAny) return false;
  if (isRunFinal(run)) reopen(run, effects);
  reviewAll(run, effects);
  return true;
}

/** Counts everything anew and judges what is open: after a person has changed states that others go by. */
export function reviewAll(run: Run, effects: Effects): void {
  run.tallies.isStale = true;
  settle(run, effects.changes.length, effects);
}

/** A final run is started again like a new one. */
export function reopen(run: Run, effects: Effects): void {
  run.state = RunState.queued;
  run.startedAt = null;
  run.cancelRequested = false;
  run.isMarkedFailed = false;
  effects.run = { state: RunState.queued, failure: null };
}

function clearOne(run: Run, ref: InstanceRef, at: EpochMs, effects: Effects): boolean {
  const slot = slotOf(run, ref.ix, ref.mapIx);
  if (slot < 0) return false;
  const state = stateAt(run, slot);
  if (state === TaskState.running) {
    restart(run, ref, slot, at, effects);
    return true;
  }
  const isNew =
    state === TaskState.none || state === TaskState.removed || state === TaskState.restarting;
  // Ready because of what is before it; whether it still is, is found by judging it again.
  const isDerived =
    state === TaskState.scheduled &&
    (run.instances.attempt[slot] === 0 || hasFlag(run, slot, flags.isCleared));
  if (isNew || isDerived) return false;
  becomeNone(run, ref, effects);
  return true;
}

/** Its worker is told to stop; it runs again when the attempt has ended. */
function restart(run: Run, ref: InstanceRef, slot: number, at: EpochMs, effects: Effects): void {
  const { instances } = run;
  const attempt = instances.attempt[slot]!;
  const { ix, mapIx } = ref;
  instances.uncounted[slot] = attempt;
  instances.losses[slot] = 0;
  change(run, ref, { state: TaskState.restarting }, effects);
  effects.stop.push({ ix, mapIx, attempt });
  const due = at + restartTimeoutMs;
  effects.timers.push({ kind: "restartForced", ix, mapIx, attempt, at: due });
}
