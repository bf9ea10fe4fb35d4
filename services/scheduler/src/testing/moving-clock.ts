/** A clock that tests move forward. Real time passes on it as well. */

import { systemClock, type Clock } from "../clock.ts";

export type MovingClock = Clock & { advance(ms: number): void };

/** For a node that reads its shards once: its lease outlasts whatever a test moves the clock by. */
export const unread = { shardTtlMs: 360_000_000, shardRenewMs: 360_000_000 };

export function movingClock(): MovingClock {
  type Waiting = { atMs: number; call: () => void; cancel: () => void };
  const waiting = new Set<Waiting>();
  let ahead = 0;
  const monotonicMs = () => systemClock.monotonicMs() + ahead;

  function arm(each: Waiting): void {
    each.cancel();
    each.cancel = systemClock.after(each.atMs - monotonicMs(), () => {
      waiting.delete(each);
      each.call();
    });
  }

  return {
    monotonicMs,
    after(ms, call) {
      const each: Waiting = { atMs: monotonicMs() + ms, call, cancel: () => undefined };
      waiting.add(each);
      arm(each);
      return () => {
        waiting.delete(each);
        each.cancel();
      };
    },
    advance(ms) {
      ahead += ms;
      for (const each of waiting) arm(each);
    },
  };
}
