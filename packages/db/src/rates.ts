/** Starts under a rate limit: taken in a transaction by key, so that no stretch of its length has more than its limit. */

import type { EpochMs, RateLimit } from "@millrace/engine";
import type { Database } from "./database.ts";
import { inTransaction } from "./transaction.ts";

/** A length of time is counted in so many parts: what was taken in a part counts until the whole part is over. */
const slicesPer = 16;

export type RateAnswer = {
  /** Starts that were given. They count from now on, whether they are used or not. */
  readonly taken: number;
  /** Starts that count now, those included. */
  readonly started: number;
  /** When some are possible again; null when some are left. */
  readonly until: EpochMs | null;
};

type Row = { now_slice: number; now: number; slice: number | null; taken: number | null };

/** Takes up to `wanted` starts. */
export async function takeStarts(
  db: Database,
  { key, limit, perMs }: RateLimit,
  wanted: number,
): Promise<RateAnswer> {
  const sliceMs = Math.ceil(perMs / slicesPer);
  return inTransaction(db, async (run) => {
    await run("rate_lock", [key, perMs]);
    const rows = await run<Row>("rate_read", [key, perMs, sliceMs]);
    const slice = rows[0]?.now_slice ?? 0;
    let started = rows.reduce((sum, row) => sum + (row.taken ?? 0), 0);
    const taken = Math.max(0, Math.min(wanted, limit - started));
    if (taken > 0) await run("rate_take", [key, perMs, slice, taken]);
    started += taken;
    if (started < limit) return { taken, started, until: null };
    // The oldest part that counts leaves when it has been over for the whole length.
    let left = started;
    const counted = [...rows.flatMap((row) => (row.slice === null ? [] : [row]))];
    if (taken > 0) counted.push({ now_slice: slice, now: 0, slice, taken });
    for (const row of counted) {
      left -= row.taken ?? 0;
      if (left < limit)
        return { taken, started, until: ((row.slice ?? slice) + slicesPer + 1) * sliceMs };
    }
    return { taken, started, until: (slice + slicesPer + 1) * sliceMs };
  });
}
