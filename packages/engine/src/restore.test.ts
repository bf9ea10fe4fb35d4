import { describe, expect, test } from "vitest";
import type { RunRow, TaskRow } from "./run.ts";
import { newEffects } from "./run.ts";
import { restoreRun } from "./restore.ts";
import { RunState, TaskState } from "./states.ts";
import { aDag, statesOf } from "./testing.ts";
import { transition } from "./transition.ts";

const dag = aDag(
  { tasks: { a: { executionTimeoutMs: 5000, retries: 1 }, b: {}, c: {} }, arrows: ["a > b > c"] },
  { dagrunTimeoutMs: 60_000 },
);
const runRow: RunRow = {
  state: RunState.running,
  startedAt: 100,
  logicalDate: null,
  cancelRequestedAt: null,
};

function aRow(ix: number, state: TaskState, options: Partial<TaskRow> = {}): TaskRow {
  return { ix, mapIx: -1, state, attempt: 1, lost: 0, startedAt: 200, retryAt: null, ...options };
}

function restored(rows: TaskRow[], row: Partial<RunRow> = {}) {
  const effects = newEffects();
  return { run: restoreRun(dag, { ...runRow, ...row }, rows, effects), effects };
}

describe("taking a run over", () => {
  test("tasks without rows get their states from the graph", () => {
    const { run, effects } = restored([aRow(0, TaskState.success)]);
    expect(statesOf(run)).toEqual({ a: "success", b: "scheduled", c: "none" });
    expect(effects.ready).toEqual([1]);
    expect(effects.changes).toEqual([]);
  });

  test("timers come back, overdue or not", () => {
    expect(restored([aRow(0, TaskState.running)]).effects.timers).toEqual([
      { kind: "executionTimedOut", ix: 0, mapIx: -1, attempt: 1, at: 200 + 5000 + 30_000 },
      { kind: "dagrunTimedOut", ix: -1, mapIx: -1, attempt: 0, at: 60_100 },
    ]);
    const { effects } = restored([aRow(0, TaskState.up_for_retry, { retryAt: 7 })]);
    expect(effects.timers[0]).toEqual({ kind: "retryDue", ix: 0, mapIx: -1, attempt: 1, at: 7 });
  });

  test("an attempt that was given back may still report", () => {
    const { run, effects } = restored([aRow(0, TaskState.scheduled, { lost: 1 })]);
    expect(effects.ready).toEqual([0]);
    const late = { kind: "taskSucceeded", ix: 0, mapIx: -1, attempt: 1, at: 0 } as const;
    expect(transition(run, late, effects)).toEqual({ kind: "OK" });
  });

  test("an attempt that failed and waits for its retry may not report again", () => {
    const { run, effects } = restored([aRow(0, TaskState.up_for_retry, { retryAt: 7 })]);
    transition(run, { kind: "retryDue", ix: 0, mapIx: -1, attempt: 1, at: 8 }, effects);
    const late = { kind: "taskSucceeded", ix: 0, mapIx: -1, attempt: 1, at: 0 } as const;
    expect(transition(run, late, effects)).toEqual({ kind: "CONFLICT" });
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

  test("a queued run has nothing ready, a final one nothing to do", () => {
    const queued = restored([], { state: RunState.queued, startedAt: null });
    expect(queued.effects).toEqual(newEffects());
    expect(statesOf(queued.run)["a"]).toBe("none");
    const rows = [0, 1, 2].map((ix) => aRow(ix, TaskState.success));
    expect(restored(rows, { state: RunState.success }).effects.ready).toEqual([]);
  });

  test("rows of tasks that the DAG does not have are passed over", () => {
    const { run } = restored([
      aRow(9, TaskState.success),
      aRow(0, TaskState.success, { mapIx: 4 }),
    ]);
    expect(statesOf(run)).toEqual({ a: "scheduled", b: "none", c: "none" });
  });
});
