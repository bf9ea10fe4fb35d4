/** What a mapped instance is about, and whose values a task is given (semantics 6.5-6.6). */

import type { Path } from "../graph/arrows.ts";
import type { PlannedSource } from "../graph/mapping.ts";
import { hasFlag, instanceFlags, isExpanded, isMapped } from "./instances.ts";
import { cellCount, cellWidth, instanceCount, sourceLength, unitsOf } from "./lengths.ts";
import type { InstanceRef, ReadySpan, Run } from "./run.ts";

/** Where an element of a mapping is found. */
export type ItemSource =
  /** Written out in the DAG: JSON text. */
  | { readonly kind: "literal"; readonly json: string }
  /** In what the run was given: an element of the list at this path. */
  | { readonly kind: "run"; readonly path: Path; readonly index: number }
  /** In the value of an unmapped task: an element of the list at this path. */
  | { readonly kind: "element"; readonly ix: number; readonly path: Path; readonly index: number }
  /** The whole value of an instance of a mapped task; `mapIx` -1 where that instance is there no more. */
  | { readonly kind: "instance"; readonly ix: number; readonly mapIx: number };

export type InstanceItem = {
  /** "<task or group id>/<number of the source>", counted over all axes of that task or group. */
  readonly key: string;
  readonly source: ItemSource;
};

/** Values of a task that another one is given: those of `mapIx` from `from` up to, without, `to`; not mapped: -1 to 0. */
export type InstanceInput = ReadySpan & {
  /** Whether it gets a list, of the values of those that have one, in index order; else it is one value. */
  readonly isList: boolean;
};

/** The elements that an instance is about: of the mapped groups around its task from outside in, then its own. */
export function itemsOf(run: Run, { ix, mapIx }: InstanceRef): InstanceItem[] {
  if (mapIx < 0) return [];
  const { mapping } = run.dag;
  const items: InstanceItem[] = [];
  let rest = mapIx;
  for (const unit of unitsOf(run.dag, ix).toReversed()) {
    const length = Math.max(1, run.lengths.used[unit]!);
    const index = rest % length;
    rest = Math.floor(rest / length);
    items.unshift(...unitItems(run, mapping.units[unit]!, index));
  }
  return items;
}

/** Whose values the arguments of an instance refer to, task by task. */
export function inputsOf(run: Run, ref: InstanceRef): InstanceInput[] {
  return run.dag.inputs[ref.ix]!.map((input) => inputOf(run, ref, input));
}

function unitItems(
  run: Run,
  { id, axes }: { readonly id: string; readonly axes: readonly (readonly PlannedSource[])[] },
  index: number,
): InstanceItem[] {
  const items: InstanceItem[] = [];
  let rest = index;
  // The last axis varies fastest, and sources are counted from the first.
  for (const axis of axes.toReversed()) {
    const length = Math.max(1, shortest(run, axis));
    const at = rest % length;
    rest = Math.floor(rest / length);
    items.unshift(...axis.map((source) => ({ key: "", source: itemOf(run, source, at) })));
  }
  return items.map(({ source }, n) => ({ key: `${id}/${n}`, source }));
}

function shortest(run: Run, axis: readonly PlannedSource[]): number {
  return axis.reduce((least, source) => Math.min(least, sourceLength(run, source)), Infinity);
}

function itemOf(run: Run, source: PlannedSource, index: number): ItemSource {
  if (source.kind === "list")
    return { kind: "literal", json: JSON.stringify(source.elements[index] ?? null) };
  if (source.kind === "run") return { kind: "run", path: source.path, index };
  const { ix, path } = source;
  if (!source.isMapped) return { kind: "element", ix, path, index };
  return { kind: "instance", ix, mapIx: valuedIx(run, ix)[index] ?? -1 };
}

/** The map indexes of the instances of a task that left a value. */
function valuedIx(run: Run, ix: number): Int32Array {
  const known = run.lengths.valuedIx.get(ix);
  if (known) return known;
  const { first, count } = run.instances;
  const found: number[] = [];
  for (let mapIx = 0; mapIx < count[ix]!; mapIx += 1)
    if (hasFlag(run, first[ix]! + mapIx, instanceFlags.hasValue)) found.push(mapIx);
  const list = Int32Array.from(found);
  run.lengths.valuedIx.set(ix, list);
  return list;
}

function inputOf(run: Run, ref: InstanceRef, ix: number): InstanceInput {
  const { mapping } = run.dag;
  if (!isMapped(run, ix)) return { ix, from: -1, to: 0, isList: false };
  const frame = mapping.commonFrame(ix, ref.ix);
  const isList = mapping.ownUnit[ix]! >= 0 || frame !== mapping.frameOf[ix];
  // Not expanded: skipped, or of no length.
  if (!isExpanded(run, ix)) return { ix, from: isList ? 0 : -1, to: 0, isList };
  if (frame < 0 || ref.mapIx < 0) return { ix, from: 0, to: instanceCount(run, ix), isList };
  const outer = run.lengths.cells[frame]!;
  const each = instanceCount(run, ix) / outer;
  const cell = Math.floor(ref.mapIx / Math.max(1, cellWidth(run, ref.ix)));
  const from = Math.floor((cell * outer) / cellCount(run, ref.ix)) * each;
  return { ix, from, to: from + each, isList };
}
