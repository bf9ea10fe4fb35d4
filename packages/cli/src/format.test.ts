import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  MappedSummarySchema,
  RunState,
  TaskInstanceSchema,
  TaskState,
  TaskStateSchema,
} from "@millrace/wire/v1";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import {
  enumWord,
  instanceName,
  runStateWord,
  showCounts,
  showDuration,
  showMilliseconds,
  showSome,
  showState,
  showTime,
  taskStateWord,
} from "./format.ts";

test.each([
  [0, "0 ms"],
  [999.4, "999 ms"],
  [999.6, "1.0 s"],
  [1_250, "1.3 s"],
  [59_940, "59.9 s"],
  [59_960, "1 min 0 s"],
  [119_600, "2 min 0 s"],
  [3_599_400, "59 min 59 s"],
  [3_600_000, "1 h 0 min"],
  [90_000_000, "25 h 0 min"],
])("%d ms are shown as %s: no unit ever runs over", (ms, text) => {
  expect(showMilliseconds(ms)).toBe(text);
});

test("a duration without end lasts until now, one without beginning has none", () => {
  const begin = timestampFromDate(new Date(Date.now() - 61_000));
  expect(showDuration(begin, undefined)).toMatch(/^1 min \d{1,2} s$/);
  expect(showDuration(undefined, begin)).toBe("-");
});

test("times are in UTC, to the second", () => {
  const at = timestampFromDate(new Date("2026-01-31T04:05:06.789Z"));
  expect(showTime(at)).toBe("2026-01-31 04:05:06Z");
  expect(showTime(undefined)).toBe("-");
});

describe("states", () => {
  test("every state of a task has a glyph of its own, its word and a colour", () => {
    const shown = TaskStateSchema.values
      .filter((it) => it.number !== TaskState.UNSPECIFIED)
      .map((it) => showState(taskStateWord(it.number as TaskState)));
    const plain = shown.map((it) => stripVTControlCharacters(it));
    expect(new Set(plain.map((it) => it[0])).size).toBe(plain.length);
    expect(plain).not.toContainEqual(expect.stringContaining("?"));
    for (const [index, text] of shown.entries()) expect(text).not.toBe(plain[index]);
  });

  test("one that a newer server has added is unknown, not an error", () => {
    expect(enumWord(TaskStateSchema, 99)).toBe("unknown");
    expect(stripVTControlCharacters(showState("unknown"))).toBe("? unknown");
  });

  test("are written as everywhere else", () => {
    expect(taskStateWord(TaskState.UPSTREAM_FAILED)).toBe("upstream_failed");
    expect(runStateWord(RunState.QUEUED)).toBe("queued");
  });
});

test("long lists of names are cut to a few and a count", () => {
  expect(showSome([])).toBe("-");
  expect(showSome(["a", "b", "c"])).toBe("a, b, c");
  expect(showSome(["a", "b", "c", "d", "e"])).toBe("a, b, c, +2 more");
});

test("an instance of a mapped task carries its index", () => {
  expect(instanceName(create(TaskInstanceSchema, { taskId: "load", mapIndex: 3 }))).toBe("load[3]");
  expect(instanceName(create(TaskInstanceSchema, { taskId: "load", mapIndex: -1 }))).toBe("load");
  const labelled = create(TaskInstanceSchema, { taskId: "load", mapIndex: 3, mapIndexLabel: "eu" });
  expect(instanceName(labelled)).toBe("load[3] eu");
});

test("a mapped task is told in numbers, as far as they are known", () => {
  const counts = [
    { state: TaskState.SUCCESS, count: 997 },
    { state: TaskState.FAILED, count: 3 },
  ];
  const shown = (mapped: object) =>
    stripVTControlCharacters(showCounts(create(MappedSummarySchema, mapped)));
  expect(shown({ length: 1_000, counts })).toBe("1000 instances: ✔ 997 success, ✘ 3 failed");
  expect(shown({ length: 0 })).toBe("0 instances");
  expect(shown({})).toBe("mapped, length not known");
});
