/** What people have done to a run survives its owner: found by the properties of `reference/`, each told here once. */
import { describe, expect, test } from "vitest";
import { createRun, noInputs } from "../run/create-run.ts";
import type { CompiledDag } from "../graph/graph.ts";
import { restoreRun } from "./restore.ts";
import type { Change, Run, RunEvent, RunRow } from "../run/run.ts";
import { newEffects } from "../run/run.ts";
import type { DagSpec } from "../spec/spec.ts";
import { RunState, TaskState } from "../spec/states.ts";
import type { DagShape } from "../testing.ts";
import { aDag, aFailure, statesOf } from "../testing.ts";
import { transition } from "../events/transition.ts";

/** A run with the rows that its changes have written. */
class Owned {
  readonly dag: CompiledDag;
  readonly rows = new Map<string, Change>();
  readonly expansions = new Map<number, number>();
  run: Run;

  constructor(shape: DagShape, options: Partial<DagSpec> = {}) {
    this.dag = aDag(shape, options);
    this.run = createRun(this.dag);
    this.send({ kind: "runStarted", at: 0 });
  }

  send(event: RunEvent): void {
    const effects = newEffects();
    transition(this.run, event, effects);
    for (const change of effects.changes) this.rows.set(`${change.ix}/${change.mapIx}`, change);
    for (const { ix, count } of effects.expanded) this.expansions.set(ix, count);
  }

  ref(id: string, mapIx = -1): { ix: number; mapIx: number } {
    return { ix: this.dag.ixOf.get(id)!, mapIx };
  }

  grant(id: string, mapIx = -1): void {
    this.send({ kind: "taskGranted", ...this.ref(id, mapIx), at: 0 });
  }

  end(id: string, options: { mapIx?: number; attempt?: number; lengths?: number[] } = {}): void {
    const { mapIx = -1, attempt = 1, lengths = [] } = options;
    this.grant(id, mapIx);
    const about = { ...this.ref(id, mapIx), attempt, at: 0 };
    this.send({ kind: "taskSucceeded", ...about, hasValue: true, lengths, choice: null });
  }

  fail(id: string, mapIx = -1): void {
    this.grant(id, mapIx);
    const about = { ...this.ref(id, mapIx), attempt: 1, at: 0 };
    this.send({ kind: "taskFailed", ...about, failure: aFailure({ retryable: false }) });
  }

  takeOver(options: Partial<RunRow> = {}): Run {
    const row = {
      state: this.run.state,
      startedAt: this.run.startedAt,
      cancelRequestedAt: null,
      isMarkedFailed: this.run.isMarkedFailed,
      expansions: [...this.expansions].map(([ix, count]) => ({ ix, count })),
      now: 0,
      ...options,
    };
    const rows = [...this.rows.values()].map((one) => ({ ...one, startedAt: 0, hasValue: true }));
    this.run = restoreRun(this.dag, noInputs, row, rows, newEffects());
    return this.run;
  }
}

const listOf = (id: string) => [{ sources: [JSON.stringify({ $: "task", id, path: [] })] }];

describe("a DAG that fails fast", () => {
  test("is not ended by what a person marks as failed", () => {
    const it = new Owned({ tasks: { a: {}, b: {} } }, { failFast: true });
    it.send({ kind: "marked", refs: [it.ref("a")], state: TaskState.failed, at: 0 });
    expect(statesOf(it.run)).toEqual({ a: "failed", b: "scheduled" });
    expect(statesOf(it.takeOver())).toEqual({ a: "failed", b: "scheduled" });
  });

  test("leaves the other instances of what failed alone, whatever else was stopped", () => {
    const work = { each: [{ sources: ["[1,2]"] }] };
    const it = new Owned({ tasks: { work, other: {} } }, { failFast: true });
    it.grant("other");
    it.fail("work", 0);
    const states = { "work[0]": "failed", "work[1]": "scheduled", other: "failed" };
    expect(statesOf(it.run)).toEqual(states);
    expect(statesOf(it.takeOver())).toEqual(states);
  });

  test("does not skip what was cleared since and got more instances", () => {
    const shape = {
      tasks: {
        bad: {},
        free: { role: "teardown", triggerRule: "all_done_setup_success" },
        work: { each: listOf("free") },
      },
      arrows: ["free > work"],
    } as const;
    const it = new Owned(shape, { failFast: true });
    it.fail("bad");
    it.grant("free");
    it.send({ kind: "cleared", refs: [it.ref("work")], at: 0 });
    const about = { ...it.ref("free"), attempt: 1, at: 0 };
    it.send({ kind: "taskSucceeded", ...about, hasValue: true, lengths: [1], choice: null });
    expect(statesOf(it.run)["work[0]"]).toBe("scheduled");
    expect(statesOf(it.takeOver())["work[0]"]).toBe("scheduled");
  });
});

test("a timer of before a run was opened again does not end it", () => {
  const it = new Owned({ tasks: { a: {} } }, { dagrunTimeoutMs: 1000 });
  it.send({ kind: "dagrunTimedOut", at: 1000 });
  it.send({ kind: "cleared", refs: [it.ref("a")], at: 1500 });
  it.send({ kind: "runStarted", at: 1600 });
  it.send({ kind: "dagrunTimedOut", at: 1700 });
  expect(statesOf(it.run)).toEqual({ a: "scheduled" });
  it.send({ kind: "dagrunTimedOut", at: 2600 });
  expect(statesOf(it.run)).toEqual({ a: "skipped" });
});

test("a cancelled run that was marked as success stays one when an instance is marked", () => {
  const it = new Owned({ tasks: { a: {}, b: {} } });
  it.send({ kind: "cancelRequested", at: 0 });
  it.send({ kind: "runMarked", state: RunState.success, at: 0 });
  const mark = { kind: "marked", refs: [it.ref("a")], at: 0 } as const;
  it.send({ ...mark, state: TaskState.skipped });
  expect(it.run.state).toBe(RunState.success);
  it.takeOver({ cancelRequestedAt: 0 });
  it.send({ ...mark, state: TaskState.success });
  expect(it.run.state).toBe(RunState.success);
});

test("instances that are gone with their list are nobody's upstream", () => {
  const it = new Owned({
    tasks: { list: {}, work: { each: listOf("list") }, sum: { triggerRule: "one_success" } },
    arrows: ["list > work > sum"],
  });
  it.end("list", { lengths: [2] });
  it.send({ kind: "cleared", refs: [it.ref("list")], at: 0 });
  it.end("list", { attempt: 2, lengths: [0] });
  expect(statesOf(it.run)).toEqual({
    list: "success",
    work: "skipped",
    "work[0]": "removed",
    "work[1]": "removed",
    sum: "skipped",
  });
});

test("a list that nobody can use does not fail a path that is not taken", () => {
  const tasks = {
    ask: { control: "branch", cases: [{ name: "on", taskIds: ["work"] }] },
    work: { each: [{ sources: ['{"$":"run","path":["params","none"]}'] }] },
  } as const;
  const it = new Owned({ tasks, arrows: ["ask > work"] });
  it.grant("ask");
  const about = { ...it.ref("ask"), attempt: 1, at: 0, hasValue: false, lengths: [] };
  it.send({ kind: "taskSucceeded", ...about, choice: [] });
  expect(statesOf(it.run)).toEqual({ ask: "success", work: "skipped" });
});

test("an empty list does not hide the failure of those that were to fill it", () => {
  const groups = [{ id: "g", parentId: null, tooltip: "", each: listOf("many") }];
  const tasks = { many: { each: [{ sources: ["[1]"] }] }, use: { groupId: "g" } };
  const it = new Owned({ tasks, arrows: ["many > use"] }, { groups });
  it.fail("many", 0);
  expect(statesOf(it.run)).toEqual({ "many[0]": "failed", use: "upstream_failed" });
  expect(it.run.state).toBe(RunState.failed);
});
