import { describe, expect, test } from "vitest";
import fc from "fast-check";
import type { Schedule } from "../spec/spec.ts";
import { dateAnchor, datelessWhy, datesWithin } from "./dates.ts";

const at = (text: string) => Date.parse(`2026-${text}Z`);
const short = (ms: number) => new Date(ms).toISOString().slice(5, 16);
const plain = { timezone: "UTC", intervalMs: 0, jitterMs: 0, runImmediately: null };
const cron = (...expressions: string[]): Schedule => ({ kind: "cron", expressions, ...plain });
const hourMs = 3_600_000;

function dates(
  schedule: Schedule,
  from: string,
  to: string,
  changes: { asOf?: string; isReverse?: boolean; anchor?: number } = {},
): string[] {
  const range = {
    ...{ from: at(from), to: at(to), asOf: at(changes.asOf ?? "12-31T00:00") },
    isReverse: changes.isReverse ?? false,
  };
  const source = { dagId: "d", schedule, anchor: changes.anchor ?? 0 };
  return [...datesWithin(source, range)].map(({ logicalDate }) => short(logicalDate));
}

describe("11.1: the dates of a range", () => {
  test("both ends are included, and times in between fall away", () => {
    expect(dates(cron("@daily"), "01-01T00:00", "01-03T00:00")).toEqual([
      ...["01-01T00:00", "01-02T00:00", "01-03T00:00"],
    ]);
    expect(dates(cron("@daily"), "01-01T00:01", "01-02T23:59")).toEqual(["01-02T00:00"]);
  });

  test("of several crons each moment counts once", () => {
    expect(dates(cron("0 6 * * *", "0 6,18 * * *"), "01-01T00:00", "01-02T06:00")).toEqual([
      ...["01-01T06:00", "01-01T18:00", "01-02T06:00"],
    ]);
  });

  test("the logical date of a trigger with an interval is the fire less that", () => {
    const schedule = { ...cron("@daily"), intervalMs: 24 * hourMs } as Schedule;
    expect(dates(schedule, "01-01T00:00", "01-02T00:00", { asOf: "01-02T12:00" })).toEqual([
      "01-01T00:00",
    ]);
  });

  test("intervals that are not over are left out, in either direction", () => {
    const schedule = { kind: "cron_interval", expression: "@daily", timezone: "UTC" } as const;
    const ended = ["01-01T00:00", "01-02T00:00"];
    const asOf = "01-03T00:00";
    expect(dates(schedule, "01-01T00:00", "02-01T00:00", { asOf })).toEqual(ended);
    expect(dates(schedule, "01-01T00:00", "02-01T00:00", { asOf, isReverse: true })).toEqual(
      ended.toReversed(),
    );
  });

  test("lengths of time count from their anchor, before it too", () => {
    const schedule = { kind: "delta", everyMs: 90 * 60_000 } as const;
    const anchor = at("01-02T00:00");
    expect(dates(schedule, "01-01T21:00", "01-02T02:00", { anchor })).toEqual([
      ...["01-01T21:00", "01-01T22:30", "01-02T00:00", "01-02T01:30"],
    ]);
  });

  test("events are those of the list", () => {
    const moments = ["01-01T05:00", "01-03T07:00", "01-09T00:00"].map(at);
    expect(dates({ kind: "events", at: moments }, "01-01T05:00", "01-05T00:00")).toEqual([
      ...["01-01T05:00", "01-03T07:00"],
    ]);
  });

  test("of assets or time they are those of the time; of assets alone there are none", () => {
    const expression = {
      kind: "events",
      of: { kind: "alias", name: "a", group: "" },
      count: 1,
    } as const;
    const either = {
      kind: "asset_or_time",
      expression,
      time: { kind: "cron", expressions: ["@daily"], ...plain },
    } as const;
    expect(dates(either, "01-01T00:00", "01-02T00:00")).toEqual(["01-01T00:00", "01-02T00:00"]);
    const schedule = { kind: "assets", expression } as const;
    expect(datelessWhy({ dagId: "d", schedule })).toMatch(/no dates of the past/);
  });

  test("over a change of the clock every fire has its date", () => {
    const schedule = { ...cron("0 * * * *"), timezone: "Europe/Zurich" } as Schedule;
    expect(dates(schedule, "10-24T23:00", "10-25T03:00")).toHaveLength(5);
  });
});

test.each([
  [null, "no schedule"],
  [{ kind: "once" } as const, "once"],
  [{ kind: "continuous" } as const, "continuous"],
])("%o has no dates of the past, and a sentence says so", (schedule, word) => {
  expect(datelessWhy({ dagId: "d", schedule })).toContain(word);
  const range = { from: 0, to: 1, asOf: 1, isReverse: false };
  expect(() => [...datesWithin({ dagId: "d", schedule, anchor: 0 }, range)]).toThrow(
    expect.objectContaining({ reason: "BACKFILL_IMPOSSIBLE" }),
  );
});

test("dates of a length of time meet those of runs that exist", () => {
  const delta = { kind: "delta", everyMs: hourMs } as const;
  const last = { start: 5, end: 5 };
  expect(dateAnchor({ schedule: delta, startDate: 7, catchup: true }, last, 9)).toBe(5);
  expect(dateAnchor({ schedule: delta, startDate: 7, catchup: false }, null, 9)).toBe(7);
  expect(dateAnchor({ schedule: delta, startDate: null, catchup: false }, null, 9)).toBe(9);
  const interval = { kind: "delta_interval", everyMs: hourMs } as const;
  expect(dateAnchor({ schedule: interval, startDate: 7, catchup: false }, null, 9)).toBe(0);
  expect(dateAnchor({ schedule: interval, startDate: 7, catchup: true }, null, 9)).toBe(7);
});

test("dates increase strictly, backwards they are the same, and they can be gone on with anywhere", () => {
  const schedules: Schedule[] = [
    { ...cron("*/20 2,3 * * *", "30 * * * *"), timezone: "Europe/Zurich" } as Schedule,
    { kind: "cron_interval", expression: "0 */5 * * *", timezone: "America/Havana" },
    { kind: "delta", everyMs: 47 * 60_000 },
    { kind: "delta_interval", everyMs: 3 * hourMs },
    { kind: "events", at: [at("03-29T01:00"), at("03-29T01:30"), at("04-01T00:00")] },
  ];
  const hour = fc.integer({ min: 0, max: 24 * 10 });
  fc.assert(
    fc.property(fc.constantFrom(...schedules), hour, hour, fc.nat(), (schedule, a, b, cut) => {
      const from = at("03-25T00:00") + Math.min(a, b) * hourMs;
      const to = at("03-25T00:00") + Math.max(a, b) * hourMs;
      const source = { dagId: "d", schedule, anchor: 12_345_000 };
      const range = { from, to, asOf: to + hourMs, isReverse: false };
      const forth = [...datesWithin(source, range)].map((date) => date.logicalDate);
      const back = [...datesWithin(source, { ...range, isReverse: true })].map(
        (date) => date.logicalDate,
      );
      expect(forth).toEqual(forth.toSorted((x, y) => x - y));
      expect(new Set(forth).size).toBe(forth.length);
      expect(back.toReversed()).toEqual(forth);
      if (forth.length === 0) return;
      const n = cut % forth.length;
      const rest = [...datesWithin(source, range, forth[n])].map((date) => date.logicalDate);
      expect(rest).toEqual(forth.slice(n + 1));
    }),
    { numRuns: 100 },
  );
});
