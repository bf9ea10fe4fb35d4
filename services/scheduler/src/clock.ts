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

/** How far two clocks are thought to part in a millisecond: ten times what quartz does. */
const driftPerMs = 0.000_5;

/** What has to be added to the monotonic clock, between these. */
type Offset = { readonly low: number; readonly high: number; readonly atMs: number };

/**
 * A reading tells the offset only up to the time its answer took, which can be seconds when the database is slow. What was known
 * better before still holds, but for drift (Cristian 1989, Marzullo 1984). A reading that contradicts it says that the database's
 * clock was set.
 */
export function createDbClock(clock: Clock): DbClock {
  let known: Offset | null = null;
  return {
    now() {
      if (known === null) throw new Error("The database's clock has not been read yet.");
      return Math.floor(clock.monotonicMs() + (known.low + known.high) / 2);
    },
    observe(databaseNow, askedAtMs, answeredAtMs) {
      const read = {
        ...{ low: databaseNow - answeredAtMs, high: databaseNow - askedAtMs },
        atMs: answeredAtMs,
      };
      known = known === null ? read : within(read, known);
    },
  };
}

function within(read: Offset, known: Offset): Offset {
  const drift = Math.max(0, read.atMs - known.atMs) * driftPerMs;
  const low = Math.max(read.low, known.low - drift);
  const high = Math.min(read.high, known.high + drift);
  return low > high ? read : { low, high, atMs: read.atMs };
}

/** Resolves after so long. */
export function pause(clock: Pick<Clock, "after">, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
