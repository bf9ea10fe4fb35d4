/** The arrows of a DAG by task number, followed in both directions. */

import type { TaskSpec } from "../spec/spec.ts";

/** Keys and indexes into a value. */
export type Path = readonly (string | number)[];

/**
 * Compressed: the children of `ix` are `children[childOffsets[ix]] … children[childOffsets[ix + 1] - 1]`, likewise parents.
 * Arrows only lead to higher numbers.
 */
export type DagArrows = {
  /** By number. */
  readonly tasks: readonly TaskSpec[];
  readonly ixOf: ReadonlyMap<string, number>;
  readonly childOffsets: Int32Array;
  readonly children: Int32Array;
  readonly parentOffsets: Int32Array;
  readonly parents: Int32Array;
};

export function childrenOf({ children, childOffsets }: DagArrows, ix: number): Int32Array {
  return children.subarray(childOffsets[ix], childOffsets[ix + 1]);
}

export function parentsOf({ parents, parentOffsets }: DagArrows, ix: number): Int32Array {
  return parents.subarray(parentOffsets[ix], parentOffsets[ix + 1]);
}

/** The given tasks and all after them, as far as `last`. */
export function reachedFrom(
  { children, childOffsets }: DagArrows,
  starts: readonly number[],
  last: number,
): Set<number> {
  const reached = new Set(starts.filter((ix) => ix <= last));
  for (const ix of reached)
    for (let edge = childOffsets[ix]!; edge < childOffsets[ix + 1]!; edge += 1) {
      const child = children[edge]!;
      if (child <= last) reached.add(child);
    }
  return reached;
}

/** The given tasks and all before them, as far as `first`. */
export function reachedBack(
  { parents, parentOffsets }: DagArrows,
  starts: readonly number[],
  first: number,
): Set<number> {
  const reached = new Set(starts.filter((ix) => ix >= first));
  for (const ix of reached)
    for (let edge = parentOffsets[ix]!; edge < parentOffsets[ix + 1]!; edge += 1) {
      const parent = parents[edge]!;
      if (parent >= first) reached.add(parent);
    }
  return reached;
}
