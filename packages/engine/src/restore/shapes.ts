/** Gives the mapped tasks of a run that is taken over the instances that they had. */

import { setState } from "../run/change.ts";
import {
  allot,
  eachOf,
  gone,
  hasFlag,
  instanceFlags as flags,
  isMapped,
  stateAt,
} from "../run/instances.ts";
import { cellCount, resolveUnit, unitsOf, useLength } from "../run/lengths.ts";
import type { Expansion, Run, TaskRow } from "../run/run.ts";
import { isFinal } from "../spec/states.ts";

/** Slots for all instances that were made or have rows. */
export function restoreSlots(
  run: Run,
  expansions: readonly Expansion[],
  rows: readonly TaskRow[],
): void {
  const wanted = new Map<number, number>();
  for (const { ix, count } of expansions)
    if (ix in run.dag.tasks && isMapped(run, ix)) wanted.set(ix, count);
  const slots = new Map(wanted);
  // Instances that the task had before, and has no more.
  for (const { ix, mapIx } of rows)
    if (slots.has(ix)) slots.set(ix, Math.max(slots.get(ix)!, mapIx + 1));
  for (const [ix, count] of slots) {
    if (count > 0) allot(run, ix, count);
    if (wanted.get(ix)! > 0) setState(run, ix, ix, gone);
  }
}

/**
 * The lengths by which the instances were made, once the states of all are known. They may differ from those that the
 * sources give now: these may have run again since, or may just do so.
 */
export function restoreLengths(run: Run, expansions: readonly Expansion[]): void {
  const { mapping } = run.dag;
  if (mapping.units.length === 0) return;
  for (const ix of mapping.usersOf.keys()) countSource(run, ix);
  for (let unit = 0; unit < mapping.units.length; unit += 1) resolveUnit(run, unit);
  const counts = new Map(expansions.map(({ ix, count }) => [ix, count]));
  for (let unit = 0; unit < mapping.units.length; unit += 1) {
    const length = usedLength(run, unit, counts);
    if (length >= 0) useLength(run, unit, length);
  }
}

function countSource(run: Run, source: number): void {
  let open = 0;
  let valued = 0;
  eachOf(run, source, (slot, _, mapIx) => {
    if (mapIx < 0) return;
    if (!isFinal(stateAt(run, slot))) open += 1;
    if (hasFlag(run, slot, flags.hasValue)) valued += 1;
  });
  run.tallies.open[source] = open;
  run.lengths.valued.set(source, valued);
}

/** The instances of a task, divided by what is around the unit and by what is inside. */
function usedLength(run: Run, unit: number, counts: ReadonlyMap<number, number>): number {
  const { units, frameTasks, outerFrame } = run.dag.mapping;
  let least = Infinity;
  for (const ix of frameTasks[unit] ?? [units[unit]!.ix]) {
    const count = counts.get(ix);
    const path = unitsOf(run.dag, ix);
    const inside = path.slice(path.indexOf(unit) + 1);
    if (count === undefined) continue;
    const outer = frameTasks[unit] ? around(run, outerFrame[unit]!) : cellCount(run, ix);
    if (outer === 0) return -1;
    // Exact for tasks that nothing else multiplies. Of the others the least: what is inside may not be known just now.
    if (inside.length === 0) return count / outer;
    const inner = inside.reduce((size, one) => size * Math.max(1, run.lengths.known[one]!), 1);
    least = Math.min(least, count === 0 ? run.lengths.known[unit]! : count / outer / inner);
  }
  return least === Infinity ? -1 : Math.floor(least);
}

function around(run: Run, frame: number): number {
  return frame < 0 ? 1 : run.lengths.cells[frame]!;
}
