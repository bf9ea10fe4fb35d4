import { expect, test } from "vitest";
import { runName } from "../timetable/run-name.ts";
import { shardOf } from "../shard.ts";
import { spanText } from "../admission/span-text.ts";

test("runs are named as in Airflow, after the moment they were due", () => {
  const newYear = Date.UTC(2026, 0, 1);
  expect(runName("scheduled", newYear, newYear)).toBe("scheduled__2026-01-01T00:00:00+00:00");
  expect(runName("manual", null, newYear + 1234)).toBe("manual__2026-01-01T00:00:01.234000+00:00");
});

// Stored rows depend on these numbers. They come from another implementation of FNV-1a.
test.each([
  ["etl", 48],
  ["example_dag", 50],
  ["monitor_errors", 5],
])("the shard of %s never changes", (id, shard) => {
  expect(shardOf(id)).toBe(shard);
});

test("of 64,000 DAGs every shard gets its 1,000, a fifth more or less", () => {
  const counts = Array.from({ length: 64 }, () => 0);
  for (let at = 0; at < 64_000; at += 1) counts[shardOf(`dag_${at}`)]! += 1;
  expect(Math.min(...counts)).toBeGreaterThan(800);
  expect(Math.max(...counts)).toBeLessThan(1200);
});

test.each([
  [0, "0 ms"],
  [-5, "0 ms"],
  [999, "999 ms"],
  [1000, "1 s"],
  [30_000, "30 s"],
  [90_000, "1 min 30 s"],
  [3_600_000, "1 h"],
  [7_505_000, "2 h 5 min"],
  [86_400_000 * 2 + 60_000, "2 d"],
])("%d ms is %s", (ms, text) => {
  expect(spanText(ms)).toBe(text);
});
