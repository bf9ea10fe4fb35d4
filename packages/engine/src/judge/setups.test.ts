/** Setups, teardowns and their scopes: semantics 2.4, 7.7; and what decides a run's result: 1.6. */
import { describe, expect, test } from "vitest";
import type { TaskSpec } from "../spec/spec.ts";
import { toldRun } from "../testing/told-run.ts";

const setup: Partial<TaskSpec> = { role: "setup" };
const teardown: Partial<TaskSpec> = { role: "teardown", triggerRule: "all_done_setup_success" };

/** make > a > b > remove, with the scope from make to remove. */
const scope = (more: Record<string, Partial<TaskSpec>> = {}) => ({
  tasks: { make: setup, a: {}, b: {}, remove: teardown, ...more },
  arrows: ["make > a > b > remove", "make > remove"],
});

describe("a teardown", () => {
  test("runs after a failure inside its scope; the run fails by what failed, not by the teardown", () => {
    const it = toldRun(scope());
    it.finish("make");
    it.grant("a");
    it.fail("a");
    expect(it.states("b", "remove")).toEqual({ b: "upstream_failed", remove: "scheduled" });
    it.finish("remove");
    expect(it.runState()).toBe("failed");
  });

  test("without a setup runs once what is before it is done, whatever came of that", () => {
    const it = toldRun({ tasks: { work: {}, drop: teardown }, arrows: ["work > drop"] });
    it.grant("work");
    it.fail("work");
    it.finish("drop");
    expect(it.states("work", "drop")).toEqual({ work: "failed", drop: "success" });
    expect(it.runState()).toBe("failed");
  });

  test("that fails does not fail the run, unless it says so", () => {
    for (const failsRun of [false, true]) {
      const it = toldRun(scope({ remove: { ...teardown, failsRun } }));
      it.finish("make a b");
      it.grant("remove");
      it.fail("remove");
      expect(it.runState()).toBe(failsRun ? "failed" : "success");
    }
  });

  test("is skipped when its setups were skipped, and upstream_failed when they failed", () => {
    const skipped = toldRun(scope());
    skipped.grant("make");
    skipped.skip("make");
    expect(skipped.states()).toEqual({
      make: "skipped",
      a: "skipped",
      b: "skipped",
      remove: "skipped",
    });
    const failed = toldRun(scope());
    failed.grant("make");
    failed.fail("make");
    expect(failed.states("a", "b", "remove")).toEqual({
      ...{ a: "upstream_failed", b: "upstream_failed", remove: "upstream_failed" },
    });
  });

  test("waits for all of its scope, also for what is not directly before it", () => {
    const it = toldRun({
      tasks: { make: setup, a: {}, b: { triggerRule: "one_success" }, slow: {}, remove: teardown },
      arrows: ["make > a slow", "a slow > b > remove", "make > remove"],
    });
    it.finish("make a b");
    expect(it.state("remove")).toBe("none");
    it.finish("slow");
    expect(it.state("remove")).toBe("scheduled");
  });

  test("does not wait for what is before its setup", () => {
    const it = toldRun({
      tasks: { early: {}, make: { ...setup, triggerRule: "always" }, a: {}, remove: teardown },
      arrows: ["early > make > a > remove", "make > remove"],
    });
    it.finish("make a");
    expect(it.states("early", "remove")).toEqual({ early: "scheduled", remove: "scheduled" });
  });
});

describe("a setup", () => {
  test("is needed by everything up to its teardown, whatever the rules there (2.4)", () => {
    const it = toldRun({
      tasks: {
        make: setup,
        a: {},
        b: { triggerRule: "all_done" },
        remove: teardown,
        after: { triggerRule: "all_done" },
      },
      arrows: ["make > a > b > remove > after", "make > remove"],
    });
    it.grant("make");
    it.fail("make");
    // Past the teardown nobody needs it.
    expect(it.states()).toEqual({
      ...{ make: "failed", a: "upstream_failed", b: "upstream_failed", remove: "upstream_failed" },
      after: "scheduled",
    });
  });

  test("without a teardown is needed by all that is after it", () => {
    const it = toldRun({
      tasks: { make: setup, a: {}, b: { triggerRule: "all_done" } },
      arrows: ["make > a > b"],
    });
    it.grant("make");
    it.skip("make");
    expect(it.states("a", "b")).toEqual({ a: "skipped", b: "skipped" });
  });

  test("is waited for before the rule lets a task run", () => {
    const it = toldRun({
      tasks: {
        make: setup,
        mid: {},
        b: { triggerRule: "one_success" },
        other: {},
        remove: teardown,
      },
      arrows: ["make > mid > b > remove", "other > b", "make > remove"],
    });
    it.finish("other");
    expect(it.state("b")).toBe("none");
    it.finish("make");
    expect(it.state("b")).toBe("scheduled");
  });

  test("has no say in a task with the rule always, nor in one with nothing before it", () => {
    const it = toldRun(scope({ b: { triggerRule: "always" } }));
    expect(it.state("b")).toBe("scheduled");
  });

  test("of two scopes around a task, both are needed", () => {
    const it = toldRun({
      tasks: {
        one: setup,
        two: setup,
        work: {},
        last: { triggerRule: "all_done" },
        un1: teardown,
        un2: teardown,
      },
      arrows: ["one two > work > last > un1 un2", "one > un1", "two > un2"],
    });
    it.finish("one");
    it.grant("two");
    it.fail("two");
    expect(it.states("work", "last", "un1", "un2")).toEqual({
      ...{ work: "upstream_failed", last: "upstream_failed" },
      ...{ un1: "scheduled", un2: "upstream_failed" },
    });
  });
});

describe("in a mapped group", () => {
  const mapped = (tasks: Record<string, Partial<TaskSpec>>, arrows: string[]) =>
    toldRun(
      { tasks, arrows },
      { groups: [{ id: "g", parentId: null, tooltip: "", each: [{ sources: ["[1,2]"] }] }] },
    );

  test("each index has its own setup, scope and teardown", () => {
    const it = mapped(
      {
        make: { ...setup, groupId: "g" },
        ...{ a: { groupId: "g" }, b: { groupId: "g", triggerRule: "all_done" } },
        remove: { ...teardown, groupId: "g" },
      },
      ["make > a > b > remove", "make > remove"],
    );
    it.finish("make", 0);
    it.grant("make", 1);
    it.fail("make", 1);
    expect(it.states("a", "b", "remove")).toEqual({
      ...{ "a[0]": "scheduled", "b[0]": "none", "remove[0]": "none" },
      ...{ "a[1]": "upstream_failed", "b[1]": "upstream_failed", "remove[1]": "upstream_failed" },
    });
    it.grant("a", 0);
    it.fail("a", 0);
    it.finish("b", 0);
    expect(it.states("remove")["remove[0]"]).toBe("scheduled");
  });

  test("a teardown outside waits for all indexes", () => {
    const it = mapped(
      { make: setup, a: { groupId: "g" }, b: { groupId: "g" }, end: {}, remove: teardown },
      ["make > a > b > end > remove", "make > remove"],
    );
    it.finish("make");
    for (const mapIx of [0, 1]) {
      it.finish("a", mapIx);
      expect(it.state("remove")).toBe("none");
      it.finish("b", mapIx);
    }
    it.finish("end");
    expect(it.state("remove")).toBe("scheduled");
  });
});

describe("a run's result (1.6)", () => {
  test("a failure that a leaf makes up for does not fail it", () => {
    const it = toldRun({ tasks: { a: {}, b: { triggerRule: "all_done" } }, arrows: ["a > b"] });
    it.grant("a");
    it.fail("a");
    it.finish("b");
    expect(it.runState()).toBe("success");
  });

  test("what is before an ignored teardown only is a leaf", () => {
    const it = toldRun({
      tasks: { make: setup, a: {}, remove: teardown },
      arrows: ["make > a > remove", "make > remove"],
    });
    it.finish("make");
    it.grant("a");
    it.fail("a");
    it.finish("remove");
    expect(it.runState()).toBe("failed");
    expect(it.runFailure?.message).toBe("Task a failed.");
  });

  test("with nothing but teardowns, those at the end decide", () => {
    const it = toldRun({ tasks: { one: teardown, two: teardown }, arrows: ["one > two"] });
    it.finish("one");
    it.grant("two");
    it.fail("two");
    expect(it.runState()).toBe("failed");
  });

  test("a leaf that is upstream_failed fails it, and so does one failed instance of many", () => {
    const it = toldRun({ tasks: { wide: { each: [{ sources: ["[1,2,3]"] }] } } });
    for (const mapIx of [0, 2]) it.finish("wide", mapIx);
    it.grant("wide", 1);
    it.fail("wide", 1);
    expect(it.runState()).toBe("failed");
  });
});
