/** The partition keys of runs that a cron schedule makes (semantics 3.4, CronPartition). */

import { describe, expect, test } from "vitest";
import type { CronTriggerSchedule, Schedule } from "../spec/spec.ts";
import { partitionKeyAt } from "./fire-key.ts";
import type { CronPartition } from "./mapper.ts";

const cron = (
  expressions: readonly string[],
  partition: Partial<CronPartition> | null = {},
  timezone = "UTC",
): CronTriggerSchedule => ({
  ...{ kind: "cron", expressions, timezone, intervalMs: 0, jitterMs: 0, runImmediately: null },
  ...(partition && { partition: { format: "", offset: 0, ...partition } }),
});
const at = (text: string) => Date.parse(text);

describe("the key of a run is the date of its fire", () => {
  test.each<[string, Schedule, string, string | null]>([
    [
      "in full, unless a format is given",
      cron(["0 3 * * *"]),
      "2026-01-02T03:00:00Z",
      "2026-01-02T03:00:00",
    ],
    [
      "by its format",
      cron(["0 3 * * *"], { format: "YYYY-MM-DD" }),
      "2026-01-02T03:00:00Z",
      "2026-01-02",
    ],
    [
      "in its zone",
      cron(["0 0 * * *"], { format: "YYYY-MM-DD" }, "Asia/Tokyo"),
      "2026-01-01T15:00:00Z",
      "2026-01-02",
    ],
    [
      "so many fires before",
      cron(["0 3 * * *"], { offset: -1 }),
      "2026-01-02T03:00:00Z",
      "2026-01-01T03:00:00",
    ],
    [
      "so many fires later",
      cron(["0 3 * * 1"], { offset: 2 }),
      "2026-01-05T03:00:00Z",
      "2026-01-19T03:00:00",
    ],
    [
      "steps are fires, not hours: over the day that has one twice",
      cron(["0 0 * * *"], { offset: -1 }, "Europe/Berlin"),
      "2026-10-25T23:00:00Z",
      "2026-10-25T00:00:00",
    ],
    [
      "among the fires of several expressions",
      cron(["0 6 * * *", "0 18 * * *"], { offset: -1 }),
      "2026-01-02T06:00:00Z",
      "2026-01-01T18:00:00",
    ],
    [
      "the same where a clock shows it twice",
      cron(["0 * * * *"], {}, "Europe/Berlin"),
      "2026-10-25T01:00:00Z",
      "2026-10-25T02:00:00",
    ],
    [
      "with the offset where it is wanted",
      cron(["0 * * * *"], { format: "YYYY-MM-DDTHHZ" }, "Europe/Berlin"),
      "2026-10-25T01:00:00Z",
      "2026-10-25T02+01:00",
    ],
    ["none without the option", cron(["0 3 * * *"], null), "2026-01-02T03:00:00Z", null],
    ["none of other schedules", { kind: "delta", everyMs: 1000 }, "2026-01-02T03:00:00Z", null],
  ])("%s", (_, schedule, fire, key) => {
    expect(partitionKeyAt(schedule, at(fire))).toBe(key);
  });
});
