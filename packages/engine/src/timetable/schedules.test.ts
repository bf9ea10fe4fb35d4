/** Random schedules lived through, with crashes at every step of the making of runs. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Schedule } from "../spec/spec.ts";
import { nextRuns } from "./next-runs.ts";
import { planNext } from "./plan.ts";
import type { DataInterval, Planned } from "./planned.ts";

const hourMs = 3_600_000;
const begin = Date.UTC(2026, 2, 20);
const zones = ["UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];
const expressions = ["*/20 * * * *", "30 2 * * *", "0 */3 * * *", "15 1,3 * * 1-5", "0 0 * * 0"];

const cronRule = fc.record({
  expression: fc.constantFrom(...expressions),
  timezone: fc.constantFrom(...zones),
});
const schedules: fc.Arbitrary<Schedule> = fc.oneof(
  fc
    .tuple(cronRule, fc.constantFrom(...expressions), fc.constantFrom(0, hourMs))
    .map(([{ expression, timezone }, other, intervalMs]): Schedule => {
      const both = [...new Set([expression, other])];
      const plain = { timezone, intervalMs, jitterMs: 0, runImmediately: null };
      return { kind: "cron", expressions: both, ...plain };
    }),
  cronRule.map((rule): Schedule => ({ kind: "cron_interval", ...rule })),
  fc
    .integer({ min: 60_000, max: 50 * hourMs })
    .map((everyMs): Schedule => ({ kind: "delta", everyMs })),
  fc
    .integer({ min: 60_000, max: 50 * hourMs })
    .map((everyMs): Schedule => ({ kind: "delta_interval", everyMs })),
  fc
    .uniqueArray(fc.integer({ min: 0, max: 400 * hourMs }), { minLength: 1, maxLength: 40 })
    .map((at): Schedule => ({
      kind: "events",
      at: at.map((ms) => begin + ms).sort((a, b) => a - b),
    })),
);

/** What happens when a run is due: how late anybody looks, and whether they live to write it, and to hear that they did. */
const looks = fc.array(
  fc.record({
    lateMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 * hourMs })),
    fate: fc.constantFrom("made", "lost", "made, and asked again"),
  }),
  { minLength: 5, maxLength: 60 },
);

type Look = { readonly lateMs: number; readonly fate: string };

/** Lives through the looks; runs that exist are known by their logical dates, as rows are. */
function live(dag: Planned, all: readonly Look[]): { dates: number[]; now: number } {
  const dates: number[] = [];
  let now = begin;
  let last: DataInterval | null = null;
  for (const { lateMs, fate } of all) {
    const planned = planNext(dag, { now, last, through: null });
    if (planned === null) break;
    now = Math.max(now, planned.runAfter) + lateMs;
    // The timer has fired: the plan is made anew from what is written, as after a restart.
    const due = planNext(dag, { now, last, through: null });
    if (due === null || due.runAfter > now || fate === "lost") continue;
    for (const _ of fate === "made" ? [1] : [1, 2])
      if (!dates.includes(due.logicalDate)) dates.push(due.logicalDate);
    last = due.dataInterval;
  }
  return { dates, now };
}

test("with catch-up no tick is missed and none comes twice, whatever crashes in between", () => {
  fc.assert(
    fc.property(schedules, looks, (schedule, all) => {
      const dag = { dagId: "d", schedule, startDate: begin, endDate: null, catchup: true };
      const { dates } = live(dag, all);
      const ideal = nextRuns(dag, { now: begin, last: null, count: dates.length });
      expect(dates).toEqual(ideal.map((run) => run.logicalDate));
    }),
    { numRuns: 150 },
  );
});

test("without it ticks go forward, and after a gap the newest that has passed is the one", () => {
  fc.assert(
    fc.property(schedules, looks, (schedule, all) => {
      const dag = { dagId: "d", schedule, startDate: begin, endDate: null, catchup: false };
      const { dates, now } = live(dag, all);
      expect(dates).toEqual(dates.toSorted((a, b) => a - b));
      expect(new Set(dates).size).toBe(dates.length);
      const last = planNext(dag, { now, last: null, through: null });
      if (last === null || last.runAfter > now) return;
      // Whoever looks now finds one run at most that is due.
      const next = planNext(dag, { now, last: last.dataInterval, through: null });
      expect(next === null || next.runAfter > now || schedule.kind === "delta").toBe(true);
    }),
    { numRuns: 150 },
  );
});

test(
  "a year of a run every five minutes, in 20 zones, is planned without a gap",
  { timeout: 120_000 },
  () => {
    const yearMs = 365 * 24 * hourMs;
    for (const timezone of [...zones, ...Intl.supportedValuesOf("timeZone").slice(0, 15)]) {
      const plain = { timezone, intervalMs: 0, jitterMs: 0, runImmediately: null };
      const schedule: Schedule = { kind: "cron", expressions: ["*/5 * * * *"], ...plain };
      const dag = {
        dagId: "d",
        schedule,
        startDate: begin,
        endDate: begin + yearMs,
        catchup: true,
      };
      let last: DataInterval | null = null;
      let count = 0;
      let gaps = 0;
      for (;;) {
        const run = planNext(dag, { now: begin, last, through: null });
        if (run === null) break;
        if (last !== null && run.logicalDate - last.end !== 300_000) gaps += 1;
        last = run.dataInterval;
        count += 1;
      }
      expect({ timezone, count, gaps }).toEqual({ timezone, count: 365 * 24 * 12 + 1, gaps: 0 });
    }
  },
);
