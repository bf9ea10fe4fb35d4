/** What must hold after every event, whatever the rules say. */

import { isRunFinal } from "../../run.ts";
import type { TaskStateName } from "../../states.ts";
import { RunState, TaskState } from "../../states.ts";
import type { Play } from "./play.ts";
import { byIndex, expectCounted, expectSame, statesOfRun } from "./play.ts";
import { takeOver } from "./take-over.ts";
import { finals } from "./world.ts";

const ends: readonly TaskStateName[] = ["success", "failed", "skipped"];

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
  scheduled: [...ends, ...begins, "running", "up_for_retry", "up_for_reschedule"],
  restarting: begins,
  removed: begins,
  running: [...ends, "scheduled", "up_for_retry", "up_for_reschedule"],
  up_for_retry: [...ends, "scheduled", "up_for_reschedule"],
  up_for_reschedule: [...ends, "scheduled"],
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
