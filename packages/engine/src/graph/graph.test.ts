import { describe, expect, test } from "vitest";
import { aDag, aDagSpec } from "../testing.ts";
import { compileDag } from "./graph.ts";

test("tasks are numbered so that each comes after those it waits for, first in the spec first", () => {
  const dag = aDag({ tasks: { load: {}, b: {}, a: {}, solo: {} }, arrows: ["a b > load"] });
  expect(dag.taskIds).toEqual(["b", "a", "solo", "load"]);
  expect(dag.ixOf.get("load")).toBe(3);
  expect([...dag.inDegree]).toEqual([0, 0, 0, 2]);
});

test("arrows are found from both ends", () => {
  const dag = aDag({ tasks: { a: {}, b: {}, c: {}, d: {} }, arrows: ["a > b c > d"] });
  expect([...dag.children.subarray(dag.childOffsets[0], dag.childOffsets[1])]).toEqual([1, 2]);
  expect([...dag.parents.subarray(dag.parentOffsets[3], dag.parentOffsets[4])]).toEqual([1, 2]);
});

test("inputs are the tasks whose values are asked for, not all that are waited for", () => {
  const args = '[{"$":"task","id":"a","path":["x"]},{"$":"task","id":"a","path":[]}]';
  const dag = aDag({ tasks: { a: {}, b: {}, c: { args } }, arrows: ["a b > c"] });
  expect(dag.inputs[2]).toEqual([0]);
  expect([...dag.isInput]).toEqual([1, 0, 0]);
});

test("a DAG of 100,000 tasks compiles", () => {
  const ids = Array.from({ length: 100_000 }, (_, at) => `t${at}`);
  const tasks = Object.fromEntries(ids.map((id) => [id, {}]));
  const spec = aDagSpec({ tasks });
  const edges = ids.slice(1).map((to, at) => ({ from: `t${at}`, to, label: "" }));
  expect(compileDag({ ...spec, edges }).taskIds.at(-1)).toBe("t99999");
});

describe("what is made once for all runs", () => {
  const remove = { role: "teardown", triggerRule: "all_done_setup_success" } as const;
  const setup = { role: "setup" } as const;

  test("leaves are tasks after which only teardowns come that cannot fail the run (1.6)", () => {
    const dag = aDag({
      tasks: { make: setup, a: {}, b: {}, remove, strict: { ...remove, failsRun: true } },
      arrows: ["make > a > remove", "make > b > strict", "make > remove strict"],
    });
    expect([...dag.scopes.leaves].map((ix) => dag.taskIds[ix])).toEqual(["a", "strict"]);
  });

  test("a setup is needed by what is between it and its teardowns (2.4)", () => {
    const dag = aDag({
      tasks: { make: setup, a: {}, b: {}, remove, after: {} },
      arrows: ["make > a > b > remove > after", "make > remove"],
    });
    const needing = [...dag.scopes.setupsOf.keys()].map((ix) => dag.taskIds[ix]);
    expect(needing).toEqual(["a", "b"]);
    expect(dag.scopes.teardownsOf.get(dag.ixOf.get("make")!)).toEqual([dag.ixOf.get("remove")]);
  });

  test("a branch follows to what it names, and to what comes after that (7.3)", () => {
    const cases = [{ name: "x", taskIds: ["mid"] }];
    const dag = aDag({
      tasks: { pick: { control: "branch", cases }, a: {}, mid: {}, join: {} },
      arrows: ["pick > a mid join", "mid > join"],
    });
    const follows = dag.branches.get(0)!.follows.get("x")!;
    expect([...follows].map((ix) => dag.taskIds[ix])).toEqual(["mid", "join"]);
    expect(dag.controlParents.get(dag.ixOf.get("a")!)).toEqual([0]);
  });

  test("mapped groups are numbered from outside in, and what is mapped over is an input", () => {
    const list = JSON.stringify({ $: "task", id: "list", path: ["rows"] });
    const each = [{ sources: [list] }];
    const group = (id: string, parentId: string | null) => ({ id, parentId, tooltip: "", each });
    const dag = aDag(
      { tasks: { list: {}, a: { groupId: "in" }, b: { groupId: "out" } }, arrows: ["list > a b"] },
      { groups: [group("in", "out"), group("out", null)] },
    );
    const { mapping } = dag;
    expect(mapping.units.map(({ id }) => id)).toEqual(["out", "in"]);
    expect([...mapping.outerFrame]).toEqual([-1, 0]);
    expect(mapping.commonFrame(dag.ixOf.get("a")!, dag.ixOf.get("b")!)).toBe(0);
    expect(dag.measures[0]).toEqual([["rows"]]);
    expect([...dag.isInput]).toEqual([1, 0, 0]);
  });
});
