import { describe, expect, test } from "vitest";
import type { RunRow, TaskRow } from "../run/run.ts";
import { noInputs } from "../run/create-run.ts";
import { newEffects } from "../run/run.ts";
import { restoreRun } from "./restore.ts";
import { RunState, TaskState } from "../spec/states.ts";
import { aDag, aDeferral, statesOf } from "../testing.ts";
import { transition } from "../events/transition.ts";

const dag = aDag(
  { tasks: { a: { executionTimeoutMs: 5000, retries: 1 }, b: {}, c: {} }, arrows: ["a > b > c"] },
  { dagrunTimeoutMs: 60_000 },
);
const runRow: RunRow = {
  ...{ state: RunState.running, startedAt: 100, cancelRequestedAt: null },
  ...{ isMarkedFailed: false, expansions: [], now: 10_000 },
};

function aRow(ix: number, state: TaskState, options: Partial<TaskRow> = {}): TaskRow {
  return {
    ...{ ix, mapIx: -1, state, attempt: 1, uncounted: 0, losses: 0, startedAt: 200 },
    ...{ waitUntil: null, hasValue: false, lengths: [], choice: null, deferral: null },
    ...options,
  };
}

function restored(rows: TaskRow[], row: Partial<RunRow> = {}, of = dag) {
  const effects = newEffects();
  return { run: restoreRun(of, noInputs, { ...runRow, ...row }, rows, effects), effects };
}

const about = { ix: 0, mapIx: -1, attempt: 1, at: 0 };
const lateSuccess = {
  kind: "taskSucceeded",
  ...about,
  hasValue: true,
  lengths: [],
  choice: null,
} as const;
const ready = (ix: number) => ({ ix, from: -1, to: 0 });

describe("taking a run over", () => {
  test("tasks without rows get their states from the graph", () => {
    const { run, effects } = restored([aRow(0, TaskState.success)]);
    expect(statesOf(run)).toEqual({ a: "success", b: "scheduled", c: "none" });
    expect(effects.ready).toEqual([ready(1)]);
    expect(effects.changes).toEqual([]);
  });

  test("timers come back, overdue or not; what runs has its execution timeout anew", () => {
    expect(restored([aRow(0, TaskState.running)]).effects.timers).toEqual([
      { kind: "executionTimedOut", ix: 0, mapIx: -1, attempt: 1, at: 10_000 + 5000 + 30_000 },
      { kind: "dagrunTimedOut", ix: -1, mapIx: -1, attempt: 0, at: 60_100 },
    ]);
    for (const state of [TaskState.up_for_retry, TaskState.up_for_reschedule]) {
      const { effects } = restored([aRow(0, state, { waitUntil: 7 })]);
      expect(effects.timers[0]).toEqual({ kind: "waitDue", ix: 0, mapIx: -1, attempt: 1, at: 7 });
    }
  });

  test("an attempt that was given back may still report", () => {
    const { run, effects } = restored([aRow(0, TaskState.scheduled, { uncounted: 1 })]);
    expect(effects.ready).toEqual([ready(0)]);
    expect(transition(run, lateSuccess, effects)).toEqual({ kind: "OK" });
  });

  test("an attempt that failed and waits for its retry may not report again", () => {
    const { run, effects } = restored([aRow(0, TaskState.up_for_retry, { waitUntil: 7 })]);
    transition(run, { kind: "waitDue", ...about, at: 8 }, effects);
    expect(transition(run, lateSuccess, effects)).toEqual({ kind: "CONFLICT" });
  });

  test("one that waits because its workers were lost may, as long as no try is spent", () => {
    const lost = { waitUntil: 7, attempt: 2, uncounted: 2, losses: 2 };
    const { run, effects } = restored([aRow(0, TaskState.up_for_retry, lost)]);
    expect(transition(run, { ...lateSuccess, attempt: 2 }, effects)).toEqual({ kind: "OK" });
  });

  // A simulation found it: its worker was told that somebody waits for what it had deferred to.
  test("a deferral of one that was lost after a try was spent is not said to be taken", () => {
    const lost = { waitUntil: 7, attempt: 3, uncounted: 2, losses: 2 };
    const { run, effects } = restored([aRow(0, TaskState.up_for_retry, lost)]);
    const deferral = aDeferral();
    const late = { kind: "taskDeferred", ...about, attempt: 3, deferral } as const;
    expect(transition(run, { ...late, at: 1 }, effects)).toEqual({
      kind: "STALE",
      reason: "FINISHED",
    });
  });

  test("a cleared body is told to stop again, and has its time again", () => {
    const { run, effects } = restored([aRow(0, TaskState.restarting, { uncounted: 1 })]);
    expect(effects.stop).toEqual([{ ix: 0, mapIx: -1, attempt: 1 }]);
    expect(effects.timers).toContainEqual({
      ...{ kind: "restartForced", ix: 0, mapIx: -1, attempt: 1, at: 70_000 },
    });
    expect(transition(run, lateSuccess, effects)).toEqual({ kind: "STALE", reason: "CLEARED" });
    expect(statesOf(run)).toMatchObject({ a: "scheduled" });
  });

  test("what was cleared is judged like what never ran, and its old attempt is known as cleared", () => {
    const { run, effects } = restored([aRow(0, TaskState.none, { uncounted: 1 })]);
    expect(effects.ready).toEqual([ready(0)]);
    expect(transition(run, lateSuccess, effects)).toEqual({ kind: "STALE", reason: "CLEARED" });
  });

  test("what a flush left out is derived and must be written", () => {
    const { run, effects } = restored([aRow(0, TaskState.failed)]);
    expect(statesOf(run)).toEqual({ a: "failed", b: "upstream_failed", c: "upstream_failed" });
    expect(effects.changes.map((change) => change.ix)).toEqual([1, 2]);
    expect(effects.run?.state).toBe(RunState.failed);
  });

  test("a cancel goes on: bodies are told again, what waits is skipped, the force timer runs", () => {
    const { run, effects } = restored([aRow(0, TaskState.running)], { cancelRequestedAt: 1000 });
    expect(statesOf(run)).toEqual({ a: "running", b: "skipped", c: "skipped" });
    expect(effects.stop).toEqual([{ ix: 0, mapIx: -1, attempt: 1 }]);
    expect(effects.timers.at(-1)).toMatchObject({ kind: "cancelForced", at: 61_000 });
  });

  test("a run that was marked as failed still ends so", () => {
    const shape = {
      tasks: { make: {}, remove: { role: "teardown", triggerRule: "all_done_setup_success" } },
    } as const;
    const rows = [aRow(0, TaskState.skipped, { attempt: 0 }), aRow(1, TaskState.running)];
    const { run, effects } = restored(rows, { isMarkedFailed: true }, aDag(shape));
    transition(run, { ...lateSuccess, ix: 1 }, effects);
    expect(effects.run).toMatchObject({ state: RunState.failed, failure: { type: "Marked" } });
  });

  test("a queued run has nothing ready, a final one nothing to do", () => {
    const queued = restored([], { state: RunState.queued, startedAt: null });
    expect(queued.effects).toEqual(newEffects());
    expect(statesOf(queued.run)["a"]).toBe("none");
    const rows = [0, 1, 2].map((ix) => aRow(ix, TaskState.success));
    expect(restored(rows, { state: RunState.success }).effects).toEqual(newEffects());
  });

  test("a final run can be cleared", () => {
    const rows = [0, 1, 2].map((ix) => aRow(ix, TaskState.success));
    const { run, effects } = restored(rows, { state: RunState.success });
    transition(run, { kind: "cleared", refs: [{ ix: 2, mapIx: -1 }], at: 0 }, effects);
    transition(run, { kind: "runStarted", at: 0 }, effects);
    expect(effects.ready).toEqual([ready(2)]);
  });

  test("rows of tasks that the DAG does not have are passed over", () => {
    const { run } = restored([
      aRow(9, TaskState.success),
      aRow(0, TaskState.success, { mapIx: 4 }),
    ]);
    expect(statesOf(run)).toEqual({ a: "scheduled", b: "none", c: "none" });
  });
});

describe("mapped tasks", () => {
  const list = JSON.stringify({ $: "task", id: "list", path: [] });
  const mapped = aDag({
    tasks: { list: {}, wide: { each: [{ sources: [list] }] }, end: {} },
    arrows: ["list > wide > end"],
  });
  const listed = aRow(0, TaskState.success, { hasValue: true, lengths: [3] });

  test("have their instances, those without rows are ready", () => {
    const rows = [listed, aRow(1, TaskState.success, { mapIx: 1 })];
    const { run, effects } = restored(rows, { expansions: [{ ix: 1, count: 3 }] }, mapped);
    expect(statesOf(run)).toMatchObject({ "wide[0]": "scheduled", "wide[1]": "success" });
    expect(effects.ready).toEqual([
      { ix: 1, from: 0, to: 1 },
      { ix: 1, from: 2, to: 3 },
    ]);
    expect(effects.expanded).toEqual([]);
  });

  test("are expanded where a flush has written the list and no more", () => {
    const { effects } = restored([listed], {}, mapped);
    expect(effects.expanded).toEqual([{ ix: 1, count: 3 }]);
    expect(effects.ready).toEqual([{ ix: 1, from: 0, to: 3 }]);
  });

  test("keep their instances while their source runs again", () => {
    const rows = [
      aRow(0, TaskState.running, { attempt: 2 }),
      aRow(1, TaskState.running, { mapIx: 2 }),
    ];
    const { run } = restored(rows, { expansions: [{ ix: 1, count: 3 }] }, mapped);
    expect(statesOf(run)).toMatchObject({ "wide[0]": "none", "wide[2]": "running" });
  });

  test("keep those that were removed", () => {
    const rows = [{ ...listed, lengths: [1] }, aRow(1, TaskState.removed, { mapIx: 2 })];
    const { run } = restored(rows, { expansions: [{ ix: 1, count: 1 }] }, mapped);
    expect(statesOf(run)).toMatchObject({ "wide[0]": "scheduled", "wide[2]": "removed" });
  });
});

describe("a flush that was cut short", () => {
  test("between the clear of a task that had no instances and their making", () => {
    // Marked as failed before its list was known, then cleared when it was: two changes of one row, in two flushes.
    const list = JSON.stringify({ $: "task", id: "list", path: [] });
    const of = aDag({
      tasks: { list: {}, wide: { each: [{ sources: [list] }] } },
      arrows: ["list > wide"],
    });
    const rows = [
      aRow(0, TaskState.success, { hasValue: true, lengths: [1] }),
      aRow(1, TaskState.none, { attempt: 0 }),
    ];
    const { run, effects } = restored(rows, { expansions: [{ ix: 1, count: 1 }] }, of);
    expect(statesOf(run)).toEqual({ list: "success", "wide[0]": "scheduled" });
    expect(effects.changes).toMatchObject([{ ix: 1, mapIx: -1, state: TaskState.removed }]);
    expect(run.counts[TaskState.removed]).toBe(0);
  });

  test("between a short circuit and what it skips", () => {
    const of = aDag({
      tasks: { gate: { control: "short_circuit" }, a: {}, b: { triggerRule: "all_done" } },
      arrows: ["gate > a > b"],
    });
    const { run, effects } = restored([aRow(0, TaskState.success, { choice: [] })], {}, of);
    expect(statesOf(run)).toEqual({ gate: "success", a: "skipped", b: "skipped" });
    expect(effects.changes).toHaveLength(2);
  });

  test("between a branch and what it passes over", () => {
    const cases = [{ name: "x", taskIds: ["x"] }];
    const of = aDag({
      tasks: { pick: { control: "branch", cases }, x: {}, y: {} },
      arrows: ["pick > x y"],
    });
    const { run } = restored([aRow(0, TaskState.success, { choice: ["x"] })], {}, of);
    expect(statesOf(run)).toEqual({ pick: "success", x: "scheduled", y: "skipped" });
  });

  test("between a failure and what it skips in a DAG that fails fast", () => {
    const of = aDag({ tasks: { a: {}, b: {} } }, { failFast: true });
    const { run } = restored([aRow(0, TaskState.failed)], {}, of);
    expect(statesOf(run)).toEqual({ a: "failed", b: "skipped" });
  });
});
