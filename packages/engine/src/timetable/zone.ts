/** Wall clocks of IANA zones. A wall time is milliseconds since 1970 as if that wall clock showed UTC. */

import type { EpochMs } from "../spec/spec.ts";

export type WallMs = number;

const hourMs = 3_600_000;
/** Zones differ from UTC by -12 h to +14 h; an hour more on each side lies outside any change at the wall time itself. */
const beforeMs = 15 * hourMs;
const afterMs = 13 * hourMs;

const dayMs = 24 * hourMs;
/** Days of a zone whose offset is kept, about 50 years. */
const daysMax = 20_000;

/** By zone and day since 1970: the offset of the whole day, null when it changes within. There are about 600 zones. */
const days = new Map<string, Map<number, number | null>>();
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether the name is an IANA zone that this runtime knows. Offsets such as "+02:00" are no zones. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return formatOf(name) !== null;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** How far the zone's wall clock is ahead of UTC at an instant, in milliseconds. */
export function offsetAt(zone: string, at: EpochMs): number {
  if (zone === "UTC") return 0;
  let known = days.get(zone);
  if (known === undefined || known.size > daysMax) {
    known = new Map<number, number | null>();
    days.set(zone, known);
  }
  const day = Math.floor(at / dayMs);
  let offset = known.get(day);
  if (offset === undefined) {
    const first = readOffset(zone, day * dayMs);
    offset = first === readOffset(zone, (day + 1) * dayMs) ? first : null;
    known.set(day, offset);
  }
  return offset ?? readOffset(zone, at);
}

function readOffset(zone: string, at: EpochMs): number {
  const second = Math.floor(at / 1000) * 1000;
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(second)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second: sec = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, sec) - second;
}

/** What a wall time means. `instants` is empty in a gap and has two members where the clock shows the time twice. */
export type WallTime = {
  readonly instants: readonly EpochMs[];
  /** Offsets in force well before and well after. */
  readonly before: number;
  readonly after: number;
};

export function readWall(zone: string, wall: WallMs): WallTime {
  const before = offsetAt(zone, wall - beforeMs);
  const after = offsetAt(zone, wall + afterMs);
  if (before === after) return { instants: [wall - before], before, after };
  const instants = [wall - before, wall - after]
    .filter((at) => at + offsetAt(zone, at) === wall)
    .sort((a, b) => a - b);
  return { instants, before, after };
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "iso8601",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(zone, format);
  return format;
}

/** When a day begins in a zone; where the clock skips midnight, when it first shows that day. */
export function startOfDay(zone: string, midnight: WallMs): EpochMs {
  const { instants, before } = readWall(zone, midnight);
  return instants[0] ?? midnight - before;
}
