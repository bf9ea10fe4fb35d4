/** Statements about starts under rate limits. */

import type { Statements } from "./statement.ts";
import type { Tables } from "./tables.ts";

/** A length of time is counted in so many parts, and one more. */
const parts = 16;

export const rateStatements: Statements = {
  /** The lock is in `needs.ts`. */
  rate_lock: () => [],
  rate_read({ tables, now }, [key, perMs, sliceMs]) {
    const slice = Math.floor(now / (sliceMs as number));
    const counted = [...startsOf(tables, key, perMs)]
      .filter(([at]) => at >= slice - parts)
      .toSorted(([a], [b]) => a - b)
      .map(([at, taken]) => ({ now_slice: slice, now, slice: at, taken }));
    return counted.length > 0 ? counted : [{ now_slice: slice, now, slice: null, taken: null }];
  },
  rate_take({ tables, atEnd }, [key, perMs, slice, taken]) {
    atEnd(() => {
      const starts = startsOf(tables, key, perMs);
      for (const at of starts.keys()) if (at < (slice as number) - parts) starts.delete(at);
      const before = starts.get(slice as number) ?? 0;
      starts.set(slice as number, before + (taken as number));
      const part = slice as number;
      tables.takenStarts.push({ key: nameOf(key, perMs), part, taken: taken as number });
    });
    return [];
  },
};

function nameOf(key: unknown, perMs: unknown): string {
  return `${String(key)} ${String(perMs)}`;
}

function startsOf({ starts }: Tables, key: unknown, perMs: unknown): Map<number, number> {
  const name = nameOf(key, perMs);
  let slices = starts.get(name);
  if (slices === undefined) starts.set(name, (slices = new Map<number, number>()));
  return slices;
}
