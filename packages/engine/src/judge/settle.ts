/** What a task instance's final state means for those after it and for the run, until nothing more follows. */

import { putTask, takeCells, takeTask } from "../run/agenda.ts";
import { setState } from "../run/change.ts";
import { finishIfDone } from "./finish.ts";
import { eachInstance, hasFlag, instanceFlags as flags, stateAt } from "../run/instances.ts";
import { judgeCells, judgeTask } from "./judge-task.ts";
import { resolveUnit } from "../run/lengths.ts";
import type { Effects, Run } from "../run/run.ts";
import { spread } from "./spread.ts";
import { isFinal, TaskState } from "../spec/states.ts";
import { recount } from "../run/tallies.ts";

/**
 * Lets the final states among `effects.changes` from position `from` on act on the tasks after them, and ends the run
 * once nothing is open. What it changes itself joins the list, so one pass reaches everything; it costs as much as the
 * arrows that leave those tasks.
 */
export function settle(run: Run, from: number, effects: Effects): void {
  let at = from;
  let wasReviewed = false;
  for (;;) {
    for (; at < effects.changes.length; at += 1) spread(run, effects.changes[at]!, effects);
    if (run.tallies.isStale) {
      recountAll(run);
      putAll(run);
      wasReviewed = true;
    }
    const ix = takeTask(run.agenda);
    if (ix < 0) break;
    judgeNext(run, ix, effects);
  }
  if (wasReviewed) forgetReady(run);
  if (finishIfDone(run, effects) === "deadlocked") settle(run, at, effects);
}

/** Puts all tasks on the agenda: when a run starts, and when everything was counted anew. */
export function putAll(run: Run): void {
  for (let ix = 0; ix < run.dag.tasks.length; ix += 1) putTask(run.agenda, ix);
}

function judgeNext(run: Run, ix: number, effects: Effects): void {
  const cells = takeCells(run.agenda, ix);
  if (cells === undefined) judgeTask(run, ix, effects);
  else
    for (let at = 0; at < cells.length; at += 2)
      judgeCells(run, ix, cells[at]!, cells[at + 1]!, effects);
}

/**
 * Counts everything from scratch. What was ready only because the graph said so has to be found ready again: a take-over,
 * which knows nothing but rows, must come to the same.
 */
function recountAll(run: Run): void {
  const { instances, lengths } = run;
  lengths.valued.clear();
  lengths.valuedIx.clear();
  eachInstance(run, (slot, ix, mapIx) => {
    const state = stateAt(run, slot);
    if (isFinal(state)) instances.flags[slot]! |= flags.isCounted;
    else instances.flags[slot]! &= ~flags.isCounted;
    if (state === TaskState.scheduled && isDerived(run, slot)) {
      setState(run, ix, slot, TaskState.none);
      instances.flags[slot]! |= flags.wasReady;
    }
    if (mapIx >= 0 && state === TaskState.success && hasFlag(run, slot, flags.hasValue))
      lengths.valued.set(ix, (lengths.valued.get(ix) ?? 0) + 1);
  });
  run.tallies = recount(run).tallies;
  for (let unit = 0; unit < lengths.known.length; unit += 1) resolveUnit(run, unit);
}

/** Whether an instance is ready because of what is before it, not because of what became of an earlier attempt. */
function isDerived(run: Run, slot: number): boolean {
  return run.instances.attempt[slot] === 0 || hasFlag(run, slot, flags.isCleared);
}

function forgetReady(run: Run): void {
  const { flags: bits, size } = run.instances;
  for (let slot = 0; slot < size; slot += 1) bits[slot]! &= ~flags.wasReady;
}
