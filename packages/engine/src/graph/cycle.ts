/** Orders tasks so that each comes after those it waits for, or finds the circle that forbids it. */

/** Arrows by task index, compressed: the targets of task `i` are `targets[offsets[i]] … targets[offsets[i + 1] - 1]`. */
export type Arrows = { readonly offsets: Int32Array; readonly targets: Int32Array };

/** Builds arrows from pairs, keeping the pairs' order among those of one task. */
export function arrowsOf(count: number, from: ArrayLike<number>, to: ArrayLike<number>): Arrows {
  const offsets = new Int32Array(count + 1);
  for (let edge = 0; edge < from.length; edge += 1) offsets[from[edge]! + 1]! += 1;
  for (let ix = 0; ix < count; ix += 1) offsets[ix + 1]! += offsets[ix]!;
  const next = offsets.slice(0, count);
  const targets = new Int32Array(from.length);
  for (let edge = 0; edge < from.length; edge += 1) {
    const source = from[edge]!;
    targets[next[source]!] = to[edge]!;
    next[source]! += 1;
  }
  return { offsets, targets };
}

/** Topological order, earliest in the input first where the arrows leave a choice; null when there is a circle. */
export function topologicalOrder(count: number, children: Arrows): Int32Array | null {
  const pending = new Int32Array(count);
  for (const target of children.targets) pending[target]! += 1;
  const order = new Int32Array(count);
  let length = 0;
  for (let ix = 0; ix < count; ix += 1) if (pending[ix] === 0) order[length++] = ix;
  for (let head = 0; head < length; head += 1) {
    const ix = order[head]!;
    for (let edge = children.offsets[ix]!; edge < children.offsets[ix + 1]!; edge += 1) {
      const child = children.targets[edge]!;
      pending[child]! -= 1;
      if (pending[child] === 0) order[length++] = child;
    }
  }
  return length === count ? order : null;
}

/** One circle as a list of indexes in the direction of the arrows, first index not repeated; null when there is none. */
export function findCycle(count: number, children: Arrows): number[] | null {
  const unseen = 0;
  const onPath = 1;
  const done = 2;
  const mark = new Uint8Array(count);
  const nextEdge = children.offsets.slice(0, count);
  for (let start = 0; start < count; start += 1) {
    if (mark[start] !== unseen) continue;
    const path = [start];
    mark[start] = onPath;
    while (path.length > 0) {
      const ix = path.at(-1)!;
      if (nextEdge[ix] === children.offsets[ix + 1]) {
        mark[ix] = done;
        path.pop();
        continue;
      }
      const child = children.targets[nextEdge[ix]!]!;
      nextEdge[ix]! += 1;
      if (mark[child] === onPath) return path.slice(path.indexOf(child));
      if (mark[child] === unseen) {
        mark[child] = onPath;
        path.push(child);
      }
    }
  }
  return null;
}
