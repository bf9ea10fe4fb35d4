/** The words for partitions: what they compile to, and what is refused. */

import { describe, expect, test } from "vitest";
import {
  allowedKeys,
  allOf,
  asset,
  assetAlias,
  assetNamed,
  byPartition,
  chainOf,
  cron,
  dag,
  fanOut,
  fixedKey,
  orTime,
  productOf,
  rollup,
  sameKey,
  task,
  toDay,
  toHour,
  toMonth,
  toQuarter,
  toWeek,
  toYear,
  type KeyMapper,
  type ScheduleOption,
} from "../index.ts";

const orders = asset("s3://orders");
const clicks = asset("s3://clicks");
const work = task(function work() {});
const scheduleOf = (schedule: ScheduleOption) =>
  dag("d", { schedule, timezone: "Europe/Berlin" }, () => void work()).spec().schedule;
const berlin = { timezone: "Europe/Berlin", inputTimezone: "", inputFormat: "", outputFormat: "" };

describe("byPartition", () => {
  test("has the rule, and a mapper for each asset that is named", () => {
    expect(scheduleOf(byPartition(allOf(orders, clicks), { map: [[clicks, toDay()]] }))).toEqual({
      kind: "partitioned_assets",
      expression: {
        kind: "all_of",
        expressions: [
          { kind: "events", of: orders, count: 1 },
          { kind: "events", of: clicks, count: 1 },
        ],
      },
      mappings: [
        { uri: "s3://clicks", name: "", mapper: { kind: "start_of", unit: "day", dates: berlin } },
      ],
    });
    expect(scheduleOf(byPartition([orders]))).toMatchObject({ mappings: [] });
    const named = assetNamed("orders");
    expect(scheduleOf(byPartition(named, { map: [[named, sameKey()]] }))).toMatchObject({
      mappings: [{ uri: "", name: "orders", mapper: { kind: "identity" } }],
    });
  });

  test.each<[string, KeyMapper, unknown]>([
    ["hours", toHour({ timezone: "UTC" }), { unit: "hour", dates: { timezone: "UTC" } }],
    ["weeks", toWeek(), { unit: "week" }],
    [
      "months",
      toMonth({ inputFormat: "MM.YYYY" }),
      { unit: "month", dates: { inputFormat: "MM.YYYY" } },
    ],
    [
      "quarters",
      toQuarter({ outputFormat: "Q/YYYY" }),
      { unit: "quarter", dates: { outputFormat: "Q/YYYY" } },
    ],
    ["years", toYear({ inputTimezone: "UTC" }), { unit: "year", dates: { inputTimezone: "UTC" } }],
    [
      "a roll-up",
      rollup({ window: "day", step: "hour", atLeast: 20 }),
      { kind: "rollup", window: "day", step: "hour", atLeast: 20, dates: berlin },
    ],
    [
      "segments",
      rollup({ keys: ["eu", "us"], to: "world" }),
      { kind: "segments", keys: ["eu", "us"], to: "world", atLeast: null },
    ],
    ["a fan-out", fanOut({ window: "week", step: "day" }), { kind: "fan_out", dates: berlin }],
    ["a fan-out to keys", fanOut({ keys: ["a", "b"] }), { kind: "each_of", keys: ["a", "b"] }],
    ["allowed keys", allowedKeys(["eu"]), { kind: "allowed_keys", keys: ["eu"] }],
    ["a fixed key", fixedKey("all"), { kind: "fixed_key", key: "all" }],
    [
      "a product, whose dates have the DAG's zone",
      productOf(toDay(), sameKey()),
      { kind: "product", mappers: [{ dates: berlin }, { kind: "identity" }] },
    ],
    [
      "a chain",
      chainOf(toDay(), toMonth()),
      { kind: "chain", mappers: [{ unit: "day", dates: berlin }, { unit: "month" }] },
    ],
  ])("maps by %s", (_, mapper, compiled) => {
    const schedule = scheduleOf(byPartition(orders, { map: [[orders, mapper]] }));
    expect(schedule).toMatchObject({ mappings: [{ uri: "s3://orders", mapper: compiled }] });
  });

  test.each<[string, () => unknown, string]>([
    ["a text", () => byPartition("s3://a" as never), "asset(…)"],
    [
      "a mapper that is none",
      () => byPartition(orders, { map: [[orders, "day" as never]] }),
      "toDay(…)",
    ],
    [
      "a mapper without its asset",
      () => byPartition(orders, { map: [toDay() as never] }),
      "a list of [asset(…), toDay(…)]",
    ],
    [
      "a mapper of an alias",
      () => byPartition(orders, { map: [[assetAlias("f") as never, toDay()]] }),
      "it must be asset(…)",
    ],
    ["an unknown option", () => toDay({ zone: "UTC" } as never), 'unknown option "zone"'],
    [
      "a roll-up without its window",
      () => rollup({ step: "hour" } as never),
      'needs the option "window"',
    ],
    [
      "a roll-up of a window that is none",
      () => rollup({ window: "hour", step: "hour" } as never),
      '"day" or "week"',
    ],
    ["segments without a target", () => rollup({ keys: ["a"] } as never), 'needs the option "to"'],
    ["no keys", () => allowedKeys([]), "1 to 1000 keys"],
    [
      "too many keys",
      () => fanOut({ keys: Array.from({ length: 1001 }, String) }),
      "1 to 1000 keys",
    ],
    ["a key with a line break", () => fixedKey("a\nb"), "none that controls a terminal"],
    ["a name that is empty", () => assetNamed(""), "the name of an asset"],
    [
      "a time that is by partition",
      // @ts-expect-error it is no schedule that a clock decides
      () => orTime(orders, byPartition(orders)),
      "a schedule that a clock decides",
    ],
    // @ts-expect-error it is no condition
    ["a rule that is by partition", () => allOf(byPartition(orders)), "asset(…)"],
  ])("refuses %s", (_, make, part) => {
    expect(make).toThrow(part);
  });
});

describe("cron with a partition", () => {
  test("has a format and an offset", () => {
    expect(scheduleOf(cron("@daily", { partition: true }))).toMatchObject({
      partition: { format: "", offset: 0 },
    });
    expect(scheduleOf(cron("@daily", { partition: { format: "YYYY", offset: -1 } }))).toMatchObject(
      {
        partition: { format: "YYYY", offset: -1 },
      },
    );
    expect(scheduleOf(cron("@daily"))).not.toHaveProperty("partition");
  });

  test.each<[string, unknown, string]>([
    ["an offset that is no number of steps", { offset: "1d" }, "a whole number from -1000 to 1000"],
    ["false", false, "true, or { format, offset }"],
    ["an unknown option", { zone: "UTC" }, 'unknown option "zone"'],
  ])("refuses %s", (_, partition, part) => {
    expect(() => cron("@daily", { partition } as never)).toThrow(part);
  });
});
