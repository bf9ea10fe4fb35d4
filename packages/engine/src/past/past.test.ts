import { describe, expect, test } from "vitest";
import { compileDag } from "../graph/graph.ts";
import { createRun } from "../run/create-run.ts";
import { clearEffects, newEffects } from "../run/run.ts";
import { aDagSpec, aFailure } from "../testing.ts";
import { TaskState, taskStateName } from "../spec/states.ts";
import { transition } from "../events/transition.ts";
import {
  mayBePrevious,
  pastHold,
  pastOfTask,
  type PastOfTask,
  type PastQuestion,
  type PreviousRun,
} from "./past.ts";
import { dependsOnPast } from "./past-reason.ts";

const task = {
  id: "load",
  dependsOnPast: true,
  waitForDownstream: false,
  ignoreFirstDependsOnPast: false,
};
const waiting = { ...task, waitForDownstream: true };
const first = { ...task, ignoreFirstDependsOnPast: true };

/** The run of the day before: `load` and what comes after it, by task id; "absent" for what is not said. */
function before(tasks: Record<string, PastOfTask>, logicalDate = 100): PreviousRun {
  return {
    ...{ runId: "run_1", name: "scheduled__1", logicalDate },
    of: (taskId) => tasks[taskId] ?? "absent",
  };
}

function asked(question: Partial<PastQuestion>): PastQuestion {
  return {
    task,
    downstream: ["send", "store"],
    isFirstOfBackfill: false,
    catchup: false,
    startDate: null,
    previous: before({ load: "fine", send: "fine", store: "fine" }),
    isAnywhereBefore: () => false,
    ...question,
  };
}

const failed: PastOfTask = { mapIx: -1, state: TaskState.failed };
const running: PastOfTask = { mapIx: 3, state: TaskState.running };
const never: PastOfTask = { mapIx: -1, state: TaskState.none };

describe("semantics 5.1: the first step that decides", () => {
  const bad = before({ load: failed, send: failed });
  test.each<[step: string, question: Partial<PastQuestion>]>([
    [
      "2: a task that does not depend on the past",
      { task: { ...task, dependsOnPast: false }, previous: bad },
    ],
    ["3: the first run of a backfill", { isFirstOfBackfill: true, previous: bad }],
    [
      "3: the same with wait_for_downstream",
      { task: waiting, isFirstOfBackfill: true, previous: bad },
    ],
    ["4, 5: no run before", { previous: null }],
    [
      "6: with catch-up, a run before the start date",
      { catchup: true, startDate: 101, previous: bad },
    ],
    ["7: a new task with ignore-first", { task: first, previous: before({}) }],
    ["10: it succeeded or was skipped", {}],
    [
      "10: what comes after it does not count by itself",
      { previous: before({ load: "fine", send: failed }) },
    ],
    ["9, 10: what comes after it is fine too", { task: waiting }],
    [
      "9: what comes after it and was not there then",
      { task: waiting, previous: before({ load: "fine", send: "fine" }) },
    ],
  ])("lets it start by step %s", (_, question) => {
    expect(pastHold(asked(question))).toBeNull();
  });

  test.each<
    [step: string, question: Partial<PastQuestion>, taskId: string, instance: PastOfTask | null]
  >([
    ["6: not without catch-up", { startDate: 101, previous: bad }, "load", failed],
    ["6: not on the start date", { catchup: true, startDate: 100, previous: bad }, "load", failed],
    ["7: the run before lacks the task", { previous: before({}) }, "load", null],
    [
      "7: ignore-first, and an earlier run has it",
      { task: first, previous: before({}), isAnywhereBefore: () => true },
      "load",
      null,
    ],
    ["8: failed", { previous: bad }, "load", failed],
    ["8: one of its instances runs", { previous: before({ load: running }) }, "load", running],
    ["8: not started", { previous: before({ load: never }) }, "load", never],
    [
      "8: ignore-first is about tasks that are not there",
      { task: first, previous: bad },
      "load",
      failed,
    ],
    ["8 before 9", { task: waiting, previous: bad }, "load", failed],
    [
      "9: what comes after it runs",
      { task: waiting, previous: before({ load: "fine", send: "fine", store: running }) },
      "store",
      running,
    ],
    [
      "9: wait_for_downstream means depends_on_past",
      { task: { ...waiting, dependsOnPast: false }, previous: bad },
      "load",
      failed,
    ],
  ])("holds it by step %s", (_, question, taskId, instance) => {
    const hold = pastHold(asked(question));
    expect(hold).toMatchObject({
      runId: "run_1",
      taskId,
      instance,
      isDownstream: taskId !== "load",
    });
  });

  test.each([
    ["an earlier one", { logicalAt: 1, isManual: false }, 2, false, true],
    ["one of the same date", { logicalAt: 2, isManual: false }, 2, false, false],
    ["a manual one", { logicalAt: 1, isManual: true }, 2, false, true],
    ["a manual one, with catch-up", { logicalAt: 1, isManual: true }, 2, true, false],
    ["one without a date", { logicalAt: null, isManual: false }, 2, false, false],
    ["for a run without a date", { logicalAt: 1, isManual: false }, null, false, false],
  ])("step 4: %s may be the run before, or not", (_, one, logicalAt, catchup, expected) => {
    expect(mayBePrevious(one, logicalAt, catchup)).toBe(expected);
  });
});

test("what a run in memory says: absent, the last that is not fine, fine once that is settled", () => {
  const run = createRun(compileDag(aDagSpec({ tasks: { load: {} } })), {
    logicalDate: null,
    lengthOf: () => null,
  });
  expect(pastOfTask(run, "send", () => true)).toBe("absent");
  expect(pastOfTask(run, "load", () => true)).toEqual(never);
  run.instances.state[0] = TaskState.success;
  expect(pastOfTask(run, "load", () => false)).toEqual({ mapIx: -1, state: TaskState.success });
  expect(pastOfTask(run, "load", () => true)).toBe("fine");
  run.instances.state[0] = TaskState.removed;
  expect(pastOfTask(run, "load", () => false)).toBe("fine");
});

test("where no function decides about the past, what is ready of the task fails, and what follows from that happens", () => {
  const shape = { tasks: { a: { dependsOnPast: true }, b: {}, c: {} }, arrows: ["a > b"] };
  const failure = aFailure();
  for (const failFast of [false, true]) {
    const run = createRun(compileDag(aDagSpec(shape, { failFast })), {
      logicalDate: null,
      lengthOf: () => null,
    });
    const effects = newEffects();
    const undecided = {
      kind: "pastUndecided",
      taskIx: run.dag.ixOf.get("a")!,
      failure,
      at: 1,
    } as const;
    expect(transition(run, undecided, effects)).toEqual({ kind: "STALE", reason: "FINISHED" });
    transition(run, { kind: "runStarted", at: 0 }, effects);
    clearEffects(effects);
    expect(transition(run, undecided, effects)).toEqual({ kind: "OK" });
    const states = Object.fromEntries(
      effects.changes.map(({ ix, state }) => [run.dag.taskIds[ix], taskStateName(state)]),
    );
    expect(states).toEqual(
      failFast
        ? { a: "failed", b: "skipped", c: "skipped" }
        : { a: "failed", b: "upstream_failed" },
    );
    expect(effects.changes[0]).toMatchObject({ failure, attempt: 0 });
    expect(transition(run, undecided, effects)).toEqual({ kind: "STALE", reason: "FINISHED" });
  }
});

test("the reason names the run, the task, its state, and what to do", () => {
  const hold = pastHold(asked({ previous: before({ load: failed }) }));
  expect(dependsOnPast(hold!)).toMatchObject({
    kind: "depends_on_past",
    message:
      "It depends on the past, and in the run before, scheduled__1, load is failed: clear it, or mark it as success or skipped.",
    evidence: { run_id: "run_1", run_name: "scheduled__1", task_id: "load", state: "failed" },
  });
  const after = pastHold(
    asked({ task: waiting, previous: before({ load: "fine", store: running }) }),
  );
  expect(dependsOnPast(after!).message).toContain("store[3], which comes after it, is running");
  expect(dependsOnPast(after!).evidence).toMatchObject({ map_index: "3" });
  const lacking = pastHold(asked({ previous: before({}) }));
  expect(dependsOnPast(lacking!).message).toContain("was made without it");
  expect(dependsOnPast("unread").message).toContain("is being read");
});
