/** Schedules are values: a cron string or preset, or what the functions here make. */

import { dagLimits, MillraceError, partitionLimits } from "@millrace/engine";
import type {
  AssetExpression,
  CronPartition,
  CronTriggerSchedule,
  CustomSchedule,
  Schedule,
  TimeSchedule,
} from "@millrace/engine";
import { partitionedInZone, type UnzonedPartitioned } from "../assets/partition.ts";
import { isCondition, ruleOf, type AssetConditions } from "../assets/asset.ts";
import { callHandler } from "../wiring/call-place.ts";
import type { Duration } from "../options/duration.ts";
import type { Instant } from "../options/instant.ts";
import {
  duration,
  instant,
  integer,
  oneOf,
  positiveDuration,
  readOptions,
  refuseOption,
  text,
  type Read,
} from "../options/read-options.ts";
import type { TimetableFunction } from "./timetable.ts";

export const presets = [
  "@hourly",
  "@daily",
  "@weekly",
  "@monthly",
  "@quarterly",
  "@yearly",
  "@once",
  "@continuous",
] as const;

declare const made: unique symbol;

/** What `cron(…)`, `delta(…)` and the like make; a zone that is null is the DAG's. */
export type ScheduleValue = (
  | UnzonedTime
  | { readonly kind: "assets"; readonly expression: AssetExpression }
  | UnzonedPartitioned
  | {
      readonly kind: "asset_or_time";
      readonly expression: AssetExpression;
      readonly time: UnzonedClock;
    }
) & { readonly [made]?: never };

type UnzonedClock = Unzoned<Exclude<TimeSchedule, CustomSchedule>>;
type UnzonedTime = UnzonedClock | CustomTimetable;

type CustomTimetable = {
  readonly kind: "custom";
  readonly name: string;
  readonly next: TimetableFunction;
};

type Unzoned<S> = S extends { readonly timezone: string }
  ? Omit<S, "timezone"> & { readonly timezone: string | null }
  : S;

/**
 * A cron expression of five or six fields, a preset, a value that `cron(…)` and the like made, or assets: a list means that
 * all of them are needed.
 */
export type ScheduleOption =
  (typeof presets)[number] | (string & {}) | ScheduleValue | AssetConditions;

export type CronOptions = {
  /** IANA zone. Default: the DAG's. */
  readonly timezone?: string;
  /**
   * Runs begin up to this long after the instant, so that DAGs that are due together do not start in one second; how long
   * is a DAG's own, and the same for one instant everywhere. Default: at once. At most "24h".
   */
  readonly jitter?: Duration;
  /** How long before the instant the data interval begins, whose start is the logical date. Default: not before. */
  readonly interval?: Duration;
  /**
   * Whether a new DAG without a start date begins with the newest instant that has passed: always, never, or if it passed at
   * most so long ago. Default: if that was little ago, beside the time to the next.
   */
  readonly runImmediately?: boolean | Duration;
  /**
   * Gives each run a partition key: the date of its instant in the zone, as `YYYY-MM-DDTHH:mm:ss` or by a format of your own, or
   * that of an instant so many steps later, or earlier. Default: runs have none.
   *
   * @example cron("0 3 * * *", { partition: { format: "YYYY-MM-DD", offset: -1 } }) // the day that has ended
   */
  readonly partition?: true | { readonly format?: string; readonly offset?: number };
};

/**
 * Runs at the instants of one or several cron expressions; what several fire at once makes one run. The logical date is the
 * instant.
 *
 * @example cron(["0 6 * * *", "0 18 * * 5"], { timezone: "Europe/Berlin", jitter: "5m" })
 * @throws MillraceError DAG_INVALID
 */
export function cron(
  expressions: string | readonly string[],
  options: CronOptions = {},
): ScheduleValue {
  const read = readOptions<ReadCron>(options, cronReaders, "cron");
  const list = (typeof expressions === "string" ? [expressions] : expressions).map((one) =>
    text(one, "cron: expression"),
  );
  return {
    kind: "cron",
    expressions: list,
    timezone: read.timezone ?? null,
    intervalMs: read.interval ?? 0,
    jitterMs: read.jitter ?? 0,
    runImmediately: read.runImmediately ?? null,
    ...(read.partition !== undefined && { partition: read.partition }),
  };
}

/**
 * Runs about the intervals between the instants of a cron expression, each when it has ended: the logical date is the start
 * of the interval.
 *
 * @example cronInterval("@daily", { timezone: "Europe/Berlin" })
 */
export function cronInterval(
  expression: string,
  options: { readonly timezone?: string } = {},
): ScheduleValue {
  const { timezone } = readOptions<{ timezone: string }>(
    options,
    { timezone: text },
    "cronInterval",
  );
  return { kind: "cron_interval", expression, timezone: timezone ?? null };
}

/** Runs so long after the run before; the first at the start date, or at once. At least "1s". */
export function delta(every: Duration): ScheduleValue {
  return { kind: "delta", everyMs: positiveDuration(every, "delta") };
}

/** Runs about intervals of one length, each when it has ended: the logical date is the start of the interval. */
export function deltaInterval(every: Duration): ScheduleValue {
  return { kind: "delta_interval", everyMs: positiveDuration(every, "deltaInterval") };
}

/** Runs once in all: at the start date, or at once. */
export function once(): ScheduleValue {
  return { kind: "once" };
}

/** Runs again as soon as the run before has ended; needs `maxActiveRuns: 1`. */
export function continuous(): ScheduleValue {
  return { kind: "continuous" };
}

/** Runs at these moments. @throws MillraceError DAG_INVALID for a date without a zone */
export function events(dates: readonly Instant[]): ScheduleValue {
  const at = dates.map((date, n) => instant(date, `events: date ${n}`));
  return { kind: "events", at: [...new Set(at)].sort((a, b) => a - b) };
}

/**
 * Runs when events of assets have come, and at the instants of another schedule, each as if it were alone.
 *
 * @example orTime(anyOf(orders, returns), "@daily")
 * @throws MillraceError DAG_INVALID
 */
export function orTime(assets: AssetConditions, time: TimeOption): ScheduleValue {
  const read = readSchedule(time, "orTime: time");
  const isClock = read !== null && !notClocks.includes(read.kind);
  if (!isClock)
    return refuseOption("orTime: time", time, 'a schedule that a clock decides, such as "@daily"');
  return {
    kind: "asset_or_time",
    expression: ruleOf(assets, "orTime: assets"),
    time: read as UnzonedClock,
  };
}

const notClocks: readonly Schedule["kind"][] = [
  "assets",
  "partitioned_assets",
  "asset_or_time",
  "custom",
];

/** A schedule that a clock decides. */
export type TimeOption = (typeof presets)[number] | (string & {}) | UnzonedClock;

export type TimetableOptions = {
  /** For people, in lists of DAGs, such as "trading days". Default "custom". */
  readonly name?: string;
  /** Says which run comes next. Workers run it; the server checks what it says. */
  readonly next: TimetableFunction;
};

/**
 * Runs when a function of yours says so.
 *
 * @example
 * const workdays = timetable({
 *   name: "workdays at six",
 *   next(last, restriction, now) {
 *     const day = new Date(last?.start ?? restriction.earliest ?? now);
 *     day.setUTCHours(6, 0, 0, 0);
 *     do day.setUTCDate(day.getUTCDate() + 1);
 *     while (day.getUTCDay() % 6 === 0);
 *     return day;
 *   },
 * });
 * @throws MillraceError DAG_INVALID
 */
export function timetable(options: TimetableOptions): ScheduleValue {
  const read = readOptions<{ name: string; next: TimetableFunction }>(
    options,
    { name: text, next: answers },
    "timetable",
  );
  const { name = "custom", next } = read;
  if (next === undefined)
    throw new MillraceError("DAG_INVALID", 'timetable(…) needs the option "next", a function', {
      metadata: { field: "next" },
    });
  const max = dagLimits.callbackNameLength;
  if (name === "" || name.length > max)
    refuseOption('timetable: option "name"', name, `1 to ${max} characters`);
  return { kind: "custom", name, next };
}

const answers: Read<TimetableFunction> = (value, name) =>
  typeof value === "function"
    ? (value as TimetableFunction)
    : refuseOption(name, value, "a function that says which run comes next");

type ReadCron = {
  timezone: string;
  jitter: number;
  interval: number;
  runImmediately: CronTriggerSchedule["runImmediately"];
  partition: CronPartition;
};

/** Never is "if it is now": what Airflow makes of False, a guess, nobody would expect. */
const immediately: Read<CronTriggerSchedule["runImmediately"]> = (value, name) =>
  typeof value === "boolean" ? value || 0 : duration(value, name);

const cronPartition: Read<CronPartition> = (value, name) => {
  if (value === true) return { format: "", offset: 0 };
  if (typeof value !== "object" || value === null)
    return refuseOption(name, value, "true, or { format, offset }");
  const read = readOptions<CronPartition>(
    value,
    { format: text, offset: integer(-partitionLimits.offset, partitionLimits.offset) },
    name,
  );
  return { format: read.format ?? "", offset: read.offset ?? 0 };
};

const cronReaders = {
  timezone: text,
  jitter: duration,
  interval: duration,
  runImmediately: immediately,
  partition: cronPartition,
};

const kind = oneOf<Schedule["kind"]>(
  ...([
    "cron",
    "cron_interval",
    "delta",
    "delta_interval",
    "once",
    "continuous",
    "events",
    "assets",
    "partitioned_assets",
    "asset_or_time",
    "custom",
  ] as const),
);

/** The option as a value. @throws MillraceError DAG_INVALID when it is none */
export const readSchedule: Read<ScheduleValue | null> = (value, name) => {
  if (value === null) return null;
  if (typeof value === "string") return fromText(value);
  if (isCondition(value)) return { kind: "assets", expression: ruleOf(value, name) };
  if (typeof value === "object" && "kind" in value) {
    const found = kind(value.kind, `${name}: kind`);
    if (found === "custom") answers("next" in value ? value.next : undefined, `${name}: next`);
    return value as ScheduleValue;
  }
  const words =
    "cron(…), cronInterval(…), delta(…), deltaInterval(…), once(), continuous(), events(…), timetable(…), asset(…), anyOf(…), allOf(…), atLeast(…), byPartition(…), orTime(…)";
  return refuseOption(name, value, `null, a cron expression, ${presets.join(", ")}, ${words}`);
};

function fromText(expression: string): ScheduleValue {
  if (expression === "@once") return once();
  return expression === "@continuous" ? continuous() : cron(expression);
}

/** The engine's schedule: one without a zone of its own has the DAG's. */
export function inZone(schedule: ScheduleValue | null, timezone: string): Schedule | null {
  if (schedule === null || schedule.kind === "assets") return schedule;
  if (schedule.kind === "custom")
    return { kind: "custom", name: schedule.name, handler: callHandler("", "schedule") };
  if (schedule.kind === "partitioned_assets") return partitionedInZone(schedule, timezone);
  if (schedule.kind !== "asset_or_time") return timeInZone(schedule, timezone);
  return { ...schedule, time: timeInZone(schedule.time, timezone) };
}

type Clock = Exclude<TimeSchedule, CustomSchedule>;

function timeInZone(schedule: UnzonedClock, timezone: string): Clock {
  if (!("timezone" in schedule)) return schedule;
  return { ...schedule, timezone: schedule.timezone ?? timezone };
}
