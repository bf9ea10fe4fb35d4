/** Gives mapped tasks their instances, and adapts these when the lists behind them have changed (semantics 6.3-6.4). */

import { change, setState, slotAt } from "../run/change.ts";
import { allot, gone, hasFlag, instanceFlags, isExpanded, stateAt } from "../run/instances.ts";
import { cellCount, cellWidth, unitsOf, useLength } from "../run/lengths.ts";
import { becomeNone, forgetOutcome } from "./renew.ts";
import type { Effects, Run } from "../run/run.ts";
import { TaskState } from "../spec/states.ts";
import { countExpanded } from "../run/tallies.ts";

/**
 * Makes a mapped task have the instances that its sources ask for now, which are known and not too many. All tasks of a
 * mapped group always have the same number: those that were expanded before follow. Where instances were there before,
 * the counters are stale afterwards, and everything has to be judged anew.
 */
export function expand(run: Run, ix: number, effects: Effects): void {
  const { frameCount, frameTasks } = run.dag.mapping;
  const { known, used } = run.lengths;
  const adapted = new Set<number>();
  for (const unit of unitsOf(run.dag, ix)) {
    if (known[unit] === used[unit]) continue;
    useLength(run, unit, known[unit]!);
    if (unit < frameCount) for (const task of frameTasks[unit]!) adapted.add(task);
  }
  adapted.delete(ix);
  for (const task of adapted) if (isExpanded(run, task)) shape(run, task, effects);
  shape(run, ix, effects);
}

function shape(run: Run, ix: number, effects: Effects): void {
  const { instances, tallies } = run;
  const had = instances.count[ix]!;
  const wants = cellCount(run, ix) * cellWidth(run, ix);
  effects.expanded.push({ ix, count: wants });
  if (wants === 0 && had < 0) return;
  if (wants > had) allot(run, ix, wants);
  setPlaceholder(run, ix, wants, effects);
  if (had < 0) {
    countExpanded(run, ix);
    return;
  }
  tallies.isStale = true;
  for (let mapIx = 0; mapIx < had; mapIx += 1) {
    const isRemoved = stateAt(run, slotAt(run, { ix, mapIx })) === TaskState.removed;
    if (mapIx >= wants && !isRemoved) remove(run, ix, mapIx, effects);
    if (mapIx < wants && isRemoved) becomeNone(run, { ix, mapIx }, effects);
  }
}

/** What stands for the task as a whole is there as long as there are no instances. */
function setPlaceholder(run: Run, ix: number, count: number, effects: Effects): void {
  const isThere = !isExpanded(run, ix);
  // A row that it has from before must say what it is now: not one more instance, or again what there is.
  const hasRow = hasFlag(run, ix, instanceFlags.hasRow);
  const ref = { ix, mapIx: -1 };
  if (count === 0 && !isThere) {
    setState(run, ix, ix, TaskState.none);
    if (hasRow) change(run, ref, { state: TaskState.none }, effects);
  }
  if (count === 0 || !isThere) return;
  if (hasRow) change(run, ref, { state: TaskState.removed }, effects);
  setState(run, ix, ix, gone);
}

/** Elements that are gone take their instances with them, whatever these have come to. */
function remove(run: Run, ix: number, mapIx: number, effects: Effects): void {
  const slot = slotAt(run, { ix, mapIx });
  const state = stateAt(run, slot);
  if (state === TaskState.running || state === TaskState.restarting)
    effects.stop.push({ ix, mapIx, attempt: run.instances.attempt[slot]! });
  forgetOutcome(run, { ix, mapIx });
  change(run, { ix, mapIx }, { state: TaskState.removed }, effects);
}
