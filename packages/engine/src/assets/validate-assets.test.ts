import { expect, test } from "vitest";
import type { Schedule } from "../spec/spec.ts";
import { aDagSpec } from "../testing.ts";
import { nextRuns } from "../timetable/next-runs.ts";
import { scheduleText } from "../timetable/schedule-text.ts";
import { validateDagSpec } from "../validate/validate.ts";
import type { AssetExpression, AssetOrAlias } from "./asset.ts";
import { aliasOf, allOf, anyOf, assetOf, events } from "./testing.ts";

const problemsOf = (schedule: Schedule | null, outlets: AssetOrAlias[] = [], more = {}) =>
  validateDagSpec(aDagSpec({ tasks: { t: { outlets } } }, { schedule, ...more })).map(
    ({ message }) => message,
  );
const assets = (expression: AssetExpression): Schedule => ({ kind: "assets", expression });

test("sound assets pass", () => {
  const expression = allOf(
    events("s3://a"),
    anyOf(events("b", 1000), { ...events("x"), of: aliasOf("f") }),
  );
  expect(problemsOf(assets(expression), [assetOf("out"), aliasOf("f")])).toEqual([]);
});

function nested(levels: number): AssetExpression {
  return levels === 0 ? events("a") : allOf(nested(levels - 1));
}

test.each<[string, () => string[], string]>([
  ["a uri with a space", () => problemsOf(null, [assetOf("a b")]), "no spaces"],
  ["an empty uri", () => problemsOf(null, [assetOf("")]), "1 to 1500"],
  ["a uri that is too long", () => problemsOf(null, [assetOf("x".repeat(1501))]), "1 to 1500"],
  ["a reserved scheme", () => problemsOf(null, [assetOf("airflow://x")]), "reserved"],
  [
    "an extra that is no object",
    () => problemsOf(null, [assetOf("a", { extra: "[1]" })]),
    "JSON object",
  ],
  [
    "a name that is too long",
    () => problemsOf(null, [assetOf("a", { name: "n".repeat(251) })]),
    "1 to 250",
  ],
  ["an outlet twice", () => problemsOf(null, [assetOf("a"), assetOf("a")]), "it is there twice"],
  [
    "too many outlets",
    () =>
      problemsOf(
        null,
        Array.from({ length: 101 }, (_, n) => assetOf(`a${n}`)),
      ),
    "at most 100",
  ],
  ["a number of events of 0", () => problemsOf(assets(events("a", 0))), "1 to 1000"],
  ["a number of events over 1000", () => problemsOf(assets(events("a", 1001))), "1 to 1000"],
  ["an empty list", () => problemsOf(assets(allOf())), "at least one asset"],
  ["too deep an expression", () => problemsOf(assets(nested(10))), "11 levels"],
  [
    "too many assets",
    () => problemsOf(assets(allOf(...Array.from({ length: 101 }, (_, n) => events(`a${n}`))))),
    "the limit is 100",
  ],
  [
    "overlap with assets",
    () => problemsOf(assets(events("a")), [], { overlap: "forbid" }),
    "never left out",
  ],
  [
    "catchup with assets",
    () => problemsOf(assets(events("a")), [], { catchup: true }),
    "leave it out",
  ],
  [
    "assets or continuously",
    () =>
      problemsOf(
        { kind: "asset_or_time", expression: events("a"), time: { kind: "continuous" } },
        [],
        {
          maxActiveRuns: 1,
        },
      ),
    "leaves assets nothing to start",
  ],
])("%s is refused with a sentence", (_, problems, part) => {
  expect(problems().join("\n")).toContain(part);
});

test("assets plan nothing; with a time, the time is planned as if it were alone", () => {
  const time = {
    kind: "cron",
    ...{ expressions: ["0 6 * * *"], timezone: "UTC" },
    ...{ intervalMs: 0, jitterMs: 0, runImmediately: null },
  } as const;
  const at = { now: Date.UTC(2026, 0, 1), last: null, count: 3 };
  const both: Schedule = { kind: "asset_or_time", expression: events("a"), time };
  const plan = (schedule: Schedule) =>
    nextRuns({ dagId: "d", schedule, startDate: null, endDate: null, catchup: false }, at);
  expect(plan(assets(events("a")))).toEqual([]);
  expect(plan(both)).toEqual(plan(time));
  expect(plan(both)).toHaveLength(3);
  expect(scheduleText(both)).toBe("0 6 * * * or a");
});
