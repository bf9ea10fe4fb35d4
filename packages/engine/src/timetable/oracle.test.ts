/**
 * Compares fires with croner, an independent implementation, around the clock changes of many zones.
 *
 * croner's rules differ: of a wall time that the clock shows twice it takes the first, we the second, as Airflow does,
 * and near a gap it moves fires in its own way. Those fires are left out of the comparison; `fires.test.ts` pins
 * them. Expressions for every hour are compared with the wall clock itself, minute by minute.
 */
import { Cron } from "croner";
import { expect, test } from "vitest";
import { lastFire, nextFire } from "./fires.ts";
import { offsetAt, readWall } from "./zone.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;
const expressions = [
  "0 0 * * *",
  "30 2 * * *",
  "15 1,3 * * 1-5",
  "0 12 1 * *",
  "45 23 L * *",
  "0 6 13 * 5",
  "0 0 29 2 *",
];
const zones = [
  "UTC",
  "Europe/Zurich",
  "America/New_York",
  "America/St_Johns",
  "America/Sao_Paulo",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "Australia/Sydney",
  "Africa/Casablanca",
  "Pacific/Chatham",
  "America/Havana",
];

test.each(zones)("limited hours fire in %s as croner says", (timezone) => {
  const plain = (at: number) => !isTwice(timezone, at) && !isNearGap(timezone, at);
  for (const expression of expressions) {
    const oracle = new Cron(expression, { timezone });
    for (const [from, until] of windows(timezone)) {
      const ours = fires((at) => nextFire({ expression, timezone }, at), from, until);
      const theirs = fires((at) => oracle.nextRun(new Date(at))?.getTime() ?? null, from, until);
      expect(ours.filter(plain), expression).toEqual(theirs.filter(plain));
    }
  }
});

test.each(zones)("every hour fires in %s at every instant whose wall time matches", (timezone) => {
  const expression = "*/20 * * * *";
  for (const [from, end] of windows(timezone)) {
    const until = Math.min(end, from + 5 * dayMs);
    const matching: number[] = [];
    for (let at = from + minuteMs; at < until; at += minuteMs)
      if ((wallOf(timezone, at) / minuteMs) % 20 === 0) matching.push(at);
    const ours = fires((at) => nextFire({ expression, timezone }, at), from, until);
    expect(ours).toEqual(matching);
  }
});

test.each(zones)("what fires next in %s does not depend on where the search begins", (timezone) => {
  for (const expression of [...expressions.slice(0, 3), "15,45 1-3 * * *", "*/20 * * * *"]) {
    const schedule = { expression, timezone } as const;
    for (const [from, end] of windows(timezone).slice(1)) {
      const all = fires((at) => nextFire(schedule, at), from, end + 4 * dayMs);
      for (let at = from; at < end; at += 41 * minuteMs) {
        expect(nextFire(schedule, at), `${expression} after ${at}`).toBe(
          all.find((one) => one > at),
        );
        const last = all.findLast((one) => one <= at);
        if (last !== undefined) expect(lastFire(schedule, at), `${expression} at ${at}`).toBe(last);
      }
    }
  }
});

/** Some days around each clock change of a year, and a month with a short February. */
function windows(zone: string): [from: number, until: number][] {
  const found: [number, number][] = [[Date.UTC(2026, 0, 29), Date.UTC(2026, 2, 2)]];
  for (let day = Date.UTC(2025, 0, 1); day < Date.UTC(2026, 0, 1); day += dayMs)
    if (offsetAt(zone, day) !== offsetAt(zone, day + dayMs))
      found.push([day - 2 * dayMs, day + 3 * dayMs]);
  return found;
}

function fires(step: (after: number) => number | null, from: number, until: number): number[] {
  const found: number[] = [];
  for (let at = step(from); at !== null && at < until; at = step(at)) found.push(at);
  return found;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function wallOf(zone: string, at: number): number {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  formats.set(zone, format);
  return Date.parse(`${format.format(at).replace(" ", "T")}Z`);
}

function isTwice(zone: string, at: number): boolean {
  return readWall(zone, wallOf(zone, at)).instants.length === 2;
}

/** Within hours of a wall time that does not exist, a fire may be one that was moved. */
function isNearGap(zone: string, at: number): boolean {
  const { before, after } = readWall(zone, wallOf(zone, at));
  return after > before;
}
