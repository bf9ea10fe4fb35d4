/** What the benchmark is doing, for whoever waits; and an end to every wait. */
import { setTimeout as delay } from "node:timers/promises";

const begin = performance.now();

/** Says on stderr what comes next; stdout is for the figures. */
export function say(what: string): void {
  process.stderr.write(
    `[${((performance.now() - begin) / 1000).toFixed(1).padStart(5)} s] ${what}\n`,
  );
}

/**
 * The answer of some work, if it comes in time.
 *
 * @throws Error naming what was waited for, and for how long.
 */
export async function within<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const deadline = delay(seconds * 1000, undefined, { signal: late.signal }).then(
    () => {
      throw new Error(`No figure: ${what} took longer than ${seconds} s.`);
    },
    // The work was in time.
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work, deadline]);
  } finally {
    late.abort();
  }
}

/** Looks again and again until there is something to see. `look` may throw: then it is over. */
export async function until<T>(
  seconds: number,
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
  everyMs = 20,
): Promise<T> {
  const deadlineMs = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await within(seconds, what, Promise.resolve(look()));
    if (seen !== null && seen !== false) return seen;
    if (performance.now() > deadlineMs)
      throw new Error(`No figure: ${what} took longer than ${seconds} s.`);
    await delay(everyMs);
  }
}
