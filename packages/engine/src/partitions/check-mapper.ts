/** Says what is wrong with the mappers and date formats of a schedule. */

import type { Problems } from "../spec/problems.ts";
import { isZone } from "../timetable/zone.ts";
import { unitAt } from "./calendar.ts";
import { formatInstant, hasToken, parseInstant } from "./date-format.ts";
import { partitionKeyProblem, partitionLimits } from "./key.ts";
import { outputFormat } from "./map.ts";
import {
  partitionUnits,
  waitsForMany,
  type PartitionDates,
  type PartitionMapper,
  type PartitionUnit,
} from "./mapper.ts";

/** Which units a longer one consists of, as far as there are at most as many as a key may wait for. */
const stepsOf: Readonly<Record<PartitionUnit, readonly PartitionUnit[]>> = {
  hour: [],
  day: ["hour"],
  week: ["hour", "day"],
  month: ["hour", "day"],
  quarter: ["day", "month"],
  year: ["day", "month", "quarter"],
};

/** Where it stands: what may not be there. */
type Place = { readonly depth: number; readonly isInProduct: boolean };

export function checkMapper(mapper: PartitionMapper, at: string, problems: Problems): void {
  checkAt(mapper, at, { depth: 1, isInProduct: false }, problems);
}

function checkAt(mapper: PartitionMapper, at: string, place: Place, problems: Problems): void {
  if (place.depth > partitionLimits.depth)
    return problems.add(at, "mappers", `the limit is ${partitionLimits.depth} levels; flatten it`);
  switch (mapper.kind) {
    case "identity":
      return;
    case "fixed_key":
      return checkKeys([mapper.key], `${at}.key`, place, problems);
    case "allowed_keys":
    case "each_of":
      return checkKeys(mapper.keys, `${at}.keys`, place, problems);
    case "segments":
      checkKeys(mapper.keys, `${at}.keys`, place, problems);
      checkKeys([mapper.to], `${at}.to`, place, problems);
      return checkAtLeast(mapper.atLeast, mapper.keys.length, at, problems);
    case "start_of":
      return checkDates(mapper.dates, mapper.unit, at, place, problems);
    case "fan_out":
      checkSteps(mapper.window, mapper.step, at, problems);
      return checkDates(mapper.dates, mapper.step, at, place, problems);
    case "rollup":
      checkSteps(mapper.window, mapper.step, at, problems);
      checkAtLeast(mapper.atLeast, partitionLimits.keys, at, problems);
      return checkDates(mapper.dates, mapper.window, at, place, problems);
    case "product":
      if (place.isInProduct)
        problems.add(at, "product", "it is within another product, whose parts have no parts");
      return checkList(mapper.mappers, at, { ...place, isInProduct: true }, problems);
    case "chain":
      checkList(mapper.mappers, at, place, problems);
      for (const one of mapper.mappers.slice(0, -1))
        if (waitsForMany(one))
          problems.add(at, one.kind, "what waits for several events comes last in a chain");
  }
}

function checkList(
  mappers: readonly PartitionMapper[],
  at: string,
  place: Place,
  problems: Problems,
): void {
  if (mappers.length < 1 || mappers.length > partitionLimits.mappers)
    problems.add(at, `${mappers.length} mappers`, `write 1 to ${partitionLimits.mappers}`);
  for (const [n, one] of mappers.slice(0, partitionLimits.mappers).entries())
    checkAt(one, `${at}[${n}]`, { ...place, depth: place.depth + 1 }, problems);
}

function checkKeys(
  keys: readonly string[],
  at: string,
  { isInProduct }: Place,
  problems: Problems,
): void {
  if (keys.length < 1 || keys.length > partitionLimits.keys)
    problems.add(at, `${keys.length} keys`, `write 1 to ${partitionLimits.keys}`);
  const wrong = keys.find((key) => partitionKeyProblem(key) !== null);
  if (wrong !== undefined) problems.add(at, wrong, partitionKeyProblem(wrong)!);
  if (new Set(keys).size < keys.length) problems.add(at, "a key twice", "leave one of them out");
  const split = isInProduct ? keys.find((key) => key.includes("|")) : undefined;
  if (split !== undefined)
    problems.add(at, split, 'within a product, "|" stands between parts; write another key');
}

function checkAtLeast(atLeast: number | null, max: number, at: string, problems: Problems): void {
  if (atLeast === null || (Number.isInteger(atLeast) && atLeast >= 1 && atLeast <= max)) return;
  problems.add(`${at}.atLeast`, atLeast, `write a whole number from 1 to ${max}, or leave it out`);
}

function checkSteps(
  window: PartitionUnit,
  step: PartitionUnit,
  at: string,
  problems: Problems,
): void {
  if (stepsOf[window].includes(step)) return;
  const possible = partitionUnits
    .filter((unit) => stepsOf[unit].length > 0)
    .map((unit) => `${unit} of ${stepsOf[unit].join(" or ")}`);
  problems.add(at, `${window} of ${step}`, `write one of: ${possible.join("; ")}`);
}

/** A moment whose parts are all different. */
const sample = Date.UTC(2026, 10, 17, 13, 45, 59);

function checkDates(
  dates: PartitionDates,
  unit: PartitionUnit,
  at: string,
  { isInProduct }: Place,
  problems: Problems,
): void {
  const { inputFormat, outputFormat: written, timezone, inputTimezone } = dates;
  for (const [field, zone] of Object.entries({ timezone, inputTimezone }))
    if (zone !== "" && !isZone(zone))
      problems.add(
        `${at}.${field}`,
        zone,
        'it is not an IANA zone; write one such as "Europe/Zurich" or "UTC"',
      );
  checkFormat(inputFormat, `${at}.inputFormat`, problems);
  checkFormat(written, `${at}.outputFormat`, problems);
  if (isInProduct && written.includes("|"))
    problems.add(`${at}.outputFormat`, written, 'within a product, "|" stands between parts');
  if (written === "" || written.length > partitionLimits.formatLength || !isZone(timezone)) return;
  const { start } = unitAt(unit, sample, timezone);
  const format = outputFormat(unit, dates);
  const found = parseInstant(format, formatInstant(format, start, timezone), timezone);
  if (found !== start)
    problems.add(
      `${at}.outputFormat`,
      written,
      `it does not say which ${unit}; write all of it, such as "${outputFormat(unit, { ...dates, outputFormat: "" })}"`,
    );
}

/** An empty one stands for ISO 8601. */
export function checkFormat(format: string, at: string, problems: Problems): void {
  if (format === "") return;
  if (format.length > partitionLimits.formatLength || /\p{Cc}/u.test(format))
    problems.add(
      at,
      format,
      `a format has at most ${partitionLimits.formatLength} characters, and none that controls a terminal`,
    );
  else if (!hasToken(format, "YYYY") && !hasToken(format, "GGGG"))
    problems.add(at, format, 'it does not say the year; write one such as "YYYY-MM-DD"');
}
