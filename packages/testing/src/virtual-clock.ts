/** Time that passes only when nobody works: waits of hours take no time, and come in the same order each time. */

import type { EpochMs, Timer } from "@millrace/engine";

export type VirtualClock = {
  now(): EpochMs;
  add(timers: readonly Timer[]): void;
  /** Moves on to the timer that is due first, the earliest added among equals; null when there is none. */
  next(): Timer | null;
  /** When a task's retry is due, if it waits for one. */
  retryAtOf(ix: number): EpochMs | null;
};

export function virtualClock(start: EpochMs): VirtualClock {
  const pending: Timer[] = [];
  let now = start;
  return {
    now: () => now,
    add: (timers) => void pending.push(...timers),
    next() {
      const first = pending.reduce<Timer | null>(
        (a, b) => (a === null || b.at < a.at ? b : a),
        null,
      );
      if (first === null) return null;
      pending.splice(pending.indexOf(first), 1);
      now = Math.max(now, first.at);
      return first;
    },
    retryAtOf: (ix) =>
      pending.findLast((timer) => timer.kind === "retryDue" && timer.ix === ix)?.at ?? null,
  };
}
