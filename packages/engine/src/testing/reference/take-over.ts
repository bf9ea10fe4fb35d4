/** Crashes: the run is lost, and made again from the rows that its changes have written. */

import { restoreRun } from "../../restore/restore.ts";
import type { Effects, Run } from "../../run/run.ts";
import { newEffects } from "../../run/run.ts";
import { TaskState } from "../../spec/states.ts";
import { transition } from "../../events/transition.ts";
import type { Play } from "./play.ts";
import { keyOf } from "./play.ts";
import { allInstances } from "./world.ts";

/** What a take-over gives, after the timers that are overdue: a wait that was over has no row of its own. */
export function takeOver(play: Play): { restored: Run; effects: Effects } {
  const { dag, run, rows, expansions } = play;
  const effects = newEffects();
  const row = {
    state: run.state,
    startedAt: run.startedAt,
    cancelRequestedAt: play.cancelRequestedAt,
    isMarkedFailed: run.isMarkedFailed,
    expansions: [...expansions].map(([ix, count]) => ({ ix, count })),
    now: play.now,
  };
  const restored = restoreRun(dag, run.facts, row, [...rows.values()], effects);
  const over = new Set(play.refs(TaskState.scheduled).map(keyOf));
  for (const timer of [...effects.timers])
    if (timer.kind === "waitDue" && over.has(keyOf(timer)))
      transition(restored, { ...timer, at: play.now }, effects);
  return { restored, effects };
}

/** Goes on with what a take-over gives. */
export function crash(play: Play): void {
  const { restored, effects } = takeOver(play);
  play.run = restored;
  play.timers.push(...effects.timers);
  // Rows do not tell whether an instance with tries behind it waits for one of these or for its lost workers.
  for (const one of allInstances(play.world)) {
    const row = play.rowOf({ ix: play.dag.ixOf.get(one.taskId)!, mapIx: one.mapIx });
    // The timers that were set are gone with the process, so none can be mistaken for another.
    one.retryAt = null;
    if (one.wait !== null && one.wait.deferral.heartbeatMs !== null)
      one.wait.beatDue = play.now + one.wait.deferral.heartbeatMs;
    if (row?.state === TaskState.up_for_retry && one.attempt > one.uncounted) one.isOpen = false;
  }
  play.compare();
}
