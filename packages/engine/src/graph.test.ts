import { expect, test } from "vitest";
import { aDag, aDagSpec } from "./testing.ts";
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
  const edges = ids.slice(1).map((to, at) => ({ from: `t${at}`, to }));
  expect(compileDag({ ...spec, edges }).taskIds.at(-1)).toBe("t99999");
});
