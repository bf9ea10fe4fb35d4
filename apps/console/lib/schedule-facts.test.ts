import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { DagSpecSchema, KeyBusy, Overlap } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { scheduleFacts } from "./schedule-facts.ts";

test("what a schedule does beside its times is told in words", () => {
  const spec = create(DagSpecSchema, {
    schedule: {
      kind: {
        case: "cron",
        value: { expressions: ["@daily"], jitter: durationFromMs(600_000) },
      },
    },
    ...{ overlap: Overlap.FORBID, startingDeadline: durationFromMs(3_600_000) },
    ...{ maxConsecutiveFailedRuns: 5, maxActiveTasksPerDag: 8, keptFailedRuns: 10 },
    concurrencyKey: new TextEncoder().encode('{"$":"run","path":["params","customer"]}'),
    whenKeyBusy: KeyBusy.CANCEL_OLDEST,
    deadlines: [{ name: "8h after the logical date" }],
  });
  expect(Object.fromEntries(scheduleFacts(spec))).toEqual({
    Runs: "at each of these times",
    Spread: "begins up to 10m 00s later, so that DAGs share the load",
    Missed: "only the newest counts",
    Overlap: "left out while one is not final",
    "Too late": "after 1h 00m 00s",
    Pauses: "after 5 failed runs in a row",
    "At a time": "8 tasks over all runs",
    "One run": "for each params.customer; another cancels the one before",
    Deadlines: "8h after the logical date",
    History: "keeps 10 failed",
  });
});

test("a DAG that is run by hand, or when assets are updated, misses nothing", () => {
  expect(scheduleFacts(create(DagSpecSchema, {}))).toEqual([]);
  const onAssets = create(DagSpecSchema, { schedule: { kind: { case: "assets", value: {} } } });
  expect(scheduleFacts(onAssets)).toEqual([["Runs", "when assets are updated"]]);
});
