import type { MappedTask } from "@millrace/db";
import { compileDag, RunState, TaskState, type CompiledDag } from "@millrace/engine";
import { aDagSpec, type DagShape } from "@millrace/engine/testing";
import { describe, expect, test } from "vitest";
import { runStatesOf, standFor } from "./task-instances.ts";

const { none, scheduled, running, success, failed, upstream_failed, skipped, removed } = TaskState;

const diamond = dagOf({ tasks: { a: {}, b: {}, c: {}, d: {} }, arrows: ["a > b c", "b c > d"] });

function dagOf(shape: DagShape, groups: readonly string[] = []): CompiledDag {
  const each = [{ sources: ["[1,2,3]"] }];
  return compileDag(
    aDagSpec(shape, {
      groups: groups.map((id) => ({ id, parentId: null, tooltip: "", each })),
    }),
  );
}

const over = (...sources: string[]) => ({ each: [{ sources }] });

function expansion(ix: number, length: number | null, counts: Record<number, number>): MappedTask {
  const byState = new Map(Object.entries(counts).map(([state, n]) => [Number(state), n])) as Map<
    TaskState,
    number
  >;
  const known = [...byState.values()].reduce((sum, count) => sum + count, 0);
  const rowless = Math.max(0, (length ?? 0) - known);
  return { ix, length, counts: byState, rowless, startedAt: null, endedAt: null };
}

function statesOf(
  dag: CompiledDag,
  rows: Record<string, TaskState>,
  options: { runState?: RunState; mapped?: readonly MappedTask[] } = {},
) {
  const ixs = Object.keys(rows).map((id) => dag.ixOf.get(id)!);
  const { runState = RunState.running, mapped = [] } = options;
  return runStatesOf(dag, { states: { ixs, states: Object.values(rows) }, mapped, runState });
}

function derive(...args: Parameters<typeof statesOf>): Record<string, number> {
  const { states } = statesOf(...args);
  return Object.fromEntries(args[0].taskIds.map((id, ix) => [id, states[ix]!]));
}

describe("a task without a row", () => {
  test("is scheduled once the run runs, when nothing is before it", () => {
    const queued = { runState: RunState.queued };
    expect(derive(diamond, {}, queued)).toEqual({ a: none, b: none, c: none, d: none });
    expect(derive(diamond, {})).toEqual({ a: scheduled, b: none, c: none, d: none });
  });

  test("is scheduled when its trigger rule lets it run, and not before", () => {
    expect(derive(diamond, { a: running })).toMatchObject({ b: none, c: none });
    expect(derive(diamond, { a: success })).toMatchObject({ b: scheduled, c: scheduled, d: none });
    const one = dagOf({
      tasks: { a: {}, b: {}, c: { triggerRule: "one_success" }, d: { triggerRule: "all_done" } },
      arrows: ["a b > c", "a b > d"],
    });
    expect(derive(one, { a: success, b: running })).toMatchObject({ c: scheduled, d: none });
    expect(derive(one, { a: success, b: failed })).toMatchObject({ d: scheduled });
  });

  test("waits for the setup it needs, and a teardown for its scope", () => {
    const dag = dagOf({
      tasks: {
        ...{ s: { role: "setup" }, w: {}, x: {} },
        t: { role: "teardown", triggerRule: "all_done_setup_success" },
      },
      arrows: ["s > w", "w > x", "x > t", "s > t"],
    });
    expect(derive(dag, { s: success, w: success })).toMatchObject({ x: scheduled, t: none });
    expect(derive(dag, { s: success, w: running, x: success })).toMatchObject({ t: none });
    expect(derive(dag, { s: success, w: success, x: success })).toMatchObject({ t: scheduled });
  });

  test("is never scheduled by what failed or was skipped, nor in a run that is final", () => {
    expect(derive(diamond, { a: success, b: failed, c: success })).toMatchObject({ d: none });
    expect(derive(diamond, { a: success, b: skipped, c: success })).toMatchObject({ d: none });
    const final = { runState: RunState.failed };
    expect(derive(diamond, { a: success }, final)).toMatchObject({ b: none, c: none });
  });
});

test("rows are believed, but for those of tasks that were cleared: these wait again", () => {
  const rows = { a: failed, b: upstream_failed, c: upstream_failed, d: upstream_failed };
  expect(derive(diamond, rows, { runState: RunState.failed })).toEqual(rows);
  expect(derive(diamond, { a: none })).toMatchObject({ a: scheduled, b: none });
  expect(derive(diamond, { a: success, b: none })).toMatchObject({ b: scheduled });
});

describe("a mapped task", () => {
  const dag = dagOf({ tasks: { a: {}, m: over("[1,2,3]"), z: {} }, arrows: ["a > m", "m > z"] });

  test("is none until it is expanded, and what stood for it before does not count", () => {
    expect(derive(dag, { a: success })).toMatchObject({ m: none, z: none });
    expect(derive(dag, { a: success, m: skipped })).toMatchObject({ m: skipped });
    const mapped = [expansion(1, 3, { [running]: 1 })];
    expect(derive(dag, { a: success, m: removed }, { mapped })).toMatchObject({ m: running });
    expect(derive(dag, { a: success, m: skipped }, { mapped: [expansion(1, 0, {})] }).m).toBe(
      skipped,
    );
  });

  test("counts the instances without rows as scheduled once its rule lets it run", () => {
    const counts = (rows: Record<string, TaskState>, task: MappedTask) =>
      [
        ...statesOf(dag, rows, { mapped: [task] })
          .mapped.get(1)!
          .counts.entries(),
      ].filter(([, count]) => count > 0);
    expect(counts({ a: success }, expansion(1, 3, { [success]: 1 }))).toEqual([
      [scheduled, 2],
      [success, 1],
    ]);
    expect(counts({ a: none }, expansion(1, 3, { [none]: 2 }))).toEqual([[none, 3]]);
    expect(counts({ a: none }, expansion(1, null, { [none]: 2, [removed]: 1 }))).toEqual([
      [none, 2],
      [removed, 1],
    ]);
  });

  test("lets what is after it run when all its instances are done, removed ones left out", () => {
    const after = (task: MappedTask) => derive(dag, { a: success }, { mapped: [task] })["z"];
    expect(after(expansion(1, 3, { [success]: 2 }))).toBe(none);
    expect(after(expansion(1, 3, { [success]: 3 }))).toBe(scheduled);
    expect(after(expansion(1, 2, { [success]: 2, [removed]: 1 }))).toBe(scheduled);
  });

  test("in a mapped group with others before it leaves open which of its instances are ready", () => {
    const grouped = dagOf(
      { tasks: { a: { groupId: "g" }, b: { groupId: "g" } }, arrows: ["a > b"] },
      ["g"],
    );
    const mapped = [expansion(0, 3, { [success]: 2 }), expansion(1, 3, {})];
    const { mapped: found } = statesOf(grouped, {}, { mapped });
    expect(found.get(0)?.idle).toBe(scheduled);
    expect(found.get(1)?.idle).toBeNull();
    expect(found.get(1)?.counts[none]).toBe(3);
  });
});

test("of many instances one state stands for all: what runs before what failed, before what waits, before what is done", () => {
  const of = (...states: TaskState[]) => {
    const counts = new Int32Array(15);
    for (const state of states) counts[state]! += 1;
    return standFor(counts);
  };
  expect(of(success, failed, running)).toBe(running);
  expect(of(success, failed, scheduled)).toBe(failed);
  expect(of(success, scheduled, none)).toBe(scheduled);
  expect(of(success, skipped)).toBe(success);
  expect(of(skipped, removed)).toBe(skipped);
  expect(of()).toBe(none);
});
