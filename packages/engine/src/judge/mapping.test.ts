/** Mapped tasks: lengths, expansion, and what comes after (semantics 6.1-6.4, 6.6). */
import { describe, expect, test } from "vitest";
import { dagLimits } from "../spec/dag-limits.ts";
import { slotOf } from "../run/instances.ts";
import { instanceCount } from "../run/lengths.ts";
import type { RunInputs } from "../run/run.ts";
import type { MapAxis, TaskSpec } from "../spec/spec.ts";
import { toldRun } from "../testing/told-run.ts";

const over = (...sources: string[]): MapAxis => ({ sources });
const task = (id: string, ...path: (string | number)[]) => JSON.stringify({ $: "task", id, path });
const param = (name: string) => JSON.stringify({ $: "run", path: ["params", name] });
const wide = (...each: MapAxis[]): Partial<TaskSpec> => ({ each });

/** list > score > total, with score mapped over what list returns. */
const reduce = (score: Partial<TaskSpec> = {}, total: Partial<TaskSpec> = {}) =>
  toldRun({
    tasks: { list: {}, score: { ...wide(over(task("list"))), ...score }, total },
    arrows: ["list > score > total"],
  });

describe("expansion", () => {
  test("makes all instances ready at once, as one span, and children wait for all of them", () => {
    const it = reduce();
    it.finish("list", -1, { lengths: [3] });
    expect(it.effects.expanded).toEqual([{ ix: 1, count: 3 }]);
    expect(it.ready()).toEqual(["score[0-3]"]);
    expect(it.effects.changes.map(({ ix }) => ix)).toEqual([0]);
    for (const mapIx of [2, 0]) it.finish("score", mapIx);
    expect(it.state("total")).toBe("none");
    it.finish("score", 1);
    expect(it.ready()).toEqual(["total"]);
  });

  test("of a written list or a param happens when the run starts", () => {
    const inputs: RunInputs = { logicalDate: null, lengthOf: () => 2 };
    const it = toldRun(
      { tasks: { a: wide(over("[1,2,3]")), b: wide(over(param("tables"))) } },
      { inputs },
    );
    expect(it.ready()).toEqual(["a[0-3]", "b[0-2]"]);
    expect([instanceCount(it.run, 0), instanceCount(it.run, 1)]).toEqual([3, 2]);
  });

  test("axes multiply, sources of one axis go together as far as the shortest (A.5)", () => {
    const inputs: RunInputs = { logicalDate: null, lengthOf: () => 3 };
    const it = toldRun(
      { tasks: { a: wide(over("[1,2]"), over('["a","b","c","d"]', param("x"))) } },
      { inputs },
    );
    expect(it.effects.expanded).toEqual([{ ix: 0, count: 6 }]);
  });

  test("is asked for what the body returned at each path that is mapped over", () => {
    const it = toldRun({
      tasks: {
        list: {},
        rows: wide(over(task("list", "rows"))),
        days: wide(over(task("list", "days")), over(task("list", "rows"))),
      },
      arrows: ["list > rows days"],
    });
    expect(it.dag.measures[0]).toEqual([["rows"], ["days"]]);
    it.finish("list", -1, { lengths: [2, 3] });
    expect(it.effects.expanded).toEqual([
      { ix: 1, count: 2 },
      { ix: 2, count: 6 },
    ]);
  });

  test("over a mapped task counts the instances that left a value, once all are final", () => {
    const it = toldRun({
      tasks: {
        a: wide(over("[1,2,3,4]")),
        b: { ...wide(over(task("a"))), triggerRule: "none_failed" },
      },
      arrows: ["a > b"],
    });
    it.finish("a", 0);
    it.finish("a", 1, { hasValue: false });
    it.grant("a", 2);
    it.skip("a", 2);
    expect(it.states("b")).toEqual({ b: "none" });
    it.finish("a", 3);
    expect(it.states("b")).toEqual({ "b[0]": "scheduled", "b[1]": "scheduled" });
  });
});

describe("no instances", () => {
  test("an empty list skips the task, and by the rules what is after it (6.3)", () => {
    const it = reduce();
    it.finish("list", -1, { lengths: [0] });
    expect(it.states("score", "total")).toEqual({ score: "skipped", total: "skipped" });
    expect(it.effects.expanded).toEqual([{ ix: 1, count: 0 }]);
    expect(it.runState()).toBe("success");
  });

  test.each([
    ["failed", "upstream_failed"],
    ["skipped", "skipped"],
  ])("a source that %s makes it %s at once, whatever its rule (2.6)", (outcome, becomes) => {
    const it = toldRun({
      tasks: {
        ...{ list: {}, slow: {} },
        score: { ...wide(over(task("list"))), triggerRule: "all_done" },
      },
      arrows: ["list slow > score"],
    });
    it.grant("list");
    if (outcome === "failed") it.fail("list");
    else it.skip("list");
    expect(it.state("score")).toBe(becomes);
  });

  test("a source that returned nothing, or is marked, has no list: upstream_failed (6.3)", () => {
    const it = reduce();
    it.finish("list", -1, { hasValue: false, lengths: [-1] });
    expect(it.state("score")).toBe("upstream_failed");
    const marked = reduce();
    marked.mark("success", "list");
    expect(marked.state("score")).toBe("upstream_failed");
  });

  test("what is no list fails the task and is named", () => {
    const it = toldRun({
      tasks: { list: {}, a: wide(over(task("list", "rows"))), b: wide(over(param("x"))) },
      arrows: ["list > a"],
    });
    expect(it.state("b")).toBe("failed");
    expect(it.effects.changes[0]?.failure?.message).toBe(
      "It is mapped over run.params.x, which is no list; give it a list.",
    );
    it.finish("list", -1, { lengths: [-1] });
    expect(it.state("a")).toBe("failed");
    expect(it.effects.changes[1]?.failure?.message).toContain("list.rows");
  });

  test("more instances than a task may have fail it, saying so", () => {
    const it = reduce();
    it.finish("list", -1, { lengths: [dagLimits.mapLength + 1] });
    expect(it.states("score", "total")).toEqual({ score: "failed", total: "upstream_failed" });
    expect(it.effects.changes[1]?.failure).toMatchObject({
      type: "MapTooLong",
      message: expect.stringContaining("100001 elements, and a task has at most 100000"),
    });
  });

  test("lengths beyond all numbers are too long too", () => {
    const most = 2 ** 31 - 1;
    const inputs: RunInputs = { logicalDate: null, lengthOf: () => most };
    const axes = Array.from({ length: 16 }, () => over(param("x")));
    expect(toldRun({ tasks: { a: wide(...axes) } }, { inputs }).state("a")).toBe("failed");
  });
});

describe("instances", () => {
  test("have retries, losses and outcomes of their own", () => {
    const it = reduce({ retries: 1 });
    it.finish("list", -1, { lengths: [3] });
    it.grant("score", 1);
    it.fail("score", 1);
    expect(it.effects.timers).toMatchObject([{ kind: "waitDue", ix: 1, mapIx: 1, attempt: 1 }]);
    it.finish("score", 0);
    it.grant("score", 2);
    it.send({ kind: "leaseLost", ...it.about("score", 2) });
    expect(it.states("score")).toEqual({
      ...{ "score[0]": "success", "score[1]": "up_for_retry", "score[2]": "scheduled" },
    });
    expect(it.ready()).toEqual(["score[2-3]"]);
    it.send({ kind: "waitDue", ...it.about("score", 1) });
    it.grant("score", 1);
    it.fail("score", 1);
    expect(it.states("score", "total")).toMatchObject({
      ...{ "score[1]": "failed", "score[2]": "scheduled", total: "upstream_failed" },
    });
  });

  test("beyond the length, and the task itself once it is expanded, are not known", () => {
    const it = reduce();
    it.finish("list", -1, { lengths: [2] });
    for (const mapIx of [-2, -1, 2, 0.5, Number.NaN])
      expect(it.grant("score", mapIx)).toEqual({ kind: "STALE", reason: "EPOCH" });
    expect(slotOf(it.run, 0, 0)).toBe(-1);
  });

  test("with the rule one_success before it, a task does not wait for the others", () => {
    const it = reduce({}, { triggerRule: "one_success" });
    it.finish("list", -1, { lengths: [3] });
    it.finish("score", 2);
    expect(it.state("total")).toBe("scheduled");
  });
});

test("100,000 instances: 11 bytes each, ready as one span, each event at the cost of one", () => {
  const it = toldRun({
    tasks: { list: {}, score: wide(over(task("list"))) },
    arrows: ["list > score"],
  });
  const before = it.run.instances.size;
  it.grant("list");
  it.succeed("list", -1, { lengths: [100_000] });
  expect(it.ready()).toEqual(["score[0-100000]"]);
  const { instances, tallies } = it.run;
  expect(instances.size - before).toBe(100_000);
  expect(instances.state.length).toBeLessThan(150_000);
  expect(tallies.own).toHaveLength(0);
});
