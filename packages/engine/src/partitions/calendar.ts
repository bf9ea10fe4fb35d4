/** Units of the calendar, by wall clocks and in zones. */

import { offsetAt, startOfDay, type WallMs } from "../timetable/zone.ts";
import type { PartitionUnit } from "./mapper.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;
/** The Monday before 1970. */
const firstMonday = -3 * dayMs;

/** Where the unit that a wall time lies in begins. */
export function floorWall(unit: PartitionUnit, wall: WallMs): WallMs {
  const date = new Date(wall);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  switch (unit) {
    case "hour":
      return Math.floor(wall / hourMs) * hourMs;
    case "day":
      return Math.floor(wall / dayMs) * dayMs;
    case "week":
      return firstMonday + Math.floor((wall - firstMonday) / weekMs) * weekMs;
    case "month":
      return monthAt(year, month);
    case "quarter":
      return monthAt(year, month - (month % 3));
    case "year":
      return monthAt(year, 0);
  }
}

/** Where the unit after the one that begins there begins. */
function nextWall(unit: PartitionUnit, start: WallMs): WallMs {
  const date = new Date(start);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  switch (unit) {
    case "hour":
      return start + hourMs;
    case "day":
      return start + dayMs;
    case "week":
      return start + weekMs;
    case "month":
      return monthAt(year, month + 1);
    case "quarter":
      return monthAt(year, month + 3);
    case "year":
      return monthAt(year + 1, 0);
  }
}

function monthAt(year: number, month: number): WallMs {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 1);
  return date.getTime();
}

/** The unit of a zone that an instant lies in, from its first instant up to, and without, that of the next. */
export function unitAt(
  unit: PartitionUnit,
  at: number,
  zone: string,
): { readonly start: number; readonly end: number } {
  const wall = floorWall(unit, at + offsetAt(zone, at));
  return { start: startOfDay(zone, wall), end: startOfDay(zone, nextWall(unit, wall)) };
}

/** The first instants of the units of a zone that begin at or after `start` and before `end`. */
export function* unitsWithin(
  unit: PartitionUnit,
  zone: string,
  start: number,
  end: number,
): Generator<number> {
  if (unit === "hour") {
    // By the clock of the world: what a zone shows twice comes twice, what it skips does not come.
    const wall = start + offsetAt(zone, start);
    const first = start + ((hourMs - (wall % hourMs)) % hourMs);
    for (let at = first; at < end; at += hourMs) yield at;
    return;
  }
  let wall = floorWall(unit, start + offsetAt(zone, start));
  for (let at = startOfDay(zone, wall); at < end; at = startOfDay(zone, wall)) {
    if (at >= start) yield at;
    wall = nextWall(unit, wall);
  }
}

/** The week of ISO 8601: the one that has its Thursday in a year is of that year. */
export function isoWeekOf(wall: WallMs): { readonly year: number; readonly week: number } {
  const monday = floorWall("week", wall);
  const year = new Date(monday + 3 * dayMs).getUTCFullYear();
  const first = floorWall("week", monthAt(year, 0) + 3 * dayMs);
  return { year, week: Math.round((monday - first) / weekMs) + 1 };
}

/** Where a week of ISO 8601 begins; null for one that the year does not have. */
export function mondayOf(year: number, week: number): WallMs | null {
  if (year < 1 || week < 1) return null;
  const monday = floorWall("week", monthAt(year, 0) + 3 * dayMs) + (week - 1) * weekMs;
  return isoWeekOf(monday).year === year ? monday : null;
}
