/** What each mapper does with keys (semantics 10.6); dates at changes of clocks. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mapPartition, partsNeeded } from "./map.ts";
import type { PartitionMapper } from "./mapper.ts";
import { fanOut, rollup, startOf } from "./testing.ts";

const keysOf = (mapper: PartitionMapper, key: string) =>
  mapPartition(mapper, key).targets?.map((target) => target.key) ?? [];
const partsOf = (mapper: PartitionMapper, key: string) =>
  mapPartition(mapper, key).targets?.map((target) => target.part) ?? [];
const identity: PartitionMapper = { kind: "identity" };

describe("a key is mapped", () => {
  test.each<[string, PartitionMapper, string, string[]]>([
    ["to itself by identity", identity, "eu|2026", ["eu|2026"]],
    ["to its hour", startOf("hour"), "2026-03-04T05:06:07", ["2026-03-04T05"]],
    ["to its day", startOf("day"), "2026-03-04T05:06:07", ["2026-03-04"]],
    ["to its week, from Monday on", startOf("week"), "2026-03-04T05:06:07", ["2026-W10"]],
    ["to the week of a year it is not in", startOf("week"), "2027-01-01", ["2026-W53"]],
    ["to its month", startOf("month"), "2026-03-04T05:06:07", ["2026-03"]],
    ["to its quarter", startOf("quarter"), "2026-12-31T23:59:59", ["2026-Q4"]],
    ["to its year", startOf("year"), "2026-12-31T23:59:59", ["2026"]],
    ["from a week to its month", startOf("month"), "2026-W10", ["2026-03"]],
    ["from a quarter to its year", startOf("year"), "2026-Q3", ["2026"]],
    ["from minutes", startOf("day"), "2026-03-04T05:06", ["2026-03-04"]],
    [
      "from an offset, to the day in the zone",
      startOf("day"),
      "2026-03-04T01:00:00+02:00",
      ["2026-03-03"],
    ],
    [
      "from UTC",
      startOf("day", { timezone: "Asia/Tokyo" }),
      "2026-03-04T20:00:00Z",
      ["2026-03-05"],
    ],
    [
      "from keys of another zone than the days",
      startOf("day", { timezone: "Europe/Berlin", inputTimezone: "UTC" }),
      "2026-01-02T23:00:00",
      ["2026-01-03"],
    ],
    [
      "by formats of its own",
      startOf("day", { inputFormat: "DD.MM.YYYY HH[h]", outputFormat: "[day] YYYYMMDD" }),
      "04.03.2026 05h",
      ["day 20260304"],
    ],
    [
      "with the offset in its text",
      startOf("day", { timezone: "Europe/Berlin", outputFormat: "YYYY-MM-DDTHH:mmZ" }),
      "2026-07-04T05:06:07",
      ["2026-07-04T00:00+02:00"],
    ],
    ["to a fixed one", { kind: "fixed_key", key: "all" }, "x", ["all"]],
    ["to each of several", { kind: "each_of", keys: ["a", "b"] }, "x", ["a", "b"]],
    ["to itself where it is allowed", { kind: "allowed_keys", keys: ["eu", "us"] }, "us", ["us"]],
    [
      "part by part",
      { kind: "product", mappers: [startOf("day"), identity] },
      "2026-03-04T05:06:07|eu",
      ["2026-03-04|eu"],
    ],
    [
      "part by part, to all that the parts are mapped to",
      {
        kind: "product",
        mappers: [
          { kind: "each_of", keys: ["a", "b"] },
          { kind: "each_of", keys: ["1", "2"] },
        ],
      },
      "x|y",
      ["a|1", "a|2", "b|1", "b|2"],
    ],
    [
      "by one after the other",
      { kind: "chain", mappers: [startOf("day"), startOf("month")] },
      "2026-03-04T05:06:07",
      ["2026-03"],
    ],
    [
      "from a week to its days",
      fanOut("week", "day"),
      "2026-W01",
      [
        ...["2025-12-29", "2025-12-30", "2025-12-31", "2026-01-01"],
        ...["2026-01-02", "2026-01-03", "2026-01-04"],
      ],
    ],
    [
      "from a year to its quarters",
      fanOut("year", "quarter"),
      "2026",
      [...["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]],
    ],
    ["from an hour to its day", rollup("day", "hour"), "2026-03-04T05", ["2026-03-04"]],
    [
      "from a segment",
      { kind: "segments", keys: ["eu", "us"], to: "world", atLeast: null },
      "us",
      ["world"],
    ],
  ])("%s", (_, mapper, key, targets) => {
    expect(keysOf(mapper, key)).toEqual(targets);
  });

  test.each<[string, PartitionMapper, string, string]>([
    ["what is no date", startOf("day"), "yesterday", '"yesterday" is no date as ISO 8601'],
    ["a day that no month has", startOf("day"), "2026-02-30", "no date"],
    ["a week that the year does not have", startOf("day"), "2026-W54", "no date"],
    ["an hour that no day has", startOf("day"), "2026-02-03T24:00:00", "no date"],
    ["the year 0", startOf("day"), "0000-01-01", "no date"],
    ["another form", startOf("day", { inputFormat: "DD.MM.YYYY" }), "2026-02-03", '"DD.MM.YYYY"'],
    [
      "more parts",
      { kind: "product", mappers: [identity] },
      "a|b",
      'has 2 parts between "|"; 1 are',
    ],
    ["what is not allowed", { kind: "allowed_keys", keys: ["eu"] }, "us", '"us" is none of "eu"'],
    [
      "what is no segment",
      { kind: "segments", keys: ["a", "b", "c", "d", "e", "f"], to: "x", atLeast: null },
      "g",
      "and 1 more",
    ],
    [
      "what comes out empty",
      startOf("day", { outputFormat: "YYYY".repeat(70) }),
      "2026",
      "1 to 250 characters",
    ],
    [
      "what is mapped to too many",
      { kind: "chain", mappers: [fanOut("year", "day"), fanOut("day", "hour")] },
      "2026",
      "1000 are the limit",
    ],
  ])("to none: %s", (_, mapper, key, part) => {
    expect(mapPartition(mapper, key).problem).toContain(part);
  });

  test("whatever it is, to keys or to a sentence", () => {
    const mappers = [
      ...[startOf("day"), startOf("week"), rollup("month", "day"), fanOut("month", "day")],
      { kind: "product", mappers: [startOf("hour"), identity] } as const,
    ];
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom(...mappers), (key, mapper) => {
        const { targets, problem } = mapPartition(mapper, key);
        expect(targets === null).toBe(problem !== null);
      }),
    );
  });
});

describe("a key waits for the parts that its calendar has", () => {
  const berlin = { timezone: "Europe/Berlin" };
  const berlinOfUtc = { ...berlin, inputTimezone: "UTC" };
  const offsets = { ...berlin, inputFormat: "YYYY-MM-DDTHH:mm:ssZ" };
  test.each<[string, PartitionMapper, string, number]>([
    ["24 hours of a day", rollup("day", "hour"), "2026-03-04", 24],
    ["23 on the day that loses one", rollup("day", "hour", berlinOfUtc), "2026-03-29", 23],
    ["25 on the day that has one twice", rollup("day", "hour", berlinOfUtc), "2026-10-25", 25],
    ["23 by the clock that loses one", rollup("day", "hour", berlin), "2026-03-29", 23],
    ["24 by the clock that shows one twice", rollup("day", "hour", berlin), "2026-10-25", 24],
    ["25 where keys say the offset", rollup("day", "hour", offsets), "2026-10-25", 25],
    ["7 days of a week", rollup("week", "day"), "2026-W10", 7],
    ["29 days of a February", rollup("month", "day"), "2028-02", 29],
    ["743 hours of a March that loses one", rollup("month", "hour", berlinOfUtc), "2026-03", 743],
    ["3 months of a quarter", rollup("quarter", "month"), "2026-Q1", 3],
    ["366 days of a leap year", rollup("year", "day"), "2028", 366],
    ["as many as are enough", rollup("day", "hour", {}, 21), "2026-03-04", 21],
    ["all segments", { kind: "segments", keys: ["eu", "us"], to: "x", atLeast: null }, "x", 2],
    [
      "as many of each, in a product",
      {
        kind: "product",
        mappers: [
          rollup("day", "hour"),
          { kind: "segments", keys: ["eu", "us"], to: "x", atLeast: null },
        ],
      },
      "2026-03-04|x",
      48,
    ],
  ])("%s", (_, mapper, key, need) => {
    expect(partsNeeded(mapper, key)?.need).toBe(need);
  });

  test("of one that is mapped one to one it waits for none", () => {
    expect(partsNeeded(startOf("day"), "2026-03-04")).toBeNull();
  });

  test("the same part is one part, however its key is written", () => {
    const byDay = rollup("day", "hour");
    expect(partsOf(byDay, "2026-03-04T05")).toEqual(partsOf(byDay, "2026-03-04T05:59:59"));
    expect(partsOf(byDay, "2026-03-04T05")).not.toEqual(partsOf(byDay, "2026-03-04T06"));
  });

  test("all hours of any day, in UTC, are as many parts as the day waits for, in any zone", () => {
    const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Tokyo"];
    const days = fc.integer({ min: 0, max: 365 * 3 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), days, (timezone, day) => {
        const mapper = rollup("day", "hour", { timezone, inputTimezone: "UTC" });
        const start = Date.UTC(2025, 0, 1) + day * 86_400_000;
        const parts = new Map<string, Set<string>>();
        for (let hour = 0; hour < 72; hour += 1) {
          // The middle: zones may be half an hour off.
          const at = new Date(start + hour * 3_600_000).toISOString().slice(0, 19);
          const [target] = mapPartition(mapper, at).targets ?? [];
          const seen = parts.get(target!.key) ?? new Set();
          parts.set(target!.key, seen.add(target!.part));
        }
        // The first and the last day may begin before, or end after.
        for (const [key, seen] of [...parts].slice(1, -1))
          expect(seen.size).toBe(partsNeeded(mapper, key)?.need);
      }),
    );
  });

  test("each of the keys that a window is fanned out to is rolled up to it again", () => {
    const pairs = [
      ["week", "day"],
      ["month", "day"],
      ["year", "month"],
      ["day", "hour"],
    ] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...pairs),
        fc.integer({ min: 0, max: 5000 }),
        fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"),
        ([window, step], day, timezone) => {
          const date = new Date(Date.UTC(2020, 0, 1) + day * 86_400_000).toISOString();
          const [own] = keysOf(startOf(window, { timezone }), date.slice(0, 10));
          const steps = keysOf(fanOut(window, step, { timezone }), own!);
          const mapper = rollup(window, step, { timezone });
          for (const key of steps) expect(keysOf(mapper, key)).toEqual([own]);
          const parts = new Set(steps.flatMap((key) => partsOf(mapper, key)));
          expect(parts.size).toBe(partsNeeded(mapper, own!)?.need);
        },
      ),
    );
  });
});
