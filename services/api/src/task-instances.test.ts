import { compileDag, RunState, TaskState } from "@millrace/engine";
import { dagSpecFromProto } from "@millrace/wire";
import { expect, test } from "vitest";
import { deriveStates } from "./task-instances.ts";
import { chainSpec } from "./testing/dag-specs.ts";

/** a → b → d, a → c → d */
const spec = chainSpec("diamond", ["a", "b", "c", "d"]);
spec.edges = [
  ["a", "b"],
  ["a", "c"],
  ["b", "d"],
  ["c", "d"],
].map(([fromTaskId, toTaskId]) => ({
  ...spec.edges[0]!,
  fromTaskId: fromTaskId!,
  toTaskId: toTaskId!,
}));
const dag = compileDag(dagSpecFromProto(spec));

function derive(rows: Record<string, TaskState>, runState: number): Record<string, number> {
  const ixs = Object.keys(rows).map((id) => dag.ixOf.get(id)!);
  const states = deriveStates(dag, { ixs, states: Object.values(rows) }, runState);
  return Object.fromEntries(dag.taskIds.map((id, ix) => [id, states[ix]!]));
}

const { none, scheduled, running, success, failed, upstream_failed, skipped } = TaskState;

test("tasks without tasks before them are scheduled once the run runs", () => {
  expect(derive({}, RunState.queued)).toEqual({ a: none, b: none, c: none, d: none });
  expect(derive({}, RunState.running)).toEqual({ a: scheduled, b: none, c: none, d: none });
});

test("a task is scheduled when every task before it succeeded, and not before", () => {
  expect(derive({ a: running }, RunState.running)).toMatchObject({ b: none, c: none });
  expect(derive({ a: success }, RunState.running)).toEqual({
    a: success,
    b: scheduled,
    c: scheduled,
    d: none,
  });
  expect(derive({ a: success, b: success }, RunState.running)).toMatchObject({
    c: scheduled,
    d: none,
  });
  expect(derive({ a: success, b: success, c: success }, RunState.running)).toMatchObject({
    d: scheduled,
  });
});

test("what failed or was skipped before it makes no task scheduled", () => {
  expect(derive({ a: success, b: failed, c: success }, RunState.running)).toMatchObject({
    d: none,
  });
  expect(derive({ a: success, b: skipped, c: success }, RunState.running)).toMatchObject({
    d: none,
  });
});

test("rows are believed", () => {
  expect(
    derive(
      { a: failed, b: upstream_failed, c: upstream_failed, d: upstream_failed },
      RunState.failed,
    ),
  ).toEqual({
    a: failed,
    b: upstream_failed,
    c: upstream_failed,
    d: upstream_failed,
  });
});

test("nothing is scheduled in a run that is final", () => {
  expect(derive({ a: success }, RunState.failed)).toEqual({
    a: success,
    b: none,
    c: none,
    d: none,
  });
});
