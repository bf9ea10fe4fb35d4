/** What an instance is about, and whose values it is given (semantics 6.5-6.6). */
import { describe, expect, test } from "vitest";
import { inputsOf, itemsOf } from "./items.ts";
import type { MapAxis, TaskSpec } from "../spec/spec.ts";
import type { ToldRun } from "../testing/told-run.ts";
import { toldRun } from "../testing/told-run.ts";

const over = (...sources: string[]): MapAxis => ({ sources });
const task = (id: string, ...path: (string | number)[]) => JSON.stringify({ $: "task", id, path });
const reads = (...ids: string[]): Partial<TaskSpec> => ({
  args: `[${ids.map((id) => task(id)).join()}]`,
});
const g = (each: MapAxis[], id = "g", parentId: string | null = null) => ({
  ...{ id, parentId, tooltip: "", each },
});

function items(it: ToldRun, id: string, mapIx: number): Record<string, unknown> {
  const all = itemsOf(it.run, it.ref(id, mapIx));
  return Object.fromEntries(all.map(({ key, source }) => [key, source]));
}

describe("items", () => {
  test("of a product: the last axis varies fastest (A.5)", () => {
    const it = toldRun({ tasks: { a: { each: [over("[1,2]"), over('["a","b","c"]')] } } });
    const pairs = Array.from({ length: 6 }, (_, mapIx) =>
      itemsOf(it.run, { ix: 0, mapIx }).map(
        ({ source }) => source.kind === "literal" && source.json,
      ),
    );
    expect(pairs).toEqual([
      ["1", '"a"'],
      ["1", '"b"'],
      ["1", '"c"'],
      ["2", '"a"'],
      ["2", '"b"'],
      ["2", '"c"'],
    ]);
  });

  test("sources are counted over all axes, and walked together within one", () => {
    const inputs = { logicalDate: null, lengthOf: () => 9 };
    const param = JSON.stringify({ $: "run", path: ["params", "p"] });
    const it = toldRun(
      {
        tasks: { list: {}, a: { each: [over("[1,2]"), over(task("list", "rows"), param)] } },
        arrows: ["list > a"],
      },
      { inputs },
    );
    it.finish("list", -1, { lengths: [3] });
    expect(items(it, "a", 5)).toEqual({
      "a/0": { kind: "literal", json: "2" },
      "a/1": { kind: "element", ix: 0, path: ["rows"], index: 2 },
      "a/2": { kind: "run", path: ["params", "p"], index: 2 },
    });
  });

  test("of a mapped source: the value of the instance that left the n-th one", () => {
    const it = toldRun({
      tasks: { a: { each: [over("[1,2,3]")] }, b: { each: [over(task("a"))] } },
      arrows: ["a > b"],
    });
    it.finish("a", 0, { hasValue: false });
    for (const mapIx of [1, 2]) it.finish("a", mapIx);
    expect(items(it, "b", 0)).toEqual({ "b/0": { kind: "instance", ix: 0, mapIx: 1 } });
    expect(items(it, "b", 1)).toEqual({ "b/0": { kind: "instance", ix: 0, mapIx: 2 } });
  });

  test("of the groups around a task come before its own", () => {
    const it = toldRun(
      { tasks: { a: { groupId: "h", each: [over("[7,8]")] } } },
      { groups: [g([over("[1,2]")]), g([over("[3,4,5]")], "h", "g")] },
    );
    const literal = (json: string) => ({ kind: "literal", json });
    expect(items(it, "a", 9)).toEqual({
      ...{ "g/0": literal("2"), "h/0": literal("4"), "a/0": literal("8") },
    });
  });

  test("a task that is not mapped has none", () => {
    const it = toldRun({ tasks: { a: {} } });
    expect(itemsOf(it.run, { ix: 0, mapIx: -1 })).toEqual([]);
  });
});

describe("inputs", () => {
  test("of a mapped task: all of its instances, as a list", () => {
    const it = toldRun({
      tasks: { a: { each: [over("[1,2,3]")] }, b: {}, sum: reads("a", "b") },
      arrows: ["a b > sum"],
    });
    expect(inputsOf(it.run, it.ref("sum"))).toEqual([
      { ix: it.ref("a").ix, from: 0, to: 3, isList: true },
      { ix: it.ref("b").ix, from: -1, to: 0, isList: false },
    ]);
  });

  test("of a task that was skipped for want of elements: an empty list", () => {
    const it = toldRun({
      tasks: { a: { each: [over("[]")] }, sum: { ...reads("a"), triggerRule: "all_done" } },
      arrows: ["a > sum"],
    });
    expect(inputsOf(it.run, it.ref("sum"))).toEqual([{ ix: 0, from: 0, to: 0, isList: true }]);
  });

  test("within a mapped group: the one of the same index; outside: the list", () => {
    const it = toldRun(
      {
        tasks: { a: { groupId: "g" }, b: { groupId: "g", ...reads("a") }, sum: reads("b") },
        arrows: ["a > b > sum"],
      },
      { groups: [g([over("[1,2,3]")])] },
    );
    expect(inputsOf(it.run, it.ref("b", 2))).toEqual([{ ix: 0, from: 2, to: 3, isList: false }]);
    expect(inputsOf(it.run, it.ref("sum"))).toEqual([{ ix: 1, from: 0, to: 3, isList: true }]);
  });

  test("of something mapped once more inside the group: the part of the own index", () => {
    const it = toldRun(
      {
        tasks: { a: { groupId: "g", each: [over("[1,2]")] }, b: { groupId: "g", ...reads("a") } },
        arrows: ["a > b"],
      },
      { groups: [g([over("[1,2,3]")])] },
    );
    expect(inputsOf(it.run, it.ref("b", 1))).toEqual([{ ix: 0, from: 2, to: 4, isList: true }]);
  });
});
