/** Mapped groups: index-wise dependence, nesting, and what is outside (semantics 2.5, 6.1). */
import { describe, expect, test } from "vitest";
import { instanceCount } from "../run/lengths.ts";
import type { GroupSpec, MapAxis, TaskSpec } from "../spec/spec.ts";
import { toldRun } from "../testing/told-run.ts";

const over = (...sources: string[]): MapAxis => ({ sources });
const task = (id: string) => JSON.stringify({ $: "task", id, path: [] });
const group = (id: string, each: MapAxis[], parentId: string | null = null): GroupSpec => ({
  ...{ id, parentId, tooltip: "", each },
});
const inG: Partial<TaskSpec> = { groupId: "g" };

describe("a mapped group", () => {
  test("has each of its tasks once for each element, and each index goes its own way", () => {
    const it = toldRun(
      {
        tasks: { list: {}, a: { ...inG, retries: 1 }, b: inG, after: {} },
        arrows: ["list > a > b > after"],
      },
      { groups: [group("g", [over(task("list"))])] },
    );
    it.finish("list", -1, { lengths: [3] });
    expect(it.effects.expanded).toEqual([
      { ix: 1, count: 3 },
      { ix: 2, count: 3 },
    ]);
    expect(it.ready()).toEqual(["a[0-3]"]);
    it.finish("a", 2);
    expect(it.ready()).toEqual(["b[2-3]"]);
    it.finish("b", 2);
    it.grant("a", 0);
    it.fail("a", 0, { retryable: false });
    expect(it.states("b", "after")).toEqual({
      ...{ "b[0]": "upstream_failed", "b[1]": "none", "b[2]": "success" },
      after: "upstream_failed",
    });
    it.finish("a", 1);
    it.finish("b", 1);
    expect(it.runState()).toBe("failed");
  });

  test("depends as a whole on what is outside", () => {
    const it = toldRun(
      { tasks: { x: {}, a: inG, b: inG }, arrows: ["a > b", "x > b"] },
      { groups: [group("g", [over("[1,2]")])] },
    );
    it.finish("a", 0);
    expect(it.state("b")).toBe("none");
    it.finish("x");
    expect(it.states("b")).toEqual({ "b[0]": "scheduled", "b[1]": "none" });
    it.finish("a", 1);
    expect(it.state("b")).toBe("scheduled");
  });

  test("a mapped task outside it counts with all its instances", () => {
    const it = toldRun(
      { tasks: { w: { each: [over("[1,2]")] }, a: inG }, arrows: ["w > a"] },
      { groups: [group("g", [over("[1,2,3]")])] },
    );
    it.finish("w", 0);
    expect(it.state("a")).toBe("none");
    it.finish("w", 1);
    expect(it.ready()).toEqual(["a[0-3]"]);
  });

  test("of what is not known yet nothing is judged but the source (2.6)", () => {
    const it = toldRun(
      {
        tasks: { list: {}, x: {}, a: inG, b: { ...inG, triggerRule: "always" } },
        arrows: ["list > a b", "x > a"],
      },
      { groups: [group("g", [over(task("list"))])] },
    );
    it.grant("x");
    it.fail("x");
    expect(it.states("a", "b")).toEqual({ a: "none", b: "none" });
    it.grant("list");
    it.skip("list");
    expect(it.states("a", "b")).toEqual({ a: "skipped", b: "skipped" });
  });

  test("an empty list skips its tasks, but does not hide a failure before them", () => {
    const shape = { tasks: { x: {}, a: inG, b: inG }, arrows: ["x > a > b"] };
    const it = toldRun(shape, { groups: [group("g", [over("[]")])] });
    expect(it.states("a", "b")).toEqual({ a: "none", b: "none" });
    it.grant("x");
    it.fail("x");
    expect(it.states("a", "b")).toEqual({ a: "upstream_failed", b: "upstream_failed" });
    const fine = toldRun(shape, { groups: [group("g", [over("[]")])] });
    fine.finish("x");
    expect(fine.states("a", "b")).toEqual({ a: "skipped", b: "skipped" });
    expect(fine.runState()).toBe("success");
  });

  test("an instance may fail, be skipped or run on by the rule of its task", () => {
    const it = toldRun(
      {
        tasks: {
          a: inG,
          b: { ...inG, triggerRule: "one_failed" },
          c: { ...inG, triggerRule: "all_done" },
        },
        arrows: ["a > b c"],
      },
      { groups: [group("g", [over("[1,2]")])] },
    );
    it.finish("a", 0);
    it.grant("a", 1);
    it.fail("a", 1);
    expect(it.states("b", "c")).toEqual({
      ...{ "b[0]": "skipped", "b[1]": "scheduled" },
      ...{ "c[0]": "scheduled", "c[1]": "scheduled" },
    });
  });
});

describe("nesting", () => {
  test("a mapped task in a mapped group: lengths multiply, group-mates depend on their part (A.5)", () => {
    const it = toldRun(
      {
        tasks: { a: inG, wide: { ...inG, each: [over("[1,2]")] }, b: inG, after: {} },
        arrows: ["a > wide > b > after"],
      },
      { groups: [group("g", [over("[1,2,3]")])] },
    );
    expect(instanceCount(it.run, it.ref("wide").ix)).toBe(6);
    it.finish("a", 2);
    // "inner TI 4 belongs to group index 2"
    expect(it.ready()).toEqual(["wide[4-6]"]);
    it.finish("wide", 5);
    expect(it.state("b")).toBe("none");
    it.finish("wide", 4);
    expect(it.ready()).toEqual(["b[2-3]"]);
  });

  test("a mapped group in a mapped group, known at different times", () => {
    const it = toldRun(
      {
        tasks: { list: {}, a: inG, x: { groupId: "h" }, y: { groupId: "h" }, end: inG },
        arrows: ["list > x", "a > x > y > end"],
      },
      { groups: [group("g", [over("[1,2]")]), group("h", [over(task("list"))], "g")] },
    );
    it.finish("a", 0);
    it.finish("a", 1);
    expect(it.states("x", "y", "end")).toEqual({
      ...{ x: "none", y: "none", "end[0]": "none", "end[1]": "none" },
    });
    it.finish("list", -1, { lengths: [3] });
    expect(it.ready()).toEqual(["x[0-6]"]);
    for (const mapIx of [3, 4, 5]) {
      it.finish("x", mapIx);
      it.finish("y", mapIx);
    }
    expect(it.states("end")).toEqual({ "end[0]": "none", "end[1]": "scheduled" });
  });

  test("an inner list without elements skips only what is inside", () => {
    const it = toldRun(
      {
        tasks: { a: inG, x: { groupId: "h" }, end: { ...inG, triggerRule: "none_failed" } },
        arrows: ["a > x > end"],
      },
      { groups: [group("g", [over("[1,2]")]), group("h", [over("[]")], "g")] },
    );
    it.finish("a", 0);
    it.finish("a", 1);
    expect(it.states("x", "end")).toEqual({
      ...{ x: "skipped", "end[0]": "scheduled", "end[1]": "scheduled" },
    });
  });
});

test("100,000 indexes of a group: an event costs its own index, not all of them", () => {
  const it = toldRun(
    { tasks: { list: {}, a: inG, b: inG }, arrows: ["list > a > b"] },
    { groups: [group("g", [over(task("list"))])] },
  );
  it.checkRestored = () => {};
  it.finish("list", -1, { lengths: [20_000] });
  for (const mapIx of [0, 19_999]) it.finish("a", mapIx);
  expect(it.ready()).toEqual(["b[19999-20000]"]);
});
