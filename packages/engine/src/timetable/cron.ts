/** Cron expressions as sets of wall times. The only module that knows `cron-parser`. */

import { CronExpressionParser } from "cron-parser";
import type { CronExpression } from "cron-parser";
import { MillraceError } from "../errors.ts";
import { plainField, type FieldName } from "./cron-field.ts";
import { timesOfDay } from "./times-of-day.ts";
import type { WallMs } from "./zone.ts";

/** The presets, spelled as in Airflow. */
const presets: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@quarterly": "0 0 1 */3 *",
  "@yearly": "0 0 1 1 *",
};

const fieldNames: readonly FieldName[] = ["second", "minute", "hour", "day", "month", "weekday"];
const expressionLength = 250;
/** What a field may hold. `H`, a random value, is left out: a schedule must be the same in every process. */
const field =
  /^(?:[0-9*?,/#L-]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)+$/i;
/** Expressions kept as read; a scheduler asks about the same few thousands again and again. */
const keptMax = 10_000;
const kept = new Map<string, Cron>();
/** A leap cycle and more: whatever fires at all fires within it. 1 January 2000. */
const probeStart: WallMs = 946_684_800_000;
const daySeconds = 86_400;

export type Cron = {
  /** Whether the hour field allows every hour, so that the hour before and after a clock change count alike. */
  readonly everyHour: boolean;
  /** The first match strictly after a wall time; null when there is none. */
  after(wall: WallMs): WallMs | null;
  /** The last match strictly before a wall time; null when there is none. */
  before(wall: WallMs): WallMs | null;
};

/**
 * Reads five fields, six fields (seconds first), or a preset. A day of month and a day of week that are both limited
 * are joined by OR.
 *
 * @throws MillraceError CRON_INVALID that says what is wrong; also for expressions that never fire
 */
export function readCron(expression: string): Cron {
  const known = kept.get(expression);
  if (known !== undefined) return known;
  if (kept.size >= keptMax) kept.clear();
  const cron = read(expression);
  kept.set(expression, cron);
  return cron;
}

function read(expression: string): Cron {
  const text = plainExpression(expression);
  const parsed = parse(expression, text);
  if (step(parsed, "next", probeStart) === null)
    throw invalid(expression, "never fires: no date matches it");
  const { hour, minute, second } = parsed.fields;
  const times = timesOfDay(plain(hour.values), plain(minute.values), plain(second.values));
  const nextDay = walkDays(parsed, "next");
  const previousDay = walkDays(parsed, "prev");
  return {
    everyHour: hour.values.length === 24,
    after(wall) {
      const from = Math.floor(wall / 1000) + 1;
      const today = Math.floor(from / daySeconds);
      const day = nextDay(today);
      if (day === null) return null;
      const time = times.first(day === today ? from - today * daySeconds : 0);
      if (time !== null) return (day * daySeconds + time) * 1000;
      const later = nextDay(day + 1);
      return later === null ? null : (later * daySeconds + (times.first(0) ?? 0)) * 1000;
    },
    before(wall) {
      const to = Math.ceil(wall / 1000) - 1;
      const today = Math.floor(to / daySeconds);
      const day = previousDay(today);
      if (day === null) return null;
      const endOfDay = daySeconds - 1;
      const time = times.last(day === today ? to - today * daySeconds : endOfDay);
      if (time !== null) return (day * daySeconds + time) * 1000;
      const earlier = previousDay(day - 1);
      return earlier === null ? null : (earlier * daySeconds + (times.last(endOfDay) ?? 0)) * 1000;
    },
  };
}

function plain(values: readonly (number | string)[]): number[] {
  return values.map(Number);
}

/**
 * The nearest matching day from a day since 1970 on, itself included. Which days match, with "L" and "#", is left to the
 * library; it is asked once for each, not once for each fire.
 */
function walkDays(
  parsed: CronExpression,
  direction: "next" | "prev",
): (day: number) => number | null {
  let asked = Number.NaN;
  let found: number | null = null;
  return (day) => {
    // Every day between one that was asked for and its answer has the same answer.
    const isKnown =
      day === asked ||
      (found !== null &&
        (direction === "next" ? day > asked && day <= found : day < asked && day >= found));
    if (isKnown) return found;
    const edge = direction === "next" ? day * daySeconds * 1000 - 1 : (day + 1) * daySeconds * 1000;
    const match = step(parsed, direction, edge);
    asked = day;
    found = match === null ? null : Math.floor(match / 1000 / daySeconds);
    return found;
  };
}

function plainExpression(expression: string): string {
  if (expression.length > expressionLength)
    throw invalid(expression.slice(0, 40) + "…", `is longer than ${expressionLength} characters`);
  const text = expression.trim();
  if (text.startsWith("@")) {
    const preset = presets[text];
    if (preset === undefined)
      throw invalid(expression, `is no preset; use one of ${Object.keys(presets).join(", ")}`);
    return preset;
  }
  const fields = text.split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) {
    const count = text === "" ? 0 : fields.length;
    throw invalid(
      expression,
      `has ${count} fields; write minute, hour, day of month, month, day of week`,
    );
  }
  const odd = fields.find((one) => !field.test(one));
  if (odd !== undefined) throw invalid(expression, `has the field "${odd}", which is not cron`);
  // What means the same is the same: the library refuses values that are named twice.
  const own = fields.length === 6 ? fieldNames : fieldNames.slice(1);
  return fields.map((one, n) => plainField(one, own[n]!)).join(" ");
}

function parse(expression: string, text: string): CronExpression {
  try {
    // Wall times are read as UTC: what they mean in a zone is decided in `fires.ts`.
    return CronExpressionParser.parse(text, {
      currentDate: new Date(probeStart),
      tz: "UTC",
      hashSeed: "0",
    });
  } catch (error) {
    // The library refuses days that a month never has, unless it is told of a day of the week too.
    if (error instanceof Error && error.message.includes("explicit day of month"))
      throw invalid(expression, "never fires: the month has no such day");
    throw invalid(
      expression,
      `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The next match from a wall time, or null once the library has given up looking: it stops after a bounded number of steps. */
function step(parsed: CronExpression, direction: "next" | "prev", from: WallMs): WallMs | null {
  try {
    parsed.reset(new Date(from));
    return parsed[direction]().getTime();
  } catch (error) {
    if (error instanceof Error && error.message.includes("loop limit")) return null;
    throw error;
  }
}

function invalid(expression: string, what: string): MillraceError {
  return new MillraceError("CRON_INVALID", `The schedule "${expression}" ${what}.`, {
    metadata: { field: "schedule.expression", value: expression },
  });
}
