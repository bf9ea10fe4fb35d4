/** What is wrong with schedules by partition, with a sentence that names field, value and remedy. */

import { describe, expect, test } from "vitest";
import type { AssetExpression } from "../assets/asset.ts";
import { aliasOf, allOf, events } from "../assets/testing.ts";
import type { DagSpec, Schedule } from "../spec/spec.ts";
import { aDagSpec } from "../testing.ts";
import { nextRuns } from "../timetable/next-runs.ts";
import { scheduleText } from "../timetable/schedule-text.ts";
import { validateDagSpec } from "../validate/validate.ts";
import type { AssetPartitionMapping, PartitionMapper } from "./mapper.ts";
import { fanOut, rollup, startOf } from "./testing.ts";

const by = (
  expression: AssetExpression,
  mappings: readonly AssetPartitionMapping[] = [],
): Schedule => ({ kind: "partitioned_assets", expression, mappings });
const mapping = (mapper: PartitionMapper, uri = "a"): AssetPartitionMapping => ({
  ...{ uri, name: "", mapper },
});
const problemsOf = (schedule: Schedule, more: Partial<DagSpec> = {}): string =>
  validateDagSpec(aDagSpec({ tasks: { t: {} } }, { schedule, ...more }))
    .map(({ message }) => message)
    .join("\n");
const withMapper = (mapper: PartitionMapper) => problemsOf(by(events("a"), [mapping(mapper)]));
const segments = (keys: readonly string[], atLeast: number | null = null): PartitionMapper => ({
  ...{ kind: "segments", keys, to: "all", atLeast },
});

describe("a schedule by partition", () => {
  test.each<[string, () => string, string]>([
    [
      "with an alias",
      () => problemsOf(by({ kind: "events", of: aliasOf("f"), count: 1 })),
      "has no mapper",
    ],
    [
      "with a mapper of what it does not wait for",
      () => problemsOf(by(events("a"), [mapping(startOf("day"), "b")])),
      "schedule.map[0] is b: the schedule does not wait for it",
    ],
    [
      "with two mappers of one asset",
      () => problemsOf(by(events("a"), [mapping(startOf("day")), mapping(startOf("day"))])),
      "has a mapper already",
    ],
    ["that catches up", () => problemsOf(by(events("a")), { catchup: true }), "leave it out"],
    [
      "that forbids overlap",
      () => problemsOf(by(events("a")), { overlap: "forbid" }),
      "never left out",
    ],
    [
      "in a zone that is none",
      () => withMapper(startOf("day", { timezone: "Mars/Base" })),
      "timezone is Mars/Base: it is not an IANA zone",
    ],
    [
      "with keys in a zone that is none",
      () => withMapper(startOf("day", { inputTimezone: "+02:00" })),
      "not an IANA zone",
    ],
    [
      "with a format that says no year",
      () => withMapper(startOf("day", { inputFormat: "MM-DD" })),
      "does not say the year",
    ],
    [
      "with a key that does not say which day",
      () => withMapper(startOf("day", { outputFormat: "YYYY-MM" })),
      'it does not say which day; write all of it, such as "YYYY-MM-DD"',
    ],
    [
      "with a long format",
      () => withMapper(startOf("day", { outputFormat: `YYYY${"x".repeat(100)}` })),
      "at most 100 characters",
    ],
    [
      "with weeks of months",
      () => withMapper(rollup("month", "week")),
      "month of week: write one of: day of hour",
    ],
    ["with hours of a year", () => withMapper(fanOut("year", "hour")), "year of hour"],
    [
      "with at least none",
      () => withMapper(rollup("day", "hour", {}, 0)),
      "atLeast is 0: write a whole number",
    ],
    ["with more than there are", () => withMapper(segments(["a", "b"], 3)), "from 1 to 2"],
    ["with no keys", () => withMapper(segments([])), "write 1 to 1000"],
    ["with a key twice", () => withMapper(segments(["a", "a"])), "leave one of them out"],
    [
      "with a key that is none",
      () => withMapper({ kind: "fixed_key", key: "" }),
      "1 to 250 characters",
    ],
    [
      "with too many keys",
      () => withMapper({ kind: "each_of", keys: Array.from({ length: 1001 }, (_, n) => `k${n}`) }),
      "write 1 to 1000",
    ],
    [
      "with a product in a product",
      () =>
        withMapper({ kind: "product", mappers: [{ kind: "product", mappers: [startOf("day")] }] }),
      "whose parts have no parts",
    ],
    [
      "with a bar in a part",
      () => withMapper({ kind: "product", mappers: [{ kind: "fixed_key", key: "a|b" }] }),
      '"|" stands between parts',
    ],
    [
      "with a roll-up before the end of a chain",
      () => withMapper({ kind: "chain", mappers: [rollup("day", "hour"), startOf("month")] }),
      "comes last in a chain",
    ],
    ["with an empty chain", () => withMapper({ kind: "chain", mappers: [] }), "write 1 to 10"],
    [
      "with mappers within mappers",
      () =>
        withMapper(
          [1, 2, 3, 4, 5].reduce<PartitionMapper>(
            (one) => ({ kind: "chain", mappers: [one] }),
            startOf("day"),
          ),
        ),
      "the limit is 5 levels",
    ],
    [
      "beside a time",
      () =>
        problemsOf({
          kind: "asset_or_time",
          expression: { kind: "all_of", expressions: [] },
          time: { kind: "once" },
        }),
      "need at least one asset",
    ],
  ])("%s is refused", (_, problems, part) => {
    expect(problems()).toContain(part);
  });

  test.each<[string, PartitionMapper]>([
    ["the same key", { kind: "identity" }],
    ["days in a zone", startOf("day", { timezone: "Europe/Berlin", inputTimezone: "UTC" })],
    ["weeks by a format", startOf("week", { outputFormat: "[w]WW GGGG" })],
    ["hours of a day", rollup("day", "hour", {}, 21)],
    ["days of a year", fanOut("year", "day")],
    [
      "a product with a roll-up",
      { kind: "product", mappers: [rollup("day", "hour"), { kind: "identity" }] },
    ],
    [
      "a chain with a roll-up at its end",
      { kind: "chain", mappers: [startOf("hour"), rollup("day", "hour")] },
    ],
  ])("may map by %s", (_, mapper) => {
    expect(withMapper(mapper)).toBe("");
  });

  test("plans nothing, and says what it waits for", () => {
    const schedule = by(allOf(events("a"), events("b", 2)));
    const at = { now: Date.UTC(2026, 0, 1), last: null, count: 3 };
    const plan = { dagId: "d", schedule, startDate: null, endDate: null, catchup: false };
    expect(nextRuns(plan, at)).toEqual([]);
    expect(scheduleText(schedule)).toBe("a & 2 × b by partition");
  });
});

describe("a cron schedule with a partition", () => {
  const cron = (partition: { format: string; offset: number }): Schedule => ({
    ...{ kind: "cron", expressions: ["@daily"], timezone: "UTC", intervalMs: 0, jitterMs: 0 },
    ...{ runImmediately: null, partition },
  });
  test.each<[string, { format: string; offset: number }, string]>([
    ["half a step", { format: "", offset: 0.5 }, "write a whole number from -1000 to 1000"],
    ["too many steps", { format: "", offset: 1001 }, "write a whole number from -1000 to 1000"],
    ["a format without a year", { format: "DD.MM.", offset: 0 }, "does not say the year"],
  ])("may not have %s", (_, partition, part) => {
    expect(problemsOf(cron(partition))).toContain(part);
  });

  test("may have a format and an offset", () => {
    expect(problemsOf(cron({ format: "YYYY-MM-DD", offset: -1 }))).toBe("");
  });
});
