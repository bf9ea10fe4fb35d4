import { expect, test } from "vitest";
import type { CronTriggerSchedule, DagSpec, Schedule } from "../spec/spec.ts";
import { aDagSpec } from "../testing.ts";
import { validateDagSpec } from "./validate.ts";

const startDate = Date.UTC(2026, 0, 1);

function cron(changes: Partial<CronTriggerSchedule>): Schedule {
  const plain = { expressions: ["@daily"], timezone: "UTC", intervalMs: 0, jitterMs: 0 };
  return { kind: "cron", runImmediately: null, ...plain, ...changes };
}

function problemsOf(schedule: Schedule, changes: Partial<DagSpec> = {}) {
  return validateDagSpec(aDagSpec({ tasks: { a: {} } }, { schedule, ...changes }));
}

test.each<[string, Schedule, string, string]>([
  ["an unknown zone", cron({ timezone: "Mars/Base" }), "schedule.timezone", "IANA zone"],
  ["a zone of its own", cron({ timezone: "+02:00" }), "schedule.timezone", "IANA zone"],
  [
    "a malformed cron",
    cron({ expressions: ["@daily", "61 * * * *"] }),
    "schedule.expression",
    "61 * * * *",
  ],
  [
    "a date that never comes",
    cron({ expressions: ["0 0 31 2 *"] }),
    "schedule.expression",
    "never fires",
  ],
  ["no expression", cron({ expressions: [] }), "schedule.expressions", "1 to 16"],
  ["an interval that ends before it begins", cron({ intervalMs: -1 }), "schedule.interval", "-1"],
  ["a jitter of a week", cron({ jitterMs: 7 * 86_400_000 }), "schedule.jitter", "86400000"],
  ["a wait of minus a minute", cron({ runImmediately: -60_000 }), "schedule.runImmediately", "-60"],
  [
    "an interval without a sense",
    { kind: "cron_interval", expression: "* * *", timezone: "UTC" },
    "schedule.expression",
    "3 fields",
  ],
  ["no name", { kind: "custom", name: "", handler: "x" }, "schedule.name", "1 to 100"],
  ["no function", { kind: "custom", name: "x", handler: "" }, "schedule.handler", "function"],
  ["an interval of zero", { kind: "delta", everyMs: 0 }, "schedule.every", "1000 ms"],
  ["half a millisecond", { kind: "delta_interval", everyMs: 1000.5 }, "schedule.every", "1000.5"],
  ["a thousand years", { kind: "delta", everyMs: 3.2e13 }, "schedule.every", "ten years"],
  ["no moment", { kind: "events", at: [] }, "schedule.at", "1 to 10000"],
  ["a moment twice", { kind: "events", at: [5, 5] }, "schedule.at[1]", "later"],
  ["a moment that is none", { kind: "events", at: [1, NaN] }, "schedule.at[1]", "NaN"],
  ["several runs without a pause", { kind: "continuous" }, "maxActiveRuns", "16"],
])("%s is refused by name", (_, schedule, field, text) => {
  const [problem, ...others] = problemsOf(schedule);
  expect(problem).toMatchObject({ field, message: expect.stringContaining(text) });
  expect(others).toEqual([]);
});

test.each(["forbid", "replace"] as const)(
  "a continuous schedule with overlap %s is refused: it would leave out, or cancel, runs without end",
  (overlap) => {
    const problems = problemsOf({ kind: "continuous" }, { maxActiveRuns: 1, overlap });
    expect(problems).toMatchObject([
      { field: "overlap", message: expect.stringContaining("write allow") as string },
    ]);
  },
);

test("catch-up needs to know since when, where a schedule has no beginning of its own", () => {
  const fields = (schedule: Schedule, changes: Partial<DagSpec> = {}) =>
    problemsOf(schedule, { catchup: true, ...changes }).map(({ field }) => field);
  expect(fields(cron({}))).toEqual(["startDate"]);
  expect(fields({ kind: "delta", everyMs: 60_000 })).toEqual(["startDate"]);
  expect(fields(cron({}), { startDate })).toEqual([]);
  expect(fields({ kind: "once" })).toEqual([]);
  expect(fields({ kind: "events", at: [1, 2] })).toEqual([]);
});

test.each<Schedule>([
  cron({ expressions: ["@daily", "0 12 * * 1"], jitterMs: 60_000, runImmediately: true }),
  { kind: "cron_interval", expression: "@hourly", timezone: "Europe/Zurich" },
  { kind: "delta", everyMs: 1000 },
  { kind: "delta_interval", everyMs: 86_400_000 },
  { kind: "once" },
  { kind: "events", at: [-1, 0, 1] },
])("%o is a schedule", (schedule) => {
  expect(problemsOf(schedule)).toEqual([]);
});
