/** What each mapper does with a key, and how many parts a key of a run waits for (semantics 10.6). */

import { offsetAt } from "../timetable/zone.ts";
import { floorWall, unitAt, unitsWithin } from "./calendar.ts";
import { formatInstant, formatWall, hasToken, parseInstant } from "./date-format.ts";
import { partitionKeyProblem, partitionLimits } from "./key.ts";
import type { PartitionDates, PartitionMapper, PartitionUnit } from "./mapper.ts";

/** A key that a run may have, and which part of it an event is; the part is empty where one event is all of it. */
export type PartitionTarget = { readonly key: string; readonly part: string };

/** Where an event belongs, or why it belongs nowhere. */
export type MappedPartition =
  | { readonly targets: readonly PartitionTarget[]; readonly problem: null }
  | { readonly targets: null; readonly problem: string };

/** @param mapper one that `checkMapper` finds nothing wrong with */
export function mapPartition(mapper: PartitionMapper, key: string): MappedPartition {
  const mapped = map(mapper, key);
  if (mapped.problem !== null) return mapped;
  const unique = new Map(mapped.targets.map((target) => [target.key, target]));
  if (unique.size > partitionLimits.keys)
    return failed(
      `${shown(key)} is mapped to ${unique.size} keys; ${partitionLimits.keys} are the limit`,
    );
  for (const target of unique.keys()) {
    const problem = partitionKeyProblem(target);
    if (problem !== null) return failed(`${shown(key)} is mapped to ${shown(target)}: ${problem}`);
  }
  return { targets: [...unique.values()], problem: null };
}

function failed(problem: string): MappedPartition {
  return { targets: null, problem };
}

function single(key: string, part = ""): MappedPartition {
  return { targets: [{ key, part }], problem: null };
}

function map(mapper: PartitionMapper, key: string): MappedPartition {
  switch (mapper.kind) {
    case "identity":
      return single(key);
    case "fixed_key":
      return single(mapper.key);
    case "each_of":
      return { targets: mapper.keys.map((one) => ({ key: one, part: "" })), problem: null };
    case "allowed_keys":
      return mapper.keys.includes(key) ? single(key) : failed(notOneOf(key, mapper.keys));
    case "segments":
      return mapper.keys.includes(key)
        ? single(mapper.to, key)
        : failed(notOneOf(key, mapper.keys));
    case "start_of":
    case "rollup":
    case "fan_out":
      return mapDate(mapper, key);
    case "product":
      return mapProduct(mapper.mappers, key);
    case "chain":
      return mapChain(mapper.mappers, key);
  }
}

function mapDate(
  mapper: Extract<PartitionMapper, { kind: "start_of" | "rollup" | "fan_out" }>,
  key: string,
): MappedPartition {
  const { dates } = mapper;
  const at = parseInstant(dates.inputFormat, key, inputZone(dates));
  if (at === null) return failed(noDate(key, dates));
  if (mapper.kind === "start_of") return single(keyOfUnit(mapper.unit, at, dates));
  if (mapper.kind === "rollup")
    return single(keyOfUnit(mapper.window, at, dates), stepOf(mapper.step, at, dates));
  const { start, end } = unitAt(mapper.window, at, dates.timezone);
  const steps = [...unitsWithin(mapper.step, dates.timezone, start, end)];
  return {
    targets: steps.map((step) => ({ key: keyOfUnit(mapper.step, step, dates), part: "" })),
    problem: null,
  };
}

/** Each part by its mapper; what one part is mapped to with all that the others are. */
function mapProduct(mappers: readonly PartitionMapper[], key: string): MappedPartition {
  const parts = key.split("|");
  if (parts.length !== mappers.length)
    return failed(
      `${shown(key)} has ${parts.length} parts between "|"; ${mappers.length} are mapped`,
    );
  let targets: readonly PartitionTarget[] | undefined;
  for (const [n, mapper] of mappers.entries()) {
    const mapped = map(mapper, parts[n]!);
    if (mapped.problem !== null) return mapped;
    targets = targets === undefined ? mapped.targets : joined(targets, mapped.targets);
    if (targets.length > partitionLimits.keys) break;
  }
  return { targets: targets ?? [], problem: null };
}

function joined(
  left: readonly PartitionTarget[],
  right: readonly PartitionTarget[],
): PartitionTarget[] {
  return left.flatMap((one) =>
    right.map((other) => ({
      key: `${one.key}|${other.key}`,
      part: `${one.part}|${other.part}`,
    })),
  );
}

function mapChain(mappers: readonly PartitionMapper[], key: string): MappedPartition {
  let targets: readonly PartitionTarget[] = [{ key, part: "" }];
  for (const mapper of mappers) {
    const next: PartitionTarget[] = [];
    for (const target of targets) {
      const mapped = map(mapper, target.key);
      if (mapped.problem !== null) return mapped;
      next.push(...mapped.targets);
    }
    targets = [...new Map(next.map((target) => [target.key, target])).values()];
    if (targets.length > partitionLimits.keys) break;
  }
  return { targets, problem: null };
}

/** What is counted, of the parts that a key of a run waits for; null where one event is all of it. */
export type PartsNeed = { readonly need: number; readonly unit: string } | null;

/** How many different parts of a key have to come, by a mapper that maps to it. */
export function partsNeeded(mapper: PartitionMapper, targetKey: string): PartsNeed {
  switch (mapper.kind) {
    case "rollup":
      return {
        need: mapper.atLeast ?? stepsOf(mapper, targetKey),
        unit: unitWords[mapper.step],
      };
    case "segments":
      return { need: mapper.atLeast ?? mapper.keys.length, unit: "keys" };
    case "chain":
      return partsNeeded(mapper.mappers.at(-1)!, targetKey);
    case "product": {
      const keys = targetKey.split("|");
      const needs = mapper.mappers.flatMap((one, n) => partsNeeded(one, keys[n] ?? "") ?? []);
      if (needs.length < 2) return needs[0] ?? null;
      return { need: needs.reduce((all, { need }) => all * need, 1), unit: "parts" };
    }
    case "identity":
    case "start_of":
    case "allowed_keys":
    case "fixed_key":
    case "each_of":
    case "fan_out":
      return null;
  }
}

const unitWords: Readonly<Record<PartitionUnit, string>> = {
  hour: "hours",
  day: "days",
  week: "weeks",
  month: "months",
  quarter: "quarters",
  year: "years",
};

type Rollup = Extract<PartitionMapper, { kind: "rollup" }>;

/** As many different texts as there are for the steps: an hour that a clock shows twice has one, unless the text says the offset. */
function stepsOf({ window, step, dates }: Rollup, targetKey: string): number {
  const at = parseInstant(outputFormat(window, dates), targetKey, dates.timezone);
  // Whoever calls has the key of an event that was mapped to it.
  if (at === null) return 1;
  const { start, end } = unitAt(window, at, dates.timezone);
  const steps = [...unitsWithin(step, inputZone(dates), start, end)];
  return new Set(steps.map((one) => stepOf(step, one, dates))).size;
}

/** The step that an instant lies in, by the wall clock of the keys of events. */
function stepOf(step: PartitionUnit, at: number, dates: PartitionDates): string {
  const offset = offsetAt(inputZone(dates), at);
  const wall = floorWall(step, at + offset);
  const saysOffset = hasToken(dates.inputFormat, "Z");
  return formatWall(saysOffset ? `${isoStep}Z` : isoStep, wall, offset);
}

const isoStep = "YYYY-MM-DDTHH";

function keyOfUnit(unit: PartitionUnit, at: number, dates: PartitionDates): string {
  const { timezone } = dates;
  const format = outputFormat(unit, dates);
  const offset = offsetAt(timezone, at);
  const wall = floorWall(unit, at + offset);
  if (!hasToken(format, "Z")) return formatWall(format, wall, offset);
  return unit === "hour"
    ? formatWall(format, wall, offset)
    : formatInstant(format, unitAt(unit, at, timezone).start, timezone);
}

/** The format of the keys of runs. */
export function outputFormat(unit: PartitionUnit, dates: PartitionDates): string {
  return dates.outputFormat || shortForms[unit];
}

const shortForms: Readonly<Record<PartitionUnit, string>> = {
  hour: "YYYY-MM-DDTHH",
  day: "YYYY-MM-DD",
  week: "GGGG-[W]WW",
  month: "YYYY-MM",
  quarter: "YYYY-[Q]Q",
  year: "YYYY",
};

function inputZone({ inputTimezone, timezone }: PartitionDates): string {
  return inputTimezone || timezone;
}

/** How much of a key a message repeats. */
const shownMax = 80;

function shown(key: string): string {
  return JSON.stringify(key.length > shownMax ? `${key.slice(0, shownMax)}…` : key);
}

function notOneOf(key: string, keys: readonly string[]): string {
  const some = keys.slice(0, 5).map(shown).join(", ");
  return `${shown(key)} is none of ${some}${keys.length > 5 ? ` and ${keys.length - 5} more` : ""}`;
}

function noDate(key: string, { inputFormat }: PartitionDates): string {
  const form =
    inputFormat === ""
      ? 'no date as ISO 8601 writes it, such as "2026-01-02" or "2026-01-02T03:00:00"'
      : `no date of the form ${shown(inputFormat)}`;
  return `${shown(key)} is ${form}`;
}
