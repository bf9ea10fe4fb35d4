/** Time. Only the database's clock decides; a node follows it with its own monotonic clock between two looks. */

/** The monotonic clock and timers of a process. Tests bring their own. */
export type Clock = {
  /** Milliseconds since an arbitrary moment; never goes back. */
  monotonicMs(): number;
  /** Calls once after so many milliseconds. Returns what cancels it. */
  after(ms: number, call: () => void): () => void;
};

/** Longest delay that `setTimeout` takes without firing at once. */
const timeoutMaxMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, Math.min(Math.max(ms, 0), timeoutMaxMs));
    return () => clearTimeout(timer);
  },
};

/** The database's clock as this node knows it. */
export type DbClock = {
  /** Milliseconds since 1970 by the database. Throws before the first `observe`. */
  now(): number;
  /** Takes a reading of the database's clock, with the monotonic moments it was asked and answered. */
  observe(databaseNow: number, askedAtMs: number, answeredAtMs: number): void;
};

export function createDbClock(clock: Clock): DbClock {
  let offset: number | null = null;
  return {
    now() {
      if (offset === null) throw new Error("The database's clock has not been read yet.");
      return Math.floor(clock.monotonicMs() + offset);
    },
    observe(databaseNow, askedAtMs, answeredAtMs) {
      offset = databaseNow - (askedAtMs + answeredAtMs) / 2;
    },
  };
}

/** Resolves after so long. */
export function pause(clock: Pick<Clock, "after">, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
