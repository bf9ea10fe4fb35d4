/** The weights by which tasks take their turns: their own, and those of everything after or before them (semantics 5.5). */

import type { DagArrows } from "./arrows.ts";

const least = -(2 ** 31);
const most = 2 ** 31 - 1;
/** Tasks whose arrival is followed at once: the bits of a word. */
const wordSize = 32;

/**
 * By index: the weight by which a task takes its turn. Each task after it (or before it, by its rule) counts once, however
 * many ways lead there; sums are exact before they are clamped to 32 bits. A graph without joins (or without forks, for
 * "upstream") costs as much as its arrows, any other a 64th of its arrows times its tasks at the most, and only what can be reached.
 */
export function effectiveWeights(arrows: DagArrows): Int32Array {
  const { tasks } = arrows;
  const own = Float64Array.from(tasks, (task) => task.priorityWeight);
  const has = (rule: string) => tasks.some((task) => task.weightRule === rule);
  const { children, childOffsets, parents, parentOffsets } = arrows;
  const back = { offsets: parentOffsets, targets: parents };
  const on = { offsets: childOffsets, targets: children };
  const downstream = has("downstream") ? sumsOver(own, back, -1) : own;
  const upstream = has("upstream") ? sumsOver(own, on, 1) : own;
  return Int32Array.from(tasks, ({ weightRule }, ix) => {
    const sum = { downstream, upstream, absolute: own }[weightRule][ix]!;
    return Math.max(least, Math.min(most, sum));
  });
}

type Arrows = { readonly offsets: Int32Array; readonly targets: Int32Array };

/** By index: its own weight and those of all from which `behind` leads to it; `step` is the direction in which it leads. */
function sumsOver(own: Float64Array, behind: Arrows, step: 1 | -1): Float64Array {
  return isForest(behind) ? treeSums(own, behind, step) : setSums(own, behind, step);
}

/** Whether one way at the most leads from any task to any other. */
function isForest({ offsets }: Arrows): boolean {
  for (let ix = 0; ix + 1 < offsets.length; ix += 1)
    if (offsets[ix + 1]! - offsets[ix]! > 1) return false;
  return true;
}

function treeSums(own: Float64Array, { offsets, targets }: Arrows, step: 1 | -1): Float64Array {
  const sums = own.slice();
  const count = own.length;
  for (let nth = 0; nth < count; nth += 1) {
    const ix = step < 0 ? count - 1 - nth : nth;
    if (offsets[ix]! < offsets[ix + 1]!) sums[targets[offsets[ix]!]!]! += sums[ix]!;
  }
  return sums;
}

/** Follows 32 tasks at a time, as the bits of a word, back to everything that leads to them. */
function setSums(own: Float64Array, behind: Arrows, step: 1 | -1): Float64Array {
  const sums = own.slice();
  const count = own.length;
  const bits = new Int32Array(count);
  const table = new Float64Array(4 * 256);
  const { offsets, targets } = behind;
  for (let start = 0; start < count; start += wordSize) {
    const end = Math.min(count, start + wordSize);
    fillTable(table, own, start, end);
    bits.fill(0);
    // Numbers are topological: whatever leads to a task of the word is on one side of it.
    let left = 0;
    for (let ix = start; ix < end; ix += 1) left += Number(offsets[ix]! < offsets[ix + 1]!);
    if (left === 0) continue;
    const from = step < 0 ? end - 1 : start;
    const to = step < 0 ? -1 : count;
    for (let ix = from; ix !== to; ix += step) {
      const reached = bits[ix]!;
      const isOfWord = ix >= start && ix < end;
      if (reached === 0 && !isOfWord) continue;
      if (reached !== 0) sums[ix]! += sumOf(table, reached);
      const onward = isOfWord ? reached | (1 << (ix - start)) : reached;
      for (let edge = offsets[ix]!; edge < offsets[ix + 1]!; edge += 1)
        bits[targets[edge]!]! |= onward;
    }
  }
  return sums;
}

/** What each byte of a word comes to. */
function fillTable(table: Float64Array, own: Float64Array, start: number, end: number): void {
  table.fill(0);
  for (let byte = 0; byte < 4; byte += 1)
    for (let value = 1; value < 256; value += 1) {
      const low = value & -value;
      const ix = start + byte * 8 + (31 - Math.clz32(low));
      table[byte * 256 + value] = table[byte * 256 + (value ^ low)]! + (ix < end ? own[ix]! : 0);
    }
}

function sumOf(table: Float64Array, word: number): number {
  return (
    table[word & 255]! +
    table[256 + ((word >>> 8) & 255)]! +
    table[512 + ((word >>> 16) & 255)]! +
    table[768 + (word >>> 24)]!
  );
}
