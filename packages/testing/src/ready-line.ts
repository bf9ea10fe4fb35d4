/** Task instances that may run, in the order in which they are taken: as the scheduler orders those of one run. */

import type { EpochMs, InstanceRef, ReadySpan } from "@millrace/engine";

type Waiting = {
  readonly ix: number;
  from: number;
  readonly to: number;
  readonly priority: number;
  readonly readyAt: EpochMs;
};

/** By priority, then for how long they have been ready, then as the graph numbers them. */
export class ReadyLine {
  readonly #line: Waiting[] = [];

  add({ ix, from, to }: ReadySpan, priority: number, readyAt: EpochMs): void {
    const added = { ix, from, to, priority, readyAt };
    let low = 0;
    let high = this.#line.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (goesFirst(added, this.#line[middle]!)) high = middle;
      else low = middle + 1;
    }
    this.#line.splice(low, 0, added);
  }

  get first(): InstanceRef | null {
    const [first] = this.#line;
    return first === undefined ? null : { ix: first.ix, mapIx: first.from };
  }

  removeFirst(): void {
    const [first] = this.#line;
    if (first === undefined) return;
    first.from += 1;
    if (first.from >= first.to) this.#line.shift();
  }

  /** Takes everything away that became ready with the first; answers what brings it back to its place. */
  setFirstAside(): () => void {
    const first = this.#line.shift();
    return () => {
      if (first !== undefined) this.add(first, first.priority, first.readyAt);
    };
  }
}

function goesFirst(a: Waiting, b: Waiting): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  if (a.readyAt !== b.readyAt) return a.readyAt < b.readyAt;
  return a.ix === b.ix ? a.from < b.from : a.ix < b.ix;
}
