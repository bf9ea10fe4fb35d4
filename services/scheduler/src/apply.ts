/** The one way in which something happens to a run: the engine decides, and what follows is recorded, queued and timed. */

import {
  clearEffects,
  isFinal,
  RunState,
  TaskState,
  transition,
  type Change,
  type Effects,
  type RunEvent,
  type Verdict,
} from "@millrace/engine";
import type { Owner } from "./owner.ts";
import type { ActiveRun } from "./run.ts";
import type { Grant, Recorded, Step, Xcom } from "./step.ts";

/** What comes with an event and is no business of the engine. */
export type About = {
  /** Of a success: what the body returned, null when nothing. */
  readonly out?: Uint8Array | null;
  readonly xcoms?: readonly Xcom[];
  /** Of a grant: whom it goes to. */
  readonly sessionKey?: number;
};

const nothing: About = {};

/** Applies an event. What it changes is in memory at once, and durable when `owner.flushes.lastStep(run)` is done. */
export function apply(
  owner: Owner,
  run: ActiveRun,
  event: RunEvent,
  about: About = nothing,
): Verdict {
  const { effects } = owner;
  const verdict = transition(run.engine, event, effects);
  absorb(owner, run, effects, event.at, about);
  if (event.kind === "cancelRequested" && verdict.kind === "OK") {
    owner.flushes.stepFor(run, -1).hasRunChanged = true;
  }
  clearEffects(effects);
  return verdict;
}

/** Acts on effects of `transition` or `restoreRun`. The caller clears them. */
export function absorb(
  owner: Owner,
  run: ActiveRun,
  effects: Effects,
  at: number,
  about: About = nothing,
): void {
  for (const change of effects.changes) record(owner, run, change, at, about);
  for (const ix of effects.ready) makeReady(owner, run, ix, at);
  for (const timer of effects.timers) noteTimer(owner, run, timer);
  if (effects.stop.length > 0) {
    const step = owner.flushes.stepFor(run, -1);
    for (const { ix, attempt } of effects.stop) {
      step.stops.push({ run, ix, attempt, sessionKey: run.sessionKey[ix] ?? 0 });
    }
  }
  if (effects.run !== null) {
    const step = owner.flushes.stepFor(run, -1);
    step.hasRunChanged = true;
    step.state = effects.run.state;
    step.failure = effects.run.failure;
    run.recordedState = effects.run.state;
  }
  parkIfFull(owner, run);
}

function record(owner: Owner, run: ActiveRun, change: Change, at: number, about: About): void {
  const { ix, state, attempt } = change;
  const step = owner.flushes.stepFor(run, ix);
  if (state === TaskState.running)
    grant(owner, run, step, { run, ix, attempt, sessionKey: about.sessionKey ?? 0 }, at);
  else owner.bindings.unbind(run, ix);
  run.retryAt[ix] = change.retryAt ?? 0;
  const hasOut = state === TaskState.success;
  const out = hasOut ? (about.out ?? null) : null;
  if (hasOut && run.version.compiled.isInput[ix] === 1) owner.outputs.put(run.key, ix, out);
  const recorded: Recorded = {
    ...change,
    at,
    sessionKey: run.sessionKey[ix] ?? 0,
    readyAt: run.readyAt[ix] ?? 0,
    startedAt: run.startedAt[ix] ?? 0,
    out,
    xcoms: isFinal(state) ? (about.xcoms ?? []) : [],
  };
  step.records.set(ix, recorded);
}

function grant(owner: Owner, run: ActiveRun, step: Step, granted: Grant, at: number): void {
  run.sessionKey[granted.ix] = granted.sessionKey;
  run.startedAt[granted.ix] = at;
  step.grants.push(granted);
  const { ix, attempt, sessionKey } = granted;
  owner.bindings.bind(run, { ix, attempt, sessionKey, isTold: true });
}

function makeReady(owner: Owner, run: ActiveRun, ix: number, at: number): void {
  const task = run.version.compiled.tasks[ix];
  if (task === undefined) return;
  run.readyAt[ix] = at;
  const handler = task.kind === "external" ? task.handler : null;
  const ready = { ix, priority: task.priorityWeight, readyAt: at };
  owner.queue.add(run, { queue: task.queue, handler }, ready);
}

function noteTimer(owner: Owner, run: ActiveRun, timer: Effects["timers"][number]): void {
  if (timer.kind === "retryDue") run.retryAt[timer.ix] = timer.at;
  owner.timers.add(timer.at, { kind: "run", run, timer });
}

/** A run at its limit is parked whole, and touched again when one of its tasks ends. */
function parkIfFull(owner: Owner, run: ActiveRun): void {
  owner.queue.setRunParked(run, roomOf(run) === 0);
}

/** How many more tasks of a run may be granted now. */
export function roomOf({ engine }: ActiveRun): number {
  if (engine.state !== RunState.running || engine.cancelRequested) return 0;
  const { counts, dag } = engine;
  const active = (counts[TaskState.running] ?? 0) + (counts[TaskState.queued] ?? 0);
  return Math.max(0, dag.spec.maxActiveTasks - active);
}

/** Gives a timer back to the engine. Late, repeated and outdated ones change nothing. */
export function applyTimer(owner: Owner, run: ActiveRun, timer: Effects["timers"][number]): void {
  const at = owner.dbClock.now();
  const { ix, mapIx, attempt } = timer;
  switch (timer.kind) {
    case "retryDue":
    case "executionTimedOut":
      apply(owner, run, { kind: timer.kind, ix, mapIx, attempt, at });
      break;
    case "dagrunTimedOut":
    case "cancelForced":
      apply(owner, run, { kind: timer.kind, at });
  }
}

/** Whether a timer can still mean something; asked when many have gathered. */
export function isTimerLive(run: ActiveRun, timer: Effects["timers"][number]): boolean {
  if (run.isGone) return false;
  if (timer.kind === "executionTimedOut") {
    return (
      run.engine.taskState[timer.ix] === TaskState.running &&
      run.engine.attempt[timer.ix] === timer.attempt
    );
  }
  if (timer.kind === "retryDue") return run.engine.taskState[timer.ix] === TaskState.up_for_retry;
  return true;
}
