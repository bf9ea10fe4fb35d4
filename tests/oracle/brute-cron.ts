/**
 * Cron by brute force, from what `man 5 crontab` and the rules for clock changes say: no library for cron, and of
 * zones only what their clocks show (Intl). Slow, plain, and independent of what it judges.
 */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 86_400_000;

/** The values that each field allows, by position: minute, hour, day of month, month, day of week. */
export type CronSets = readonly [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>];

const ranges = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;
const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const weekdays = "sun mon tue wed thu fri sat".split(" ");

/** Reads five fields of lists of `*`, `a`, `a-b`, each with `/n` or without. */
export function readSets(expression: string): CronSets {
  const fields = expression.split(" ");
  if (fields.length !== 5) throw new Error(`"${expression}" has ${fields.length} fields`);
  const sets = fields.map((field, n) => setOf(field.toLowerCase(), n)) as unknown as CronSets;
  // Sunday is both 0 and 7.
  if (sets[4].has(7)) sets[4].add(0);
  sets[4].delete(7);
  return sets;
}

function setOf(field: string, n: number): Set<number> {
  const [min, max] = ranges[n]!;
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const [span = "", step = "1"] = part.split("/");
    const [from = "", to] = span.split("-");
    const isStar = span === "*";
    const first = isStar ? min : numberOf(from, n);
    const last = isStar
      ? max
      : to !== undefined
        ? numberOf(to, n)
        : part.includes("/")
          ? max
          : first;
    for (let value = first; value <= last; value += Number(step)) values.add(value);
  }
  return values;
}

function numberOf(text: string, n: number): number {
  if (n === 3 && months.includes(text)) return months.indexOf(text) + 1;
  if (n === 4 && weekdays.includes(text)) return weekdays.indexOf(text);
  return Number(text);
}

/** Whether any date at all matches: a day of month that its months never have does not, unless days of the week are named too. */
export function everFires([, , days, inMonths, onWeekdays]: CronSets): boolean {
  if (isLimited(onWeekdays, 7) && isLimited(days, 31)) return true;
  const longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return [...inMonths].some((month) => [...days].some((day) => day <= longest[month - 1]!));
}

function isLimited(set: ReadonlySet<number>, all: number): boolean {
  return set.size < all;
}

/** Some days of a zone, minute by minute. */
export type Window = {
  readonly zone: string;
  readonly from: number;
  readonly until: number;
  /** Each minute that passes, with what the clock shows. */
  readonly passing: readonly Shown[];
  /**
   * Each minute that a clock without changes would show, with when it counts: the last time that it is shown, and one that
   * never is as long after the minute before the gap as it would have come.
   */
  readonly meant: readonly Shown[];
};

type Shown = {
  readonly at: number;
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
};

/** Watches the zone's clock, minute by minute, with a day more on each side: gaps and repeats are what is seen there. */
export function makeWindow(zone: string, from: number, days: number): Window {
  const until = from + days * dayMs;
  const passing: Shown[] = [];
  /** By wall time: when it counts. */
  const meant = new Map<number, number>();
  let before: number | null = null;
  for (let at = from - dayMs; at < until + dayMs; at += minuteMs) {
    const wall = at + offsetAt(zone, at);
    for (let gap = (before ?? wall) + minuteMs; gap < wall; gap += minuteMs)
      meant.set(gap, at - minuteMs + (gap - before!));
    meant.set(wall, at);
    before = wall;
    if (at >= from && at < until) passing.push(shown(at, wall));
  }
  return {
    ...{ zone, from, until, passing },
    meant: [...meant]
      .filter(([, at]) => at >= from && at < until)
      .map(([wall, at]) => shown(at, wall)),
  };
}

function shown(at: number, wall: number): Shown {
  const clock = new Date(wall);
  return {
    at,
    minute: clock.getUTCMinutes(),
    hour: clock.getUTCHours(),
    day: clock.getUTCDate(),
    month: clock.getUTCMonth() + 1,
    weekday: clock.getUTCDay(),
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** By zone and hour since 1970. */
const hours = new Map<string, number>();

/** How far a zone's clock is ahead of UTC. Within an hour that begins and ends with the same, nothing changes. */
export function offsetAt(zone: string, at: number): number {
  const hour = Math.floor(at / hourMs);
  const [first, last] = [hourOffset(zone, hour), hourOffset(zone, hour + 1)];
  return first === last ? first : readOffset(zone, at);
}

function hourOffset(zone: string, hour: number): number {
  const key = `${zone} ${hour}`;
  const known = hours.get(key) ?? readOffset(zone, hour * hourMs);
  hours.set(key, known);
  return known;
}

function readOffset(zone: string, at: number): number {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  formats.set(zone, format);
  return Date.parse(`${format.format(at).replace(" ", "T")}Z`) - at;
}

/** When an expression fires within a window, ascending. */
export function bruteFires(sets: CronSets, { passing, meant }: Window): number[] {
  const [minutes, hours, days, inMonths, onWeekdays] = sets;
  const isEither = isLimited(days, 31) && isLimited(onWeekdays, 7);
  const all = isLimited(hours, 24) ? meant : passing;
  const fires = new Set<number>();
  for (const { at, minute, hour, day, month, weekday } of all) {
    if (!minutes.has(minute) || !hours.has(hour) || !inMonths.has(month)) continue;
    const [isDay, isWeekday] = [days.has(day), onWeekdays.has(weekday)];
    if (isEither ? isDay || isWeekday : isDay && isWeekday) fires.add(at);
  }
  return [...fires].sort((a, b) => a - b);
}
