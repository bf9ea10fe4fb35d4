/** What must hold after every event, whatever the rules say. */

import { isRunFinal } from "../../run/run.ts";
import type { TaskStateName } from "../../spec/states.ts";
import { RunState, TaskState } from "../../spec/states.ts";
import { deferralOf } from "../../run/waits.ts";
import type { Play } from "./play.ts";
import { byIndex, expectCounted, expectSame, statesOfRun } from "./play.ts";
import { takeOver } from "./take-over.ts";
import { finals } from "./world.ts";

const ends: readonly TaskStateName[] = ["success", "failed", "skipped"];

/** What a body may leave behind that gave its slot back. */
const waits: readonly TaskStateName[] = ["deferred", "awaiting_input"];

/** What an instance is at once that becomes `none`, when nothing is left to wait for. */
const begins: readonly TaskStateName[] = [
  "none",
  "scheduled",
  "failed",
  "skipped",
  "upstream_failed",
];

/**
 * By state: what may follow within a run that nobody clears or marks. Anything may be `removed`, when a list is shorter
 * the second time; what is merely ready waits again when that gives it something to wait for.
 */
const legal: Readonly<Partial<Record<TaskStateName, readonly TaskStateName[]>>> = {
  none: begins,
  scheduled: [...ends, ...begins, "running", "up_for_retry", "up_for_reschedule", ...waits],
  restarting: begins,
  removed: begins,
  running: [...ends, "scheduled", "up_for_retry", "up_for_reschedule", ...waits],
  up_for_retry: [...ends, "scheduled", "up_for_reschedule", ...waits],
  up_for_reschedule: [...ends, "scheduled"],
  deferred: [...ends, "scheduled", "up_for_retry"],
  awaiting_input: [...ends, "scheduled", "up_for_retry"],
};

type States = Readonly<Record<string, string>>;

/** Compares two readings of `statesOfRun`, one event apart; a mapped task may have given way to its instances. */
export function checkTransitions(before: States, after: States): void {
  for (const [name, then] of Object.entries(after)) {
    const was = (before[name]?.split(" ")[0] ?? "none") as TaskStateName;
    const is = then.split(" ")[0] as TaskStateName;
    if (was === is || is === "removed") continue;
    if (!legal[was]?.includes(is)) throw new Error(`broken: ${name} went from ${was} to ${is}`);
  }
}

export function checkInvariants(play: Play): void {
  const { run, rows } = play;
  const states = Object.values(statesOfRun(run)).map((text) => text.split(" ")[0]!);
  const areAllFinal = states.every((state) => finals.includes(state as TaskStateName));
  // Marked before it has started, a run still has to be started to end.
  if (run.state !== RunState.queued)
    ensure(isRunFinal(run) === areAllFinal, "a run is final exactly when its instances are");
  if (run.cancelRequested && isRunFinal(run))
    ensure(run.state === RunState.failed, "a cancelled run fails");
  for (const row of rows.values()) {
    ensure(row.uncounted <= row.attempt, "no more uncounted grants than grants");
    const { retries } = play.dag.tasks[row.ix]!;
    ensure(row.attempt - row.uncounted <= retries + 1, "no more tries than allowed");
    const mayWait =
      row.state === TaskState.up_for_retry || row.state === TaskState.up_for_reschedule;
    ensure((row.waitUntil !== null) === mayWait, "a wait has a time, and nothing else has one");
  }
  const waiting = play.refs(TaskState.deferred, TaskState.awaiting_input);
  const retrying = play.refs(TaskState.up_for_retry);
  const kept = run.waits?.size ?? 0;
  ensure(kept <= waiting.length + retrying.length, "only what waits costs something");
  for (const ref of waiting) {
    const row = play.rowOf(ref);
    ensure(deferralOf(run, ref) === row?.deferral, "a row says what its instance waits for");
  }
  const grants = new Set(
    play.attempts.map(({ ix, mapIx, attempt }) => `${ix}/${mapIx}/${attempt}`),
  );
  ensure(grants.size === play.attempts.length, "no attempt is granted twice");
}

/** A take-over from the rows gives the same run, with the same to do. */
export function expectRestored(play: Play): void {
  const { run } = play;
  const { restored, effects } = takeOver(play);
  ensure(effects.changes.length === 0 && effects.run === null, "a take-over has nothing to write");
  expectSame("states after a take-over", statesOfRun(restored), statesOfRun(run));
  ensure(restored.state === run.state, "a take-over keeps the run's state");
  if (isRunFinal(run)) return;
  expectCounted(restored);
  expectSame("counts after a take-over", byIndex(restored.counts), byIndex(run.counts));
  for (const ref of play.refs(TaskState.deferred, TaskState.awaiting_input)) {
    const { until, timeoutAt, heartbeatMs } = deferralOf(run, ref)!;
    const isTimed = until !== null || timeoutAt !== null || heartbeatMs !== null;
    const set = effects.timers.filter(({ ix, mapIx }) => ix === ref.ix && mapIx === ref.mapIx);
    ensure(set.length === (isTimed ? 1 : 0), "a wait has one timer after a take-over, if any");
  }
  const ready = effects.ready.flatMap(({ ix, from, to }) =>
    Array.from({ length: to - from }, (_, at) => `${ix}/${from + at}`),
  );
  if (run.state !== RunState.running || run.cancelRequested) return;
  for (const { ix, mapIx } of play.refs(TaskState.scheduled))
    ensure(ready.includes(`${ix}/${mapIx}`), `${ix}/${mapIx} is ready after a take-over`);
}

function ensure(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`broken: ${promise}`);
}
