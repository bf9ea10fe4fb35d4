/** How long the lists are that a run's mappings walk over, as far as the run has got (semantics 6.2). */

import { dagLimits } from "../spec/dag-limits.ts";
import type { CompiledDag } from "../graph/graph.ts";
import type { MapUnit, PlannedSource } from "../graph/mapping.ts";
import { isExpanded, isMapped, stateAt } from "./instances.ts";
import type { Run } from "./run.ts";
import type { MapLengths } from "./run-data.ts";
import { isFinal, TaskState } from "../spec/states.ts";

/** Instead of a length: why there is none. Of several the least number is the one that counts. */
export const lengthStatus = {
  /** A source is not a list; all others are known. */
  noList: -1,
  /** A source is not final. */
  waits: -2,
  skipped: -3,
  upstreamFailed: -4,
} as const;

/** Lengths beyond are all the same: too long. */
const lengthMax = 0x7fff_ffff;

export function newMapLengths({ mapping, blank }: CompiledDag): MapLengths {
  return blank.isPlain ? nothingMapped : emptyLengths(mapping.units.length, mapping.frameCount);
}

function emptyLengths(units: number, frames: number): MapLengths {
  return {
    known: new Int32Array(units).fill(lengthStatus.waits),
    used: new Int32Array(units).fill(-1),
    cells: new Int32Array(frames),
    measured: new Map(),
    valued: new Map(),
    valuedIx: new Map(),
  };
}

/** Of all runs of DAGs in which nothing is mapped: nothing is ever added to it. */
const nothingMapped = emptyLengths(0, 0);

/** Looks at the sources of a unit again. */
export function resolveUnit(run: Run, unit: number): void {
  run.lengths.known[unit] = unitLength(run, run.dag.mapping.units[unit]!);
}

/**
 * How many instances a mapped task is to have, or one of `lengthStatus`: the product of its mapped groups and its own
 * mapping, which may be more than a task may have.
 */
export function wantedLength({ dag, lengths }: Run, ix: number): number {
  const { frameOf, outerFrame, ownUnit } = dag.mapping;
  const own = ownUnit[ix]!;
  let length = own < 0 ? 1 : lengths.known[own]!;
  for (let frame = frameOf[ix]!; frame >= 0; frame = outerFrame[frame]!)
    length = times(length, lengths.known[frame]!);
  return length;
}

/** Whether the instances of a task that was expanded are those that its sources ask for now. */
export function isShaped({ dag, lengths }: Run, ix: number): boolean {
  const { frameOf, outerFrame, ownUnit } = dag.mapping;
  const { known, used } = lengths;
  const own = ownUnit[ix]!;
  if (own >= 0 && known[own] !== used[own]) return false;
  for (let frame = frameOf[ix]!; frame >= 0; frame = outerFrame[frame]!)
    if (known[frame] !== used[frame]) return false;
  return true;
}

export function isTooLong(length: number): boolean {
  return length > dagLimits.mapLength;
}

/** How many times the innermost frame around a task is there; 1 when there is none. What an upstream is judged for. */
export function cellCount({ dag, lengths }: Run, ix: number): number {
  const frame = dag.mapping.frameOf[ix]!;
  return frame < 0 ? 1 : lengths.cells[frame]!;
}

/** How many instances of a task are in each cell: the length of its own mapping. */
export function cellWidth({ dag, lengths }: Run, ix: number): number {
  const own = dag.mapping.ownUnit[ix]!;
  return own < 0 ? 1 : Math.max(0, lengths.used[own]!);
}

/** Instances of a task without those that were removed; -1 until it is expanded. */
export function instanceCount(run: Run, ix: number): number {
  if (!isMapped(run, ix)) return 1;
  return run.instances.count[ix]! < 0 ? -1 : cellCount(run, ix) * cellWidth(run, ix);
}

/** The units whose lengths multiply to the instances of a task, from outside in. */
export function unitsOf({ mapping }: CompiledDag, ix: number): number[] {
  const units = mapping.ownUnit[ix]! < 0 ? [] : [mapping.ownUnit[ix]!];
  for (let frame = mapping.frameOf[ix]!; frame >= 0; frame = mapping.outerFrame[frame]!)
    units.unshift(frame);
  return units;
}

/** Takes a unit's length over from its sources. */
export function useLength({ dag, lengths }: Run, unit: number, length: number): void {
  const { outerFrame, frameCount } = dag.mapping;
  lengths.used[unit] = length;
  if (unit >= frameCount) return;
  // Frames are numbered from outside in.
  for (let frame = unit; frame < frameCount; frame += 1) {
    const outer = outerFrame[frame]!;
    lengths.cells[frame] =
      (outer < 0 ? 1 : lengths.cells[outer]!) * Math.max(0, lengths.used[frame]!);
  }
}

function unitLength(run: Run, unit: MapUnit): number {
  let length = 1;
  for (const axis of unit.axes) length = times(length, axisLength(run, axis));
  return Math.min(length, lengthMax);
}

/** Sources of one axis are walked together, as long as the shortest. */
function axisLength(run: Run, axis: readonly PlannedSource[]): number {
  // The least is the shortest list, and the status that counts.
  let least = Infinity;
  for (const source of axis) least = Math.min(least, sourceLength(run, source));
  return least;
}

function times(a: number, b: number): number {
  return a < 0 || b < 0 ? Math.min(a, b) : a * b;
}

/** The length of one source, or one of `lengthStatus`. */
export function sourceLength(run: Run, source: PlannedSource): number {
  if (source.kind === "list") return source.elements.length;
  if (source.kind === "run") return run.facts.lengthOf(source.path) ?? lengthStatus.noList;
  const { ix } = source;
  if (isExpanded(run, ix))
    return run.tallies.open[ix]! > 0 ? lengthStatus.waits : (run.lengths.valued.get(ix) ?? 0);
  const state = stateAt(run, ix);
  if (state === TaskState.success && !source.isMapped) {
    const length = run.lengths.measured.get(ix)?.[source.measure];
    // Marked as success by a person: it left no value.
    if (length === undefined) return lengthStatus.upstreamFailed;
    return length < 0 ? lengthStatus.noList : length;
  }
  return statusOf(state);
}

/** Of a source that has no list to give: what becomes of what is mapped over it (semantics 2.6, 6.3). */
function statusOf(state: TaskState): number {
  if (!isFinal(state)) return lengthStatus.waits;
  return state === TaskState.skipped ? lengthStatus.skipped : lengthStatus.upstreamFailed;
}
