/** To which keys a mapper maps a key, as the documentation has it and in UTC alone, written without the product's code. */

import type { AssetExpression, PartitionMapper } from "@millrace/engine";

export type Target = { readonly key: string; readonly part: string };

const date =
  /^(?<year>\d{4})(-(?<month>\d\d)(-(?<day>\d\d)(T(?<hour>\d\d)(:(?<minute>\d\d))?)?)?)?$/;
const quarter = /^(?<year>\d{4})-Q(?<quarter>[1-4])$/;
const wholes = { year: 4, month: 7, day: 10, hour: 13 } as const;
type Unit = Extract<PartitionMapper, { kind: "start_of" }>["unit"];

/** "2026-03" is the first moment of March; null for what is no date. */
function momentOf(key: string): string | null {
  const ofQuarter = quarter.exec(key)?.groups;
  if (ofQuarter !== undefined) {
    const month = String(Number(ofQuarter["quarter"]) * 3 - 2).padStart(2, "0");
    return `${ofQuarter["year"]}-${month}-01T00:00`;
  }
  if (!date.test(key)) return null;
  return key + "0000-01-01T00:00".slice(key.length);
}

function within(unit: Unit, moment: string): string {
  if (unit === "week") throw new Error("The simulation has no weeks.");
  if (unit !== "quarter") return moment.slice(0, wholes[unit]);
  return `${moment.slice(0, 4)}-Q${Math.ceil(Number(moment.slice(5, 7)) / 3)}`;
}

/** Months of a quarter; the simulation has no other fan-out of dates. */
function monthsOf(moment: string): string[] {
  const first = Math.floor((Number(moment.slice(5, 7)) - 1) / 3) * 3 + 1;
  return [0, 1, 2].map((n) => `${moment.slice(0, 4)}-${String(first + n).padStart(2, "0")}`);
}

/** Null when it is mapped to none. */
export function targetsOf(mapper: PartitionMapper, key: string): readonly Target[] | null {
  switch (mapper.kind) {
    case "identity":
      return [{ key, part: "" }];
    case "fixed_key":
      return [{ key: mapper.key, part: "" }];
    case "each_of":
      return mapper.keys.map((one) => ({ key: one, part: "" }));
    case "allowed_keys":
      return mapper.keys.includes(key) ? [{ key, part: "" }] : null;
    case "segments":
      return mapper.keys.includes(key) ? [{ key: mapper.to, part: key }] : null;
    case "product": {
      const parts = key.split("|");
      if (parts.length !== mapper.mappers.length) return null;
      const each = mapper.mappers.map((one, at) => targetsOf(one, parts[at]!));
      if (each.includes(null)) return null;
      return each.reduce<readonly Target[]>(
        (all, next) =>
          all.flatMap((left) =>
            next!.map((right) => ({
              key: left.key === "" ? right.key : `${left.key}|${right.key}`,
              part: `${left.part}|${right.part}`,
            })),
          ),
        [{ key: "", part: "" }],
      );
    }
    case "chain": {
      let targets: readonly Target[] | null = [{ key, part: "" }];
      for (const one of mapper.mappers) targets = targets && targetsOf(one, targets[0]!.key);
      return targets;
    }
    case "start_of":
    case "rollup":
    case "fan_out": {
      const moment = momentOf(key);
      if (moment === null) return null;
      if (mapper.kind === "start_of") return [{ key: within(mapper.unit, moment), part: "" }];
      if (mapper.kind === "fan_out")
        return monthsOf(moment).map((month) => ({ key: month, part: "" }));
      return [{ key: within(mapper.window, moment), part: within(mapper.step, moment) }];
    }
  }
}

/** How many different parts of a key have to come; 1 where every event is all of it. */
function partsNeeded(mapper: PartitionMapper): number {
  switch (mapper.kind) {
    case "segments":
      return mapper.atLeast ?? mapper.keys.length;
    case "rollup":
      // Without a number: the months of a quarter.
      return mapper.atLeast ?? 3;
    case "product":
      return mapper.mappers.map(partsNeeded).reduce((all, one) => all * one, 1);
    case "identity":
    case "fixed_key":
    case "each_of":
    case "allowed_keys":
    case "chain":
    case "start_of":
    case "fan_out":
      return 1;
  }
}

/** What has come of an asset for a key. */
export type Come = { readonly events: number; readonly parts: number };

/** Whether what has come for a key makes a run with it. */
export function suffices(
  expression: AssetExpression,
  mapperOf: (uri: string) => PartitionMapper,
  comeOf: (uri: string) => Come,
): boolean {
  if (expression.kind !== "events") {
    const each = expression.expressions.map((one) => suffices(one, mapperOf, comeOf));
    return expression.kind === "all_of" ? each.every(Boolean) : each.some(Boolean);
  }
  const { of, count } = expression;
  if (of.kind !== "asset") return false;
  const { events, parts } = comeOf(of.uri);
  return events >= count && parts >= partsNeeded(mapperOf(of.uri));
}
