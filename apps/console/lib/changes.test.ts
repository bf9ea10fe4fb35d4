import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { AffectedInstanceSchema, TaskState } from "@millrace/wire/v1";
import {
  actionText,
  firstOptions,
  forEachTarget,
  indexText,
  linesOf,
  requestOf,
} from "./changes.ts";
import type { Change } from "./changes.ts";
import { chosenWords, subjectOf, toggled } from "./choosing.ts";

const load = { taskId: "load", mapIndex: null };
const seventh = { taskId: "render", mapIndex: 7 };
const target = { runId: "run_1", runName: "manual", keys: [load, seventh], hasLogicalDate: true };
const clear: Change = { kind: "clear", targets: [target], subject: "load" };

describe("a request", () => {
  test("names instances with their index, and whole tasks without", () => {
    const { selection } = requestOf(target, firstOptions(clear));
    expect(selection.instances).toEqual([{ taskId: "load" }, { taskId: "render", mapIndex: 7 }]);
    expect(selection).toMatchObject({ downstream: true, upstream: false, states: [] });
  });

  test("of a whole run asks for no direction, whatever was ticked", () => {
    const whole = { ...target, keys: [] };
    const options = { ...firstOptions(clear), upstream: true };
    expect(requestOf(whole, options).selection).toMatchObject({
      ...{ instances: [], upstream: false, downstream: false },
    });
    expect(firstOptions({ ...clear, targets: [whole], onlyFailed: true })).toMatchObject({
      ...{ downstream: false, onlyFailed: true },
    });
  });

  test("for only what failed takes what could not run along", () => {
    const options = { ...firstOptions(clear), onlyFailed: true };
    expect(requestOf(target, options).selection.states).toEqual([
      TaskState.FAILED,
      TaskState.UPSTREAM_FAILED,
    ]);
  });
});

test("answers of several runs are gathered in the order of the runs", async () => {
  const targets = ["a", "b", "c", "d", "e"].map((runId) => ({ ...target, runId }));
  const answer = await forEachTarget(targets, ({ runId }) =>
    Promise.resolve({
      affected: [create(AffectedInstanceSchema, { runId, taskId: "load", mapIndex: -1 })],
      affectedCount: 2,
    }),
  );
  expect(answer.affected.map(({ runId }) => runId)).toEqual(["a", "b", "c", "d", "e"]);
  expect(answer.affectedCount).toBe(10);
});

test("lines gather the instances of a task, and keep what is implied apart", () => {
  const one = (mapIndex: number, state: TaskState, isImplied = false) =>
    create(AffectedInstanceSchema, { runId: "r", taskId: "t", mapIndex, state, isImplied });
  const lines = linesOf([
    one(0, TaskState.FAILED),
    one(1, TaskState.SUCCESS),
    one(2, TaskState.FAILED, true),
  ]);
  expect(lines.map(({ mapIndexes, isImplied }) => [mapIndexes, isImplied])).toEqual([
    [[0, 1], false],
    [[2], true],
  ]);
  expect(lines[0]?.counts.get(TaskState.FAILED)).toBe(1);
});

test("indexes are written as spans, and many are counted", () => {
  expect(indexText([3, 1, 2, 9])).toBe("1–3, 9");
  expect(indexText([0, 2, 4, 6, 8, 10, 11])).toBe("0, 2, 4, 6, 8 and 2 more");
});

test("the button says what it does", () => {
  const options = { ...firstOptions(clear), state: TaskState.SKIPPED };
  expect(actionText(clear, options, 1)).toBe("Clear 1 task instance");
  expect(actionText({ ...clear, kind: "mark" }, options, 12)).toBe(
    "Mark 12 task instances as skipped",
  );
});

describe("choosing", () => {
  test("again takes out only when all are chosen", () => {
    const some = toggled(new Map(), [load]);
    const both = toggled(some, [load, seventh]);
    expect([...both.keys()]).toEqual(["load", "render[7]"]);
    expect(toggled(both, [load, seventh]).size).toBe(0);
    expect(chosenWords([...both.values()])).toBe("1 task and 1 instance chosen");
    expect(subjectOf([seventh])).toBe("render [7]");
  });
});
