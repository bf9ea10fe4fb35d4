/** Holds our module of cron against the brute force. */

import { isMillraceError } from "@millrace/engine";
import { lastFire, nextFire } from "@millrace/engine/testing";
import {
  bruteFires,
  everFires,
  makeWindow,
  offsetAt,
  readSets,
  type Window,
} from "./brute-cron.ts";
import { randomExpression, seeded, type Random } from "./random-cron.ts";

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** With clock changes north and south, of half an hour, at midnight, by night and by day, of the calendar, and none at all. */
export const zones = [
  "UTC",
  "Europe/Zurich",
  "Europe/London",
  "Europe/Dublin",
  "Europe/Lisbon",
  "America/New_York",
  "America/St_Johns",
  "America/Sao_Paulo",
  "America/Havana",
  "America/Santiago",
  "America/Asuncion",
  "Asia/Kolkata",
  "Asia/Tehran",
  "Asia/Gaza",
  "Asia/Beirut",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Australia/Lord_Howe",
  "Australia/Sydney",
  "Pacific/Chatham",
] as const;

/** Days of one window; the change, where there is one, in the middle. */
const windowDays = 5;
/** Windows of each zone. */
const windowsMax = 24;
/** Fires of one expression that are compared one by one; the rest of a window is counted in its ends only. */
const firesMax = 40;

export type Difference = {
  readonly expression: string;
  readonly zone: string;
  readonly what: string;
};

export type Compared = {
  readonly expressions: number;
  /** Expressions that no date matches, which ours refused. */
  readonly refused: number;
  readonly fires: number;
  /** Windows in which the clock goes forward, back, or does not change. */
  readonly windows: { readonly forward: number; readonly back: number; readonly even: number };
  readonly differences: readonly Difference[];
};

type Options = {
  readonly expressions: number;
  readonly seed: number;
  /** Of each zone. Default 24. */
  readonly windows?: number;
  /** Told every thousand expressions. */
  onProgress?(done: number): void;
};

/** Compares random expressions, each in one zone and one window of days, mostly about a clock change. */
export function compare({
  expressions,
  seed,
  windows = windowsMax,
  onProgress,
}: Options): Compared {
  const random = seeded(seed);
  const byZone = zones.map((zone) => windowsOf(zone, windows, random));
  const all = byZone.flat();
  const differences: Difference[] = [];
  let [refused, fires] = [0, 0];
  for (let n = 0; n < expressions; n += 1) {
    const ofZone = byZone[n % byZone.length]!;
    const window = ofZone[random(ofZone.length)]!;
    const expression = randomExpression(random);
    const found = compareOne(expression, window, random);
    if (found.isRefused) refused += 1;
    fires += found.fires;
    if (found.what !== null) differences.push({ expression, zone: window.zone, what: found.what });
    if (n % 1_000 === 999) onProgress?.(n + 1);
  }
  const counted = { forward: 0, back: 0, even: 0 };
  for (const { zone, from, until } of all) counted[changeOf(zone, from, until)] += 1;
  return { expressions, refused, fires, windows: counted, differences };
}

type One = { readonly what: string | null; readonly fires: number; readonly isRefused: boolean };

function compareOne(expression: string, window: Window, random: Random): One {
  const sets = readSets(expression);
  const { zone: timezone, from, until } = window;
  const rule = { expression, timezone };
  const none = { fires: 0, isRefused: false };
  try {
    nextFire(rule, from);
    if (!everFires(sets)) return { ...none, what: "it never fires, and was taken" };
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    const what = everFires(sets) ? `it was refused: ${error.message}` : null;
    return { ...none, what, isRefused: true };
  }
  const expected = bruteFires(sets, window);
  const skipped = expected.length > firesMax ? random(expected.length - firesMax) : 0;
  const part = expected.slice(skipped, skipped + firesMax);
  let at = skipped === 0 ? from - 1 : expected[skipped - 1]!;
  for (const fire of part) {
    const ours = nextFire(rule, at);
    if (ours !== fire) return { ...none, what: `after ${iso(at)}: ${iso(ours)}, not ${iso(fire)}` };
    const back = lastFire(rule, fire + random(minuteMs));
    if (back !== fire) return { ...none, what: `at ${iso(fire)}: the last is ${iso(back)}` };
    at = fire;
  }
  const isWhole = skipped + firesMax >= expected.length;
  const beyond = isWhole ? nextFire(rule, at) : null;
  if (beyond !== null && beyond < until)
    return { ...none, what: `after ${iso(at)}: ${iso(beyond)}, and nothing fires then` };
  return { what: null, fires: part.length, isRefused: false };
}

/** Days about clock changes from 2000 to 2037, and some at random where there are none. */
function windowsOf(zone: string, max: number, random: Random): Window[] {
  const starts: number[] = [];
  for (let week = Date.UTC(2000, 0, 1); week < Date.UTC(2037, 0, 1); week += 7 * dayMs) {
    if (offsetAt(zone, week) === offsetAt(zone, week + 7 * dayMs)) continue;
    let day = week;
    while (offsetAt(zone, day) === offsetAt(zone, day + dayMs)) day += dayMs;
    starts.push(day - 2 * dayMs);
  }
  const windows: Window[] = [];
  while (windows.length < max) {
    const isEven = starts.length === 0 || windows.length % 6 === 5;
    const start = isEven
      ? Date.UTC(2000, 0, 1) + random(13_500) * dayMs
      : starts.splice(random(starts.length), 1)[0]!;
    windows.push(makeWindow(zone, start, windowDays));
  }
  return windows;
}

function changeOf(zone: string, from: number, until: number): "forward" | "back" | "even" {
  const change = offsetAt(zone, until) - offsetAt(zone, from);
  return change > 0 ? "forward" : change < 0 ? "back" : "even";
}

function iso(at: number | null): string {
  return at === null ? "never" : new Date(at).toISOString();
}
