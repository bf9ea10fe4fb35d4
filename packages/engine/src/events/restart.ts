/** Task instances that were cleared while they ran: they run again once their attempt has ended (semantics 11.2). */

import { putTask } from "../run/agenda.ts";
import { change } from "../run/change.ts";
import { slotOf, stateAt } from "../run/instances.ts";
import { becomeNone } from "../judge/renew.ts";
import type { Effects, InstanceRef, Run, RunEvent, Verdict } from "../run/run.ts";
import { settle } from "../judge/settle.ts";
import { TaskState } from "../spec/states.ts";
import { cleared, finished, ok, unknown } from "./verdicts.ts";

/** How long a worker has to report that a cleared body has stopped. */
export const restartTimeoutMs = 60_000;

/** The attempt has ended, however: it is forgotten. */
export function endRestart(run: Run, ref: InstanceRef, effects: Effects): Verdict {
  const from = effects.changes.length;
  if (run.cancelRequested) change(run, ref, { state: TaskState.skipped }, effects);
  else {
    becomeNone(run, ref, effects);
    putTask(run.agenda, ref.ix);
  }
  settle(run, from, effects);
  return cleared;
}

/** The worker did not stop in time: the task runs again without waiting for it. The fence keeps the old attempt out. */
export function forceRestart(
  run: Run,
  event: Extract<RunEvent, { kind: "restartForced" }>,
  effects: Effects,
): Verdict {
  const slot = slotOf(run, event.ix, event.mapIx);
  if (slot < 0) return unknown;
  const isOfNewest = run.instances.attempt[slot] === event.attempt;
  if (stateAt(run, slot) !== TaskState.restarting || !isOfNewest) return finished;
  effects.stop.push({ ix: event.ix, mapIx: event.mapIx, attempt: event.attempt });
  endRestart(run, event, effects);
  return ok;
}
