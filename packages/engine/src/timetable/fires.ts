/** The instants at which a cron expression fires in a zone. */

import type { Cron } from "./cron.ts";
import { readCron } from "./cron.ts";
import type { EpochMs } from "../spec/spec.ts";
import { offsetAt, readWall } from "./zone.ts";

/** Longest change of a wall clock that is looked for around an instant. */
const shiftMs = 3 * 3_600_000;
/** Matches looked at for one answer; an hour that repeats holds 3,600 of them at most. */
const scanLimit = 20_000;

export type CronRule = { readonly expression: string; readonly timezone: string };

/**
 * The first instant strictly after `after` at which the expression fires; null when there is none.
 *
 * Clock changes, as in Airflow: an expression whose hours are limited fires once a matching wall time, at its second
 * occurrence where the clock repeats it, and later by the gap where the clock skips it. One that allows every hour
 * fires at every instant whose wall time matches. The answer depends on the zone's calendar alone, never on where the
 * search began.
 *
 * @throws MillraceError CRON_INVALID
 */
export function nextFire(rule: CronRule, after: EpochMs): EpochMs | null {
  const cron = readCron(rule.expression);
  const { timezone } = rule;
  let best: EpochMs | null = null;
  let looked = 0;
  const from = after + offsetsNear(timezone, after).low;
  for (let wall = cron.after(from); wall !== null; wall = cron.after(wall)) {
    const { fires, low, high } = firesOf(cron, timezone, wall);
    if (best !== null && wall - high >= best) break;
    for (const at of fires) if (at > after && (best === null || at < best)) best = at;
    // Away from clock changes later wall times are later instants.
    if (best !== null && low === high) break;
    looked += 1;
    if (looked > scanLimit) break;
  }
  return best;
}

/** The last instant at or before `at` at which the expression fires; null when there is none. Rules of `nextFire`. */
export function lastFire(rule: CronRule, at: EpochMs): EpochMs | null {
  const cron = readCron(rule.expression);
  const { timezone } = rule;
  let best: EpochMs | null = null;
  let looked = 0;
  const from = at + offsetsNear(timezone, at).high + 1;
  for (let wall = cron.before(from); wall !== null; wall = cron.before(wall)) {
    const { fires, low, high } = firesOf(cron, timezone, wall);
    if (best !== null && wall - low <= best) break;
    for (const fire of fires) if (fire <= at && (best === null || fire > best)) best = fire;
    if (best !== null && low === high) break;
    looked += 1;
    if (looked > scanLimit) break;
  }
  return best;
}

function offsetsNear(zone: string, at: EpochMs): { low: number; high: number } {
  const offsets = [at - shiftMs, at, at + shiftMs].map((instant) => offsetAt(zone, instant));
  return { low: Math.min(...offsets), high: Math.max(...offsets) };
}

/** The instants at which a matching wall time fires, with the offsets in force around it. */
function firesOf(
  cron: Cron,
  zone: string,
  wall: number,
): { fires: readonly EpochMs[]; low: number; high: number } {
  const { instants, before, after } = readWall(zone, wall);
  const low = Math.min(before, after);
  const high = Math.max(before, after);
  if (cron.everyHour) return { fires: instants, low, high };
  const second = instants.at(-1);
  return { fires: [second ?? wall - before], low, high };
}
