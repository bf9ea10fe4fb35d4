/** A binary heap: the least first. */

export type Heap<T> = {
  readonly size: number;
  push(item: T): void;
  peek(): T | undefined;
  pop(): T | undefined;
  /** Call when the first item has changed so that others may come before it now. */
  firstChanged(): void;
  /** Removes what the predicate refuses. O(n). */
  keep(predicate: (item: T) => boolean): void;
};

export function createHeap<T>(isBefore: (a: T, b: T) => boolean): Heap<T> {
  let items: T[] = [];

  function rise(at: number): void {
    const item = items[at] as T;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as T;
      if (!isBefore(item, above)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  function sink(at: number): void {
    const item = items[at];
    if (item === undefined) return;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      const right = child + 1;
      if (right < items.length && isBefore(items[right] as T, items[child] as T)) child = right;
      const below = items[child] as T;
      if (!isBefore(below, item)) break;
      items[at] = below;
      at = child;
    }
    items[at] = item;
  }

  return {
    get size() {
      return items.length;
    },
    push(item) {
      items.push(item);
      rise(items.length - 1);
    },
    peek: () => items[0],
    pop() {
      const first = items[0];
      const last = items.pop();
      if (items.length > 0 && last !== undefined) {
        items[0] = last;
        sink(0);
      }
      return first;
    },
    firstChanged: () => sink(0),
    keep(predicate) {
      items = items.filter(predicate);
      for (let at = (items.length >> 1) - 1; at >= 0; at--) sink(at);
    },
  };
}
