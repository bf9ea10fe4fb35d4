/** The one way in which something happens to a run: the engine decides, and what follows is recorded, queued and timed. */

import {
  clearEffects,
  instanceState,
  isFinal,
  isWaiting,
  RunState,
  RunType,
  TaskState,
  transition,
  type Change,
  type Effects,
  type OutletSaid,
  type ReadySpan,
  type RunEvent,
  type Timer,
  type Verdict,
} from "@millrace/engine";
import { eventsOfSuccess } from "./assets/outlet-events.ts";
import { callbackRows, runCallbackRows } from "./callbacks/due.ts";
import { wakeOnChange } from "./commands/instance-changes.ts";
import { instanceKey } from "./runs/instance-key.ts";
import { noteLoad } from "./limits/dag-load.ts";
import { placeOf } from "./limits/gates.ts";
import type { Owner } from "./owner.ts";
import type { ActiveRun } from "./runs/run.ts";
import { isFinalState, type Recorded, type Step, type Xcom } from "./flush/step.ts";
import {
  defaultAnswer,
  isAbout,
  noteWait,
  openWait,
  waitFor,
  type WaitNews,
} from "./waits/waits.ts";

/** What comes with an event and is no business of the engine. */
export type About = WaitNews & {
  /** Of a success: what the body returned, null when nothing. Of the end of a wait: what came. */
  readonly out?: Uint8Array | null;
  /** What the body left under keys, whatever its outcome. */
  readonly xcoms?: readonly Xcom[];
  /** Of a success: what people call the instance; empty for its index. */
  readonly mapIndexLabel?: string;
  /** Of a success: what the body says of its outlets. */
  readonly outlets?: readonly OutletSaid[];
  /** Of a grant: whom it goes to. */
  readonly sessionKey?: number;
  /** A person says what came of it. */
  readonly isMarked?: boolean;
  /** Sees what follows before it is acted on. */
  onEffects?(effects: Effects): void;
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
  const end = owner.flushes.countEnd(run);
  const verdict = transition(run.engine, event, effects);
  about.onEffects?.(effects);
  // Before what it skips, which may be too much for one flush: a take-over finishes what was cut short.
  if (event.kind === "cancelRequested" && verdict.kind === "OK")
    owner.flushes.stepFor(run, null).hasRunChanged = true;
  absorb(owner, run, effects, event.at, about, event);
  // It went into the same step, whose end is another now.
  if (end !== null && owner.flushes.lastStep(run) === end) end.counts = null;
  clearEffects(effects);
  return verdict;
}

/** Acts on effects of `transition` or `restoreRun`, which has no event. The caller clears them. */
export function absorb(
  owner: Owner,
  run: ActiveRun,
  effects: Effects,
  at: number,
  about: About = nothing,
  event: RunEvent | null = null,
): void {
  owner.flushes.keepTogether(run, effects.changes);
  // A run that is opened again is so before what it opens: a crash between two flushes leaves no final run with open tasks.
  if (effects.run?.state === RunState.queued) noteRun(owner, run, effects.run, at, event);
  if (effects.expanded.length > 0) noteExpanded(owner, run, effects);
  // Before the changes, which may forget who runs what.
  if (effects.stop.length > 0) noteStops(owner, run, effects);
  for (const change of effects.changes) record(owner, run, change, at, about, event);
  for (const span of effects.ready) makeReady(owner, run, span, at);
  for (const timer of effects.timers) noteTimer(owner, run, timer);
  if (effects.run !== null && effects.run.state !== RunState.queued)
    noteRun(owner, run, effects.run, at, event);
  parkIfFull(owner, run);
  if (noteLoad(run, effects)) owner.queue.wake(run.dagId);
}

function noteRun(
  owner: Owner,
  run: ActiveRun,
  changed: NonNullable<Effects["run"]>,
  at: number,
  event: RunEvent | null,
): void {
  const isReopened = changed.state === RunState.queued && isFinalState(run.recordedState);
  const step = isReopened ? owner.flushes.stepForReopening(run) : owner.flushes.stepFor(run, null);
  if (isReopened) {
    step.isReopened = true;
    run.reopenCount += 1;
  }
  step.hasRunChanged = true;
  step.state = changed.state;
  step.failure = changed.failure;
  run.recordedState = changed.state;
  run.recordedFailure = changed.failure;
  step.callbacks.push(...runCallbackRows(run, event, changed, at));
}

function noteExpanded(owner: Owner, run: ActiveRun, { expanded }: Effects): void {
  run.instances.follow(expanded);
  const step = owner.flushes.stepFor(run, null);
  for (const { ix, count } of expanded) step.expanded.set(ix, count);
}

function noteStops(owner: Owner, run: ActiveRun, { stop }: Effects): void {
  const step = owner.flushes.stepFor(run, null);
  for (const { ix, mapIx, attempt } of stop) {
    const sessionKey = run.instances.sessionKey({ ix, mapIx });
    step.stops.push({ run, ix, mapIx, attempt, sessionKey });
  }
}

function record(
  owner: Owner,
  run: ActiveRun,
  change: Change,
  at: number,
  about: About,
  event: RunEvent | null,
): void {
  const { state } = change;
  const { instances } = run;
  const step = owner.flushes.stepFor(run, change);
  if (state === TaskState.running) grant(owner, run, step, change, about.sessionKey ?? 0, at);
  else if (state !== TaskState.restarting) owner.bindings.unbind(run, change);
  if (state === TaskState.none) instances.clear(change);
  instances.setWait(change, change.waitUntil ?? 0);
  noteTry(run, change);
  if (openWait(run, change) !== null) {
    owner.watches.end(run, change);
    owner.externals.end(run, change);
  }
  const wait = noteWait(run, change, event, about);
  wakeOnChange(run, change);
  owner.past.onChanged(run);
  const out = state === TaskState.success ? (about.out ?? null) : null;
  if (run.version.compiled.isInput[change.ix] === 1 && (isFinal(state) || state === TaskState.none))
    owner.outputs.put(run.key, change, out);
  const recorded: Recorded = {
    ...change,
    at,
    sessionKey: instances.sessionKey(change),
    readyAt: instances.readyAt(change),
    startedAt: instances.startedAt(change),
    out,
    assetEvents: eventsOfSuccess(run, change, event, about.outlets),
    xcoms: leavesXcoms(change, event) ? (about.xcoms ?? []) : [],
    mapIndexLabel: state === TaskState.success ? (about.mapIndexLabel ?? "") : "",
    isMarked: about.isMarked ?? false,
    ...wait,
  };
  step.records.set(instanceKey(change), recorded);
  step.callbacks.push(...callbackRows(run, event, change, at));
}

/** Of the instance whose body left them, not of those that it skips; and not when it begins anew. */
function leavesXcoms(change: Change, event: RunEvent | null): boolean {
  const { state } = change;
  if (!isAbout(event, change)) return false;
  return state !== TaskState.none && state !== TaskState.removed && state !== TaskState.scheduled;
}

function grant(
  owner: Owner,
  run: ActiveRun,
  step: Step,
  { ix, mapIx, attempt }: Change,
  sessionKey: number,
  at: number,
): void {
  const ref = { ix, mapIx };
  run.instances.setSession(ref, sessionKey);
  // A sensor that looks again, and a body that goes on after a wait, go on with the try they began.
  if (run.instances.firstAttempt(ref) === 0 && waitFor(run, ref) === null)
    run.instances.setStarted(ref, at);
  step.grants.push({ run, ix, mapIx, attempt, sessionKey });
  owner.pools.hold(run, ref, attempt);
  const rateLimit = run.version.compiled.tasks[ix]?.rateLimit ?? null;
  if (rateLimit !== null) owner.rates.use(rateLimit);
  owner.bindings.bind(run, { ...ref, attempt, sessionKey, isTold: true });
}

/** A try goes on while its sensor is only rescheduled; whatever else ends an attempt ends the try. */
function noteTry({ instances }: ActiveRun, change: Change): void {
  if (change.state === TaskState.running) return;
  if (change.state !== TaskState.up_for_reschedule) instances.setFirstAttempt(change, 0);
  else if (instances.firstAttempt(change) === 0) instances.setFirstAttempt(change, change.attempt);
}

function makeReady(owner: Owner, run: ActiveRun, span: ReadySpan, at: number): void {
  const task = run.version.compiled.tasks[span.ix];
  if (task === undefined) return;
  run.instances.setReady(span, at);
  const priority = priorityOf(run, span.ix);
  const ready = { ...span, priority, readyAt: at };
  const place = placeOf(owner, run, span.ix, task);
  if (!owner.past.takes(run, place, ready)) owner.queue.add(run, place, ready);
}

/** Among equals of a DAG, what is due goes before what a backfill makes up. */
export function priorityOf({ facts, version }: ActiveRun, ix: number): number {
  const weight = version.compiled.weights[ix] ?? 0;
  return facts.runType === RunType.backfill ? weight - 0.5 : weight;
}

function noteTimer(owner: Owner, run: ActiveRun, timer: Timer): void {
  if (timer.kind === "waitDue") run.instances.setWait(timer, timer.at);
  owner.timers.add(timer.at, { kind: "run", run, timer });
}

/** A run at its limit is parked whole, and touched again when one of its tasks ends. */
function parkIfFull(owner: Owner, run: ActiveRun): void {
  owner.queue.setRunParked(run, roomOf(run) === 0);
}

/** States that hold a worker. */
const holding = [TaskState.running, TaskState.queued, TaskState.restarting];

/** How many more tasks of a run may be granted now. */
export function roomOf(run: ActiveRun): number {
  const { engine } = run;
  if (engine.state !== RunState.running || engine.cancelRequested) return 0;
  if (run.dag.gaveWay.has(run)) return 0;
  const { counts, dag } = engine;
  let active = 0;
  for (const state of holding) active += counts[state] ?? 0;
  return Math.max(0, dag.spec.maxActiveTasks - active);
}

/** Gives a timer back to the engine. Late, repeated and outdated ones change nothing. */
export function applyTimer(owner: Owner, run: ActiveRun, timer: Timer): void {
  const at = owner.dbClock.now();
  const { ix, mapIx, attempt } = timer;
  switch (timer.kind) {
    case "waitTimedOut": {
      const row = openWait(run, timer);
      const about = row === null ? nothing : defaultAnswer(row, at);
      apply(owner, run, { kind: timer.kind, ix, mapIx, attempt, at }, about);
      break;
    }
    case "waitDue":
    case "executionTimedOut":
    case "restartForced":
      apply(owner, run, { kind: timer.kind, ix, mapIx, attempt, at });
      break;
    case "dagrunTimedOut":
    case "cancelForced":
      apply(owner, run, { kind: timer.kind, at });
  }
}

/** Whether a timer can still mean something; asked when many have gathered. */
export function isTimerLive(run: ActiveRun, timer: Timer): boolean {
  if (run.isGone) return false;
  switch (timer.kind) {
    case "waitDue":
      return run.instances.waitUntil(timer) === timer.at;
    case "waitTimedOut":
      return isWaiting(run.engine, timer, timer.attempt);
    case "executionTimedOut":
      return instanceState(run.engine, timer.ix, timer.mapIx) === TaskState.running;
    case "restartForced":
      return instanceState(run.engine, timer.ix, timer.mapIx) === TaskState.restarting;
    case "dagrunTimedOut":
    case "cancelForced":
      return true;
  }
}
