/** Counts a final state for all that come after, and puts these on the agenda. */

import { putCells, putTask } from "../run/agenda.ts";
import { makeOneReady, slotAt } from "../run/change.ts";
import type { CompiledDag } from "../graph/graph.ts";
import { hasFlag, instanceFlags as flags, isExpanded } from "../run/instances.ts";
import { isJudging } from "./judge-task.ts";
import { cellCount, instanceCount, resolveUnit } from "../run/lengths.ts";
import type { Change, Effects, Run } from "../run/run.ts";
import { isFinal, TaskState } from "../spec/states.ts";
import { column, columnOf } from "../graph/tally.ts";
import { countShared, eachLink, rowWidth, stateColumn } from "../run/tallies.ts";
import { traits } from "../graph/traits.ts";

/** What makes a task more than "runs once all before it succeeded". */
const special =
  traits.isMapped | traits.isScoped | traits.isChosen | traits.hasRule | traits.hasMates;

/** Costs what the arrows of its task cost. Of a state that is not final, or not there any more, nothing follows. */
export function spread(run: Run, { ix, mapIx, state }: Change, effects: Effects): void {
  const { instances, dag } = run;
  const slot = mapIx < 0 ? ix : slotAt(run, { ix, mapIx });
  // Something else may have become of it meanwhile, or it was counted with everything else.
  if (!isFinal(state) || instances.state[slot] !== state || hasFlag(run, slot, flags.isCounted))
    return;
  instances.flags[slot]! |= flags.isCounted;
  const bits = dag.traits[ix]!;
  const isMate = mapIx >= 0 && dag.mapping.frameOf[ix]! >= 0;
  if (mapIx >= 0) run.tallies.open[ix]! -= 1;
  const at = columnOf(state);
  const { children, childOffsets } = dag;
  const end = childOffsets[ix + 1]!;
  for (let edge = childOffsets[ix]!; edge < end; edge += 1) {
    const child = children[edge]!;
    if (isMate) countFor(run, ix, mapIx, child, at);
    else if (state === TaskState.success && (dag.traits[child]! & special) === 0)
      succeedFor(run, child, effects);
    else countForAll(run, ix, mapIx, child, at);
  }
  if ((bits & traits.hasLinks) !== 0) spreadLinks(run, ix, mapIx, state);
  if ((bits & traits.isMapSource) !== 0) resolveUsers(run, ix, slot);
}

/** The ordinary case goes past the agenda: with nothing but successes before it, nothing can be said but "run". */
function succeedFor(run: Run, child: number, effects: Effects): void {
  const { tallies, dag, instances } = run;
  const row = dag.tallyAt[child]!;
  const success = (tallies.shared[row + column.success]! += 1);
  if (success + tallies.shared[row + column.removed]! < tallies.shared[row + column.upstream]!)
    return;
  if (instances.state[child] === TaskState.none && isJudging(run))
    makeOneReady(run, { ix: child, mapIx: -1 }, effects);
}

function spreadLinks(run: Run, ix: number, mapIx: number, state: TaskState): void {
  eachLink(run.dag, ix, (target, kind) => {
    const at = stateColumn(kind, state);
    if (at >= 0) countFor(run, ix, mapIx, target, at);
  });
}

/** Counts for the cells of a task that an instance matters to. */
function countFor(run: Run, ix: number, mapIx: number, target: number, at: number): void {
  const cells = matesOf(run, ix, mapIx, target);
  if (cells === null) return countForAll(run, ix, mapIx, target, at);
  // Without instances it is judged as a whole, if at all, once all before it is final.
  if (!isExpanded(run, target)) {
    if (run.tallies.open[ix] === 0) putTask(run.agenda, target);
    return;
  }
  const [from, to] = cells;
  const { own, ownAt } = run.tallies;
  const width = rowWidth(run.dag, target);
  for (let cell = from; cell < to; cell += 1) own[ownAt[target]! + cell * width + at]! += 1;
  putCells(run.agenda, target, from, to);
}

/** Counts for a task as a whole. */
function countForAll(run: Run, ix: number, mapIx: number, target: number, at: number): void {
  const counted = countShared(run, target, at);
  const isMany = run.dag.mapping.frameOf[target]! >= 0;
  // Many cells look at this counter: only the first of a kind and the last of a task change what a rule says.
  if (isMany && counted > 1 && mapIx >= 0 && run.tallies.open[ix]! > 0) return;
  putTask(run.agenda, target);
}

const noCells = [0, 0] as const;

/**
 * The cells of a task that an instance of another one in a mapped group with it counts for (semantics 2.5), from one up
 * to, without, another; null when it counts for all, because they share no group.
 */
function matesOf(
  run: Run,
  ix: number,
  mapIx: number,
  target: number,
): readonly [number, number] | null {
  const { dag, lengths } = run;
  const frame = mapIx < 0 ? -1 : dag.mapping.commonFrame(ix, target);
  if (frame < 0) return null;
  const outer = lengths.cells[frame]!;
  const index = Math.floor((mapIx * outer) / instanceCount(run, ix));
  // Removed: it is before nobody.
  if (index >= outer) return noCells;
  const each = cellCount(run, target) / outer;
  return [index * each, (index + 1) * each];
}

/** A list that others are mapped over may be known now. */
function resolveUsers(run: Run, ix: number, slot: number): void {
  const { lengths, dag } = run;
  if (slot !== ix && hasFlag(run, slot, flags.hasValue)) {
    lengths.valued.set(ix, (lengths.valued.get(ix) ?? 0) + 1);
    lengths.valuedIx.delete(ix);
  }
  if (slot !== ix && run.tallies.open[ix]! > 0) return;
  for (const unit of dag.mapping.usersOf.get(ix) ?? []) {
    resolveUnit(run, unit);
    for (const task of tasksOf(dag, unit)) putTask(run.agenda, task);
  }
}

function tasksOf({ mapping }: CompiledDag, unit: number): readonly number[] {
  return mapping.frameTasks[unit] ?? [mapping.units[unit]!.ix];
}
