/** Schedules on assets by partition, and what says which events belong to which of their keys. */

import {
  MillraceError,
  partitionKeyProblem,
  partitionLimits,
  type PartitionDates,
  type PartitionedAssetSchedule,
  type PartitionMapper,
  type PartitionUnit,
} from "@millrace/engine";
import { isAssetOrAlias, ruleOf, type Asset, type AssetConditions } from "./asset.ts";
import {
  integer,
  oneOf,
  readOptions,
  refuseOption,
  text,
  texts,
  type Read,
} from "../options/read-options.ts";

declare const made: unique symbol;

/** What `toDay(…)`, `rollup(…)` and the like make. */
export type KeyMapper = PartitionMapper & { readonly [made]?: "mapper" };

/** As the engine's, where a zone that is empty is the DAG's. */
export type UnzonedPartitioned = PartitionedAssetSchedule & { readonly [made]?: "partitioned" };

export type ByPartitionOptions = {
  /** How the keys of an asset's events are mapped to those of the DAG's runs. Default: they are the same. */
  readonly map?: readonly (readonly [Asset, KeyMapper])[];
};

export type KeyDateOptions = {
  /** IANA zone in which days begin. Default: the DAG's. */
  readonly timezone?: string;
  /** Zone of the keys of events, where they say no offset. Default: the same. */
  readonly inputTimezone?: string;
  /** How keys of events are read, such as "DD.MM.YYYY". Default: as ISO 8601 writes dates, to any unit. */
  readonly inputFormat?: string;
  /** How keys of runs are written. Default: the shortest that ISO 8601 has: "2026-01-02", "2026-W01", "2026-Q1". */
  readonly outputFormat?: string;
};

/** Of `rollup` and `fanOut`: a longer unit, and the shorter ones that it consists of. */
export type KeyWindowOptions = KeyDateOptions & {
  readonly window: Exclude<PartitionUnit, "hour">;
  readonly step: Exclude<PartitionUnit, "year" | "week">;
};

/**
 * Runs when events of assets that have a partition key have come, for each key by itself: a run has the key, and uses the events
 * that are mapped to it. Events without a key are passed over.
 *
 * @example byPartition(allOf(orders, clicks), { map: [[clicks, rollup({ window: "day", step: "hour" })]] })
 * @throws MillraceError DAG_INVALID
 */
export function byPartition(
  assets: AssetConditions,
  options: ByPartitionOptions = {},
): UnzonedPartitioned {
  const { map = [] } = readOptions<{ map: PartitionedAssetSchedule["mappings"] }>(
    options,
    { map: mappings },
    "byPartition",
  );
  return {
    kind: "partitioned_assets",
    expression: ruleOf(assets, "byPartition: assets"),
    mappings: map,
  };
}

const mappings: Read<PartitionedAssetSchedule["mappings"]> = (value, name) => {
  const remedy = "a list of [asset(…), toDay(…)] and the like";
  if (!Array.isArray(value)) return refuseOption(name, value, remedy);
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) return refuseOption(name, pair, remedy);
    const [of, mapper] = pair as [unknown, unknown];
    if (!isAssetOrAlias(of) || of.kind !== "asset") return refuseOption(name, of, "asset(…)");
    const { uri } = of;
    return { uri, name: uri === "" ? of.name : "", mapper: mapperValue(mapper, name) };
  });
};

const mapperKinds: readonly string[] = [
  "identity",
  "start_of",
  "product",
  "chain",
  "allowed_keys",
  "fixed_key",
  "each_of",
  "fan_out",
  "rollup",
  "segments",
] satisfies PartitionMapper["kind"][];

const mapperValue: Read<PartitionMapper> = (value, name) => {
  const isMapper =
    typeof value === "object" &&
    value !== null &&
    mapperKinds.includes((value as { kind?: string }).kind ?? "");
  if (isMapper) return value as PartitionMapper;
  return refuseOption(
    name,
    value,
    "toHour(…), toDay(…), toWeek(…), toMonth(…), toQuarter(…), toYear(…), rollup(…), fanOut(…), productOf(…), chainOf(…), allowedKeys(…), fixedKey(…) or sameKey()",
  );
};

/** The same key. */
export function sameKey(): KeyMapper {
  return { kind: "identity" };
}

/** The hour that the key's date lies in: "2026-01-02T03". */
export function toHour(options: KeyDateOptions = {}): KeyMapper {
  return startOf("hour", options, "toHour");
}

/** The day that the key's date lies in: "2026-01-02". @example toDay({ timezone: "Europe/Berlin", inputTimezone: "UTC" }) */
export function toDay(options: KeyDateOptions = {}): KeyMapper {
  return startOf("day", options, "toDay");
}

/** The week, from Monday on, that the key's date lies in: "2026-W01". */
export function toWeek(options: KeyDateOptions = {}): KeyMapper {
  return startOf("week", options, "toWeek");
}

/** The month that the key's date lies in: "2026-01". */
export function toMonth(options: KeyDateOptions = {}): KeyMapper {
  return startOf("month", options, "toMonth");
}

/** The quarter of a year that the key's date lies in: "2026-Q1". */
export function toQuarter(options: KeyDateOptions = {}): KeyMapper {
  return startOf("quarter", options, "toQuarter");
}

/** The year that the key's date lies in: "2026". */
export function toYear(options: KeyDateOptions = {}): KeyMapper {
  return startOf("year", options, "toYear");
}

function startOf(unit: PartitionUnit, options: KeyDateOptions, name: string): KeyMapper {
  const dates = datesOf(readOptions<ReadDates>(options, dateReaders, name));
  return { kind: "start_of", unit, dates };
}

type ReadDates = {
  timezone: string;
  inputTimezone: string;
  inputFormat: string;
  outputFormat: string;
};

const dateReaders = { timezone: text, inputTimezone: text, inputFormat: text, outputFormat: text };

function datesOf(read: Partial<ReadDates>): PartitionDates {
  const { timezone = "", inputTimezone = "", inputFormat = "", outputFormat = "" } = read;
  return { timezone, inputTimezone, inputFormat, outputFormat };
}

type ReadWindow = ReadDates & {
  window: PartitionUnit;
  step: PartitionUnit;
  atLeast: number;
  keys: readonly string[];
  to: string;
};

const windowReaders = {
  ...dateReaders,
  window: oneOf<PartitionUnit>("day", "week", "month", "quarter", "year"),
  step: oneOf<PartitionUnit>("hour", "day", "month", "quarter"),
};
const atLeast = integer(1, partitionLimits.keys);

/**
 * Many keys of events that make one key of runs: the hours of a day, the days of a month, or named parts. The key holds when all
 * of them have come, or, with `atLeast`, so many different ones.
 *
 * @example rollup({ window: "day", step: "hour", timezone: "Europe/Berlin", inputTimezone: "UTC" })
 * @example rollup({ keys: ["eu", "us", "asia"], to: "world" })
 * @throws MillraceError DAG_INVALID
 */
export function rollup(
  options:
    | (KeyWindowOptions & { readonly atLeast?: number })
    | {
        readonly keys: readonly string[];
        readonly to: string;
        readonly atLeast?: number;
      },
): KeyMapper {
  if ("keys" in options) {
    const readers = { keys: keyList, to: keyText, atLeast };
    const read = readOptions<Pick<ReadWindow, "keys" | "to" | "atLeast">>(
      options,
      readers,
      "rollup",
    );
    const { keys = [], to = required("rollup", "to") } = read;
    return { kind: "segments", keys, to, atLeast: read.atLeast ?? null };
  }
  const read = readOptions<Omit<ReadWindow, "keys" | "to">>(
    options,
    { ...windowReaders, atLeast },
    "rollup",
  );
  return { kind: "rollup", ...windowOf(read, "rollup"), atLeast: read.atLeast ?? null };
}

/**
 * One key of events that makes many keys of runs: the days of a week, or these; at most 1,000.
 *
 * @example fanOut({ window: "week", step: "day" })
 * @throws MillraceError DAG_INVALID
 */
export function fanOut(
  options: KeyWindowOptions | { readonly keys: readonly string[] },
): KeyMapper {
  if ("keys" in options) {
    const { keys = [] } = readOptions<Pick<ReadWindow, "keys">>(
      options,
      { keys: keyList },
      "fanOut",
    );
    return { kind: "each_of", keys };
  }
  const read = readOptions<Omit<ReadWindow, "keys" | "to" | "atLeast">>(
    options,
    windowReaders,
    "fanOut",
  );
  return { kind: "fan_out", ...windowOf(read, "fanOut") };
}

function windowOf(read: Partial<ReadWindow>, name: string) {
  const { window = required(name, "window"), step = required(name, "step") } = read;
  return { window, step, dates: datesOf(read) };
}

function required(name: string, option: string): never {
  throw new MillraceError("DAG_INVALID", `${name}(…) needs the option "${option}"`, {
    metadata: { field: option },
  });
}

/** Each part of a key between "|" by a mapper of its own. @example productOf(toDay(), sameKey()) // "2026-01-02T03|eu" */
export function productOf(first: KeyMapper, ...others: readonly KeyMapper[]): KeyMapper {
  return { kind: "product", mappers: mapperList([first, ...others], "productOf") };
}

/** One mapper after the other. */
export function chainOf(first: KeyMapper, ...others: readonly KeyMapper[]): KeyMapper {
  return { kind: "chain", mappers: mapperList([first, ...others], "chainOf") };
}

function mapperList(mappers: readonly unknown[], name: string): PartitionMapper[] {
  return mappers.map((mapper) => mapperValue(mapper, name));
}

/** The same key, if it is one of these; events with another one make no run. */
export function allowedKeys(keys: readonly string[]): KeyMapper {
  return { kind: "allowed_keys", keys: keyList(keys, "allowedKeys: keys") };
}

/** Always this key. */
export function fixedKey(key: string): KeyMapper {
  return { kind: "fixed_key", key: keyText(key, "fixedKey: key") };
}

const keyText: Read<string> = (value, name) => {
  const key = text(value, name);
  const problem = partitionKeyProblem(key);
  return problem === null ? key : refuseOption(name, value, `one: ${problem}`);
};

const keyList: Read<readonly string[]> = (value, name) => {
  const keys = texts(value, name);
  if (keys.length < 1 || keys.length > partitionLimits.keys)
    return refuseOption(name, `a list of ${keys.length}`, `1 to ${partitionLimits.keys} keys`);
  return keys.map((key) => keyText(key, name));
};

/** Dates whose zone nobody has said have the DAG's. */
export function partitionedInZone(
  schedule: UnzonedPartitioned,
  timezone: string,
): PartitionedAssetSchedule {
  const { kind, expression } = schedule;
  return {
    ...{ kind, expression },
    mappings: schedule.mappings.map((mapping) => ({
      ...mapping,
      mapper: mapperInZone(mapping.mapper, timezone),
    })),
  };
}

function mapperInZone(mapper: PartitionMapper, timezone: string): PartitionMapper {
  if ("mappers" in mapper)
    return { ...mapper, mappers: mapper.mappers.map((one) => mapperInZone(one, timezone)) };
  if (!("dates" in mapper)) return mapper;
  return { ...mapper, dates: { ...mapper.dates, timezone: mapper.dates.timezone || timezone } };
}
