import { chain, cron, dag } from "@millrace/sdk";
import { describe, expect, test } from "vitest";
import { empty, latestOnly } from "./index.ts";
import { isLatest } from "./latest-only.ts";

const at = (text: string) => new Date(`2026-01-${text}:00Z`);

/** The run of a daily schedule that fired on the 2nd at midnight. */
function scheduled(instant = at("02T00:00"), interval = { start: instant, end: instant }) {
  const type = "scheduled" as const;
  return { type, logicalDate: instant, dataInterval: interval, runAfter: interval.end };
}

describe("a run is the newest", () => {
  const daily = cron("0 0 * * *");

  test.each<[string, Date, boolean]>([
    ["as soon as it is there", at("02T00:01"), true],
    ["until the next one is due", at("03T00:00"), true],
    ["and then no more", at("03T00:01"), false],
    ["and not before its time", at("02T00:00"), false],
  ])("%s", (_name, now, expected) => {
    expect(isLatest(scheduled(), daily, now)).toBe(expected);
  });

  test("when its interval covers a day, until the end of the interval after it", () => {
    const covering = scheduled(at("01T00:00"), { start: at("01T00:00"), end: at("02T00:00") });
    expect(isLatest(covering, daily, at("01T00:01"))).toBe(true);
    expect(isLatest(covering, daily, at("03T00:00"))).toBe(true);
    expect(isLatest(covering, daily, at("03T00:01"))).toBe(false);
  });

  test("in the zone of its schedule", () => {
    const zurich = cron("0 0 * * *", { timezone: "Europe/Zurich" });
    const run = scheduled(at("01T23:00"));
    expect(isLatest(run, zurich, at("02T23:00"))).toBe(true);
    expect(isLatest(run, zurich, at("02T23:01"))).toBe(false);
  });

  test("by hand always, and without a schedule too", () => {
    const none = { start: null, end: null };
    const manual = {
      ...scheduled(),
      type: "manual" as const,
      dataInterval: none,
      logicalDate: null,
    };
    expect(isLatest(manual, daily, at("31T00:00"))).toBe(true);
    expect(isLatest(scheduled(), null, at("31T00:00"))).toBe(true);
  });
});

test("latestOnly is a short circuit over what comes directly after it, and knows the DAG's schedule", () => {
  const { tasks, edges } = dag("d", { schedule: "@daily", timezone: "Europe/Zurich" }, () => {
    chain(latestOnly(), empty("news"), empty({ id: "always", triggerRule: "all_done" }));
    latestOnly({ id: "other", skipsDirectOnly: false });
  }).spec();
  expect(tasks[0]).toMatchObject({
    id: "latest_only",
    control: "short_circuit",
    skipsDirectOnly: true,
  });
  expect(JSON.parse(tasks[0]?.args ?? "")).toEqual([
    {
      ...{ kind: "cron", expressions: ["@daily"], timezone: "Europe/Zurich" },
      ...{ intervalMs: 0, jitterMs: 0, runImmediately: null },
    },
  ]);
  expect(tasks[3]).toMatchObject({ id: "other", skipsDirectOnly: false });
  expect(edges.map(({ from, to }) => `${from} → ${to}`)).toEqual([
    "latest_only → news",
    "news → always",
  ]);
});
