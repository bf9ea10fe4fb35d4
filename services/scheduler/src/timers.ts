/** Everything that is due at a time: one heap, on the database's clock. */

import type { Clock, DbClock } from "./clock.ts";
import { createHeap } from "./dispatch/heap.ts";

export type TimersOptions<T> = {
  readonly clock: Clock;
  readonly dbClock: DbClock;
  /** Items handled in one turn of the event loop. */
  readonly perTurnMax: number;
  /** Items whose cause is gone are dropped, not delivered; asked when many have gathered. */
  isLive(item: T): boolean;
  onDue(items: readonly T[]): void;
};

export type Timers<T> = {
  /** `at`: milliseconds since 1970 by the database. */
  add(at: number, item: T): void;
  /** Looks at the clock anew: it was read again, or moved by a test. */
  wake(): void;
  readonly size: number;
  stop(): void;
};

type Entry<T> = { readonly at: number; readonly item: T };

/** Below this many nothing is cleaned up. */
const cleanUpFrom = 10_000;

export function createTimers<T>(options: TimersOptions<T>): Timers<T> {
  const heap = createHeap<Entry<T>>((a, b) => a.at < b.at);
  let cleanUpAt = cleanUpFrom;
  let cancel: (() => void) | null = null;
  let cancelAt = Infinity;
  let isStopped = false;

  function arm(): void {
    const next = heap.peek();
    if (isStopped || next === undefined || next.at >= cancelAt) return;
    cancel?.();
    cancelAt = next.at;
    cancel = options.clock.after(next.at - options.dbClock.now(), () => {
      disarm();
      fire();
    });
  }

  function disarm(): void {
    cancel?.();
    cancel = null;
    cancelAt = Infinity;
  }

  function fire(): void {
    const now = options.dbClock.now();
    const due: T[] = [];
    for (let next = heap.peek(); next !== undefined && next.at <= now; next = heap.peek()) {
      if (due.length >= options.perTurnMax) break;
      heap.pop();
      due.push(next.item);
    }
    if (due.length > 0) options.onDue(due);
    arm();
  }

  return {
    add(at, item) {
      heap.push({ at, item });
      if (heap.size > cleanUpAt) {
        heap.keep((entry) => options.isLive(entry.item));
        cleanUpAt = Math.max(cleanUpFrom, heap.size * 2);
      }
      arm();
    },
    wake() {
      disarm();
      arm();
    },
    get size() {
      return heap.size;
    },
    stop() {
      isStopped = true;
      disarm();
    },
  };
}
