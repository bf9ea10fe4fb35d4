/** Turns numbers into events: most of them sensible, some late, repeated, out of order or about nothing. */

import * as fc from "fast-check";
import type { InstanceRef, RunEvent, Timer } from "../../run/run.ts";
import { isRunFinal } from "../../run/run.ts";
import { RunState, TaskState } from "../../spec/states.ts";
import { aFailure } from "../../testing.ts";
import { deferralOf, isWaitState } from "../../run/waits.ts";
import type { Attempt, Play } from "./play.ts";
import { deferred, waitEvent } from "./random-waits.ts";

export type Choice = { readonly kind: number; readonly pick: number };

export function choices(maxLength: number): fc.Arbitrary<Choice[]> {
  const choice = fc.record({ kind: fc.nat(99), pick: fc.nat(0xffff) });
  return fc.array(choice, { maxLength, size: "max" });
}

/** How often what happens: kinds below a figure are what it says, in this order. The rest repeats what has happened. */
const weights = {
  ...{ start: 6, grant: 40, report: 74, wait: 82, timer: 90, noise: 92, people: 97, cancel: 98 },
};

export function step(play: Play, { kind, pick }: Choice): void {
  play.now += 1;
  const at = play.now;
  const { attempts, timers, history } = play;
  const isWaiting = play.run.state === RunState.queued && kind < weights.grant;
  if (kind === 0 && pick % 8 < 2)
    play.send(
      pick % 8 === 0 ? { kind: "runLeftOut", at } : { kind: "inputsTimedOut", waitedMs: 1, at },
    );
  else if (kind < weights.start || isWaiting) play.send({ kind: "runStarted", at });
  else if (kind < weights.grant) grantOne(play, play.refs(TaskState.scheduled), pick);
  else if (kind < weights.report && attempts.length > 0)
    play.send(report(play, attemptOf(play, pick), pick));
  else if (kind < weights.wait && attempts.length > 0)
    play.send(waitEvent(awaitedOf(play, pick), pick, at));
  else if (kind < weights.timer && timers.length > 0) fire(play, timers[pick % timers.length]!);
  else if (kind < weights.noise) play.send(noise(play, pick));
  else if (kind < weights.people) play.send(byPerson(play, pick));
  else if (kind < weights.cancel && pick % 4 === 0) play.send({ kind: "cancelRequested", at });
  else if (history.length > 0) play.send(history[pick % history.length]!);
}

/** Late rather than early: that is all that can be said of a timer. */
function fire(play: Play, timer: Timer): void {
  play.now = Math.max(play.now, timer.at);
  play.send({ ...timer, at: play.now });
}

/** People are shown everything but what was `removed`: `selectInstances`. */
function byPerson(play: Play, pick: number): RunEvent {
  const { success, failed, skipped, removed } = TaskState;
  const all = play.refs(...Object.values(TaskState).filter((state) => state !== removed));
  const refs = all.filter((_, nth) => nth === pick % all.length || (pick >> (nth % 12)) % 8 === 0);
  const at = play.now;
  if (pick % 3 > 0) return { kind: "cleared", refs, at };
  if (pick % 10 > 0) {
    const state = ([success, failed, skipped] as const)[(pick >> 2) % 3]!;
    return { kind: "marked", refs, state, at };
  }
  const state = (pick >> 2) % 2 === 0 ? RunState.success : RunState.failed;
  return { kind: "runMarked", state, at };
}

function grantOne(play: Play, ready: readonly InstanceRef[], pick: number): void {
  const ref = ready[pick % Math.max(1, ready.length)];
  if (ref) play.send({ kind: "taskGranted", ...ref, at: play.now });
}

/** Mostly an attempt that waits, sometimes one that does not. */
function awaitedOf(play: Play, pick: number): Attempt {
  const { deferred, awaiting_input } = TaskState;
  const waiting = play.refs(deferred, awaiting_input);
  const ref = waiting[pick % Math.max(1, waiting.length)];
  if (!ref || pick % 7 === 0) return attemptOf(play, pick);
  return { ...ref, attempt: play.rowOf(ref)!.attempt };
}

/** Newer attempts more often than those that are long over. */
function attemptOf({ attempts }: Play, pick: number): Attempt {
  const reach = pick % 4 === 0 ? attempts.length : Math.min(attempts.length, 8);
  return attempts[attempts.length - 1 - (pick % reach)]!;
}

export function report(play: Play, attempt: Attempt, pick: number): RunEvent {
  const about = { ...attempt, at: play.now };
  const kind = (pick >> 4) % 16;
  if (kind < 8) return success(play, attempt, pick);
  if (kind === 8) return deferred(attempt, pick, play.now);
  if (kind < 11)
    return { kind: "taskFailed", ...about, failure: aFailure({ retryable: kind !== 9 }) };
  if (kind === 11) return { kind: "taskSkipped", ...about };
  if (kind === 12) return { kind: "taskRescheduled", ...about, until: play.now + 10 };
  if (kind === 13) return { kind: "taskReturned", ...about };
  if (kind === 14) return { kind: "leaseLost", ...about };
  if (pick % 8 > 0) return deferred(attempt, pick, play.now);
  return { kind: "taskFailed", ...about, failure: aFailure() };
}

export function success(play: Play, attempt: Attempt, pick: number): RunEvent {
  const { dag } = play;
  const { control, cases } = dag.tasks[attempt.ix]!;
  const names = cases.map(({ name }) => name).filter((_, at) => (pick >> at) % 3 > 0);
  const choice = { none: null, branch: names, short_circuit: pick % 3 > 0 ? ["continue"] : [] };
  return {
    kind: "taskSucceeded",
    ...attempt,
    at: play.now,
    hasValue: pick % 9 !== 0,
    lengths: dag.measures[attempt.ix]!.map(
      (_, at) => ((pick >> at) % 5) - (pick % 13 === 0 ? 1 : 0),
    ),
    choice: choice[control],
  };
}

/** Things that nobody sends but a network that mixes everything up. */
function noise(play: Play, pick: number): RunEvent {
  const ix = (pick % (play.dag.tasks.length + 6)) - 3;
  const about = { ix, mapIx: ((pick >> 3) % 6) - 2, attempt: (pick >> 5) % 4, at: play.now };
  const kinds = [
    "leaseLost",
    "waitDue",
    "executionTimedOut",
    "taskSkipped",
    "taskReturned",
    "waitBeat",
    "waitTimedOut",
  ] as const;
  if (pick % 11 === 0) return { kind: "cancelForced", at: play.now };
  return { kind: kinds[pick % kinds.length]!, ...about };
}

/**
 * Ends the run: bodies mostly succeed, timers fire, nothing more goes wrong.
 *
 * @param slotsMax leaves it where it is once mappings have multiplied to more: the reference looks at everything each time.
 */
export function playToEnd(play: Play, picks: fc.Stream<number>, slotsMax = Infinity): void {
  play.now += 1;
  play.send({ kind: "runStarted", at: play.now });
  for (let steps = 0; !isRunFinal(play.run); steps += 1) {
    if (play.run.instances.size > slotsMax) return;
    if (steps > 20_000) throw new Error("the run does not end");
    play.now += 1;
    const open = play.refs(...onTheirWay);
    const pick = picks.next().value as number;
    const ref = open[pick % Math.max(1, open.length)];
    if (ref) advance(play, ref, pick);
    else throw new Error("nothing can happen, and the run is not final");
  }
}

const onTheirWay = [
  ...[TaskState.scheduled, TaskState.running, TaskState.restarting, TaskState.up_for_retry],
  ...[TaskState.up_for_reschedule, TaskState.deferred, TaskState.awaiting_input],
];

function advance(play: Play, ref: InstanceRef, pick: number): void {
  const row = play.rowOf(ref);
  const state = play.stateOf(ref);
  const attempt = { ...ref, attempt: row?.attempt ?? 0 };
  if (state === TaskState.scheduled) play.send({ kind: "taskGranted", ...ref, at: play.now });
  else if (state === TaskState.restarting)
    play.send({ kind: "taskSkipped", ...attempt, at: play.now });
  else if (isWaitState(state)) advanceWait(play, attempt, pick);
  else if (state !== TaskState.running) {
    // A wait for a moment may have failed, and is tried again after the delay.
    if (state === TaskState.up_for_retry) play.now += 300_000;
    play.send({ kind: "waitDue", ...attempt, at: play.now });
  } else if (pick % 13 === 0) play.send(deferred(attempt, pick, play.now));
  else if (pick % 7 === 0)
    play.send({ kind: "taskFailed", ...attempt, at: play.now, failure: aFailure() });
  else if (pick % 11 === 0) play.send({ kind: "taskSkipped", ...attempt, at: play.now });
  else play.send(success(play, attempt, pick));
}

/** Something comes, or the time is over. */
function advanceWait(play: Play, attempt: Attempt, pick: number): void {
  const { until, timeoutAt } = deferralOf(play.run, attempt)!;
  if (timeoutAt !== null && pick % 5 === 0) {
    play.now = Math.max(play.now, timeoutAt);
    play.send({ kind: "waitTimedOut", ...attempt, at: play.now });
  } else if (until !== null) {
    play.now = Math.max(play.now, until);
    play.send({ kind: "waitDue", ...attempt, at: play.now });
  } else play.send(waitEvent(attempt, pick, play.now, "waitFulfilled"));
}
