/** When scheduled runs are due. A cron schedule is a trigger timetable: the logical date is the instant of firing. */

import type { Cron } from "./cron.ts";
import { readCron } from "./cron.ts";
import type { DagSpec, EpochMs, Schedule } from "./spec.ts";
import { offsetAt, readWall } from "./zone.ts";

/** Longest change of a wall clock that is looked for around an instant. */
const shiftMs = 3 * 3_600_000;
/** Matches looked at for one answer; an hour that repeats holds 3,600 of them at most. */
const scanLimit = 20_000;
const firstRunBufferMs = 5 * 60_000;

export type PlannedRun = {
  readonly logicalDate: EpochMs;
  readonly dataInterval: { readonly start: EpochMs; readonly end: EpochMs };
  readonly runAfter: EpochMs;
};

/** Which runs to plan: `last` is the data interval of the newest scheduled run. */
export type NextRunsOptions = {
  readonly now: EpochMs;
  readonly last: { readonly start: EpochMs; readonly end: EpochMs } | null;
  readonly count: number;
};

/**
 * The first instant strictly after `after` at which the schedule fires; null when there is none.
 *
 * Clock changes, as in Airflow: an expression whose hours are limited fires once a matching wall time, at its second
 * occurrence where the clock repeats it, and later by the gap where the clock skips it. One that allows every hour
 * fires at every instant whose wall time matches. The answer depends on the zone's calendar alone, never on where the
 * search began.
 *
 * @throws MillraceError CRON_INVALID
 */
export function nextFire(schedule: Schedule, after: EpochMs): EpochMs | null {
  const cron = readCron(schedule.expression);
  const { timezone } = schedule;
  let best: EpochMs | null = null;
  let looked = 0;
  for (const wall of cron.after(after + offsetsNear(timezone, after).low)) {
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

/** The last instant at or before `at` at which the schedule fires; null when there is none. Rules of `nextFire`. */
export function lastFire(schedule: Schedule, at: EpochMs): EpochMs | null {
  const cron = readCron(schedule.expression);
  const { timezone } = schedule;
  let best: EpochMs | null = null;
  let looked = 0;
  for (const wall of cron.before(at + offsetsNear(timezone, at).high + 1)) {
    const { fires, low, high } = firesOf(cron, timezone, wall);
    if (best !== null && wall - low <= best) break;
    for (const fire of fires) if (fire <= at && (best === null || fire > best)) best = fire;
    if (best !== null && low === high) break;
    looked += 1;
    if (looked > scanLimit) break;
  }
  return best;
}

/**
 * The next scheduled runs of a DAG, soonest first, as if none were refused meanwhile. Missed fires are not made up:
 * only the newest of them still counts, and a DAG without a start date takes it only if it was missed by little.
 */
export function nextRuns(
  spec: Pick<DagSpec, "schedule" | "startDate" | "endDate">,
  options: NextRunsOptions,
): PlannedRun[] {
  const runs: PlannedRun[] = [];
  if (!spec.schedule) return runs;
  let at = firstFire(spec.schedule, spec.startDate, options);
  while (
    at !== null &&
    runs.length < options.count &&
    (spec.endDate === null || at <= spec.endDate)
  ) {
    runs.push({ logicalDate: at, dataInterval: { start: at, end: at }, runAfter: at });
    at = nextFire(spec.schedule, at);
  }
  return runs;
}

function firstFire(
  schedule: Schedule,
  startDate: EpochMs | null,
  { now, last }: NextRunsOptions,
): EpochMs | null {
  const past = lastFire(schedule, now);
  const start = startDate === null ? null : nextFire(schedule, startDate - 1);
  if (startDate !== null && start === null) return null;
  if (last === null && start === null) return firstWithoutStart(schedule, past, now);
  const next = last === null ? null : nextFire(schedule, last.end);
  if (last !== null && next === null) return null;
  return Math.max(past ?? -Infinity, start ?? -Infinity, next ?? -Infinity);
}

function firstWithoutStart(schedule: Schedule, past: EpochMs | null, now: EpochMs): EpochMs | null {
  const next = past === now ? now : nextFire(schedule, now);
  if (past === null) return next;
  if (next === null) return past;
  const isRecent = now - past <= Math.max((next - past) / 10, firstRunBufferMs);
  return isRecent ? past : next;
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
