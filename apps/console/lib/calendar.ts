/** Months and days of a zone's calendar, as texts such as "2026-03" and "2026-03-29". */

import type { RunDay } from "@millrace/wire/v1";
import type { Look } from "./states.ts";

const dayMs = 86_400_000;
const months =
  "January February March April May June July August September October November December".split(
    " ",
  );

const formats = new Map<string, Intl.DateTimeFormat>();

/** The day that an instant is on in a zone. */
export function dayIn(zone: string, at: number): string {
  const format =
    formats.get(zone) ?? new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
  formats.set(zone, format);
  return format.format(at);
}

const wallFormats = new Map<string, Intl.DateTimeFormat>();

/** What the clock of a zone shows: "2026-03-29 02:00:00". */
export function wallIn(zone: string, at: number): string {
  const format =
    wallFormats.get(zone) ??
    new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  wallFormats.set(zone, format);
  return format.format(at);
}

/** No zone is further from UTC. */
const offsetMaxMs = 15 * 3_600_000;

/** The first instant of a day such as "2026-03-29" in a zone, whatever its clock skips or repeats then. */
export function startOfDay(zone: string, day: string): number {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  let [before, within] = [midnight - offsetMaxMs, midnight + offsetMaxMs];
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (dayIn(zone, middle) < day) before = middle;
    else within = middle;
  }
  return within;
}

/** The last instant of a day in a zone. */
export function endOfDay(zone: string, day: string): number {
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + dayMs).toISOString().slice(0, 10);
  return startOfDay(zone, next) - 1;
}

/** The month a number of months later. */
export function shiftMonth(month: string, by: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + by, 1)).toISOString().slice(0, 7);
}

/** Whether a text names a month. */
export function isMonth(text: string | null): text is string {
  return text !== null && /^\d{4}-(0[1-9]|1[0-2])$/.test(text);
}

/** Such as "March 2026". */
export function monthTitle(month: string): string {
  const [year = "", number = "1"] = month.split("-");
  return `${months[Number(number) - 1] ?? ""} ${year}`;
}

/** The weeks that a month touches, from Monday to Sunday, with the days of its neighbours. */
export function weeksOf(month: string): readonly (readonly string[])[] {
  const first = Date.parse(`${month}-01T00:00:00Z`);
  const end = Date.parse(`${shiftMonth(month, 1)}-01T00:00:00Z`);
  const weeks: string[][] = [];
  let monday = first - ((new Date(first).getUTCDay() + 6) % 7) * dayMs;
  for (; monday < end; monday += 7 * dayMs) {
    const days = Array.from({ length: 7 }, (_, n) => new Date(monday + n * dayMs));
    weeks.push(days.map((day) => day.toISOString().slice(0, 10)));
  }
  return weeks;
}

/** How many of a day's runs look so, the worst first; states without runs are left out. */
export function looksOfDay(
  day: RunDay,
): readonly { readonly look: Look; readonly count: number }[] {
  const looks = [
    { look: "failed", count: day.failed },
    { look: "running", count: day.running },
    { look: "queued", count: day.queued },
    { look: "success", count: day.succeeded },
  ] as const;
  return looks.filter(({ count }) => count > 0);
}

/** How many planned instants there are on each day. */
export function countByDay(zone: string, instants: readonly number[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const at of instants) {
    const day = dayIn(zone, at);
    counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  return counts;
}
