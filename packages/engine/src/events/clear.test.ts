/** Clearing and what is selected for it: semantics 11.2, 7.2, 6.4; traps 11 and 19 of appendix C. */
import { describe, expect, test } from "vitest";
import { selectInstances } from "./select.ts";
import type { Selection } from "./select.ts";
import type { MapAxis, TaskSpec } from "../spec/spec.ts";
import { TaskState } from "../spec/states.ts";
import type { ToldRun } from "../testing/told-run.ts";
import { toldRun } from "../testing/told-run.ts";

const over = (...sources: string[]): MapAxis => ({ sources });
const task = (id: string) => JSON.stringify({ $: "task", id, path: [] });
const ok = { kind: "OK" };
const chain = { tasks: { a: { retries: 1 }, b: {}, c: {} }, arrows: ["a > b > c"] };
const teardown: Partial<TaskSpec> = { role: "teardown", triggerRule: "all_done_setup_success" };

describe("clearing", () => {
  test("a final run becomes queued; started again it runs what was cleared and what hangs on it", () => {
    const it = toldRun(chain);
    it.finish("a");
    it.grant("b");
    it.fail("b");
    expect(it.runState()).toBe("failed");
    expect(it.clear("b", "c")).toEqual(ok);
    expect(it.effects.run).toEqual({ state: 1, failure: null });
    expect(it.effects.ready).toEqual([]);
    expect(it.run.startedAt).toBeNull();
    expect(it.states()).toEqual({ a: "success", b: "none", c: "none" });
    expect(it.start()).toEqual(ok);
    expect(it.ready()).toEqual(["b"]);
    it.finish("b c");
    expect(it.runState()).toBe("success");
  });

  test("keeps the number of attempts, and gives all retries and losses again", () => {
    const it = toldRun(chain);
    it.grant("a");
    it.send({ kind: "leaseLost", ...it.about("a") });
    it.grant("a");
    it.fail("a", -1, { retryable: false });
    it.clear("a");
    expect(it.effects.changes[0]).toMatchObject({
      ...{ state: TaskState.none, attempt: 2, uncounted: 2, losses: 0 },
    });
    it.start();
    it.grant("a");
    it.fail("a");
    expect(it.states("a")).toEqual({ a: "up_for_retry" });
    expect(it.effects.changes[0]).toMatchObject({ attempt: 3, uncounted: 2 });
  });

  test("a running instance is stopped, and runs again once its attempt has ended, however", () => {
    for (const end of ["succeed", "fail", "skip"] as const) {
      const it = toldRun(chain);
      it.grant("a");
      expect(it.clear("a")).toEqual(ok);
      expect(it.state("a")).toBe("restarting");
      expect(it.effects.stop).toEqual([{ ix: 0, mapIx: -1, attempt: 1 }]);
      expect(it.effects.timers).toMatchObject([{ kind: "restartForced", ix: 0, at: 61_000 }]);
      expect(it[end]("a")).toEqual({ kind: "STALE", reason: "CLEARED" });
      expect(it.state("a")).toBe("scheduled");
      expect(it.ready()).toEqual(["a"]);
      expect(it[end]("a")).toEqual({ kind: "STALE", reason: "CLEARED" });
      it.grant("a");
      expect(it.run.instances.attempt[0]).toBe(2);
    }
  });

  test("a worker that does not stop in time, or is lost, is not waited for", () => {
    const it = toldRun(chain);
    it.grant("a");
    const late = it.about("a");
    it.clear("a");
    expect(it.send({ kind: "restartForced", ...late })).toEqual(ok);
    expect(it.state("a")).toBe("scheduled");
    it.grant("a");
    expect(it.send({ kind: "restartForced", ...late }).kind).toBe("STALE");
    it.clear("a");
    it.send({ kind: "leaseLost", ...it.about("a") });
    expect(it.state("a")).toBe("scheduled");
    expect(it.run.instances.losses[0]).toBe(0);
  });

  test("of what has not run yet changes nothing", () => {
    const it = toldRun(chain);
    expect(it.clear("a", "b", "c")).toEqual({ kind: "ALREADY" });
    expect(it.effects.changes).toEqual([]);
    expect(it.state("a")).toBe("scheduled");
  });

  test("makes what was ready wait again when what it waited for is cleared; nobody is told of it twice", () => {
    const it = toldRun({ tasks: { a: {}, x: {}, b: {} }, arrows: ["a > b"] });
    it.finish("a");
    expect(it.ready()).toEqual(["b"]);
    it.clear("a");
    expect(it.states()).toEqual({ a: "scheduled", x: "scheduled", b: "none" });
    expect(it.ready()).toEqual(["a"]);
  });

  test("a retry that waits goes on waiting when only what is before it is cleared", () => {
    const it = toldRun({ tasks: { a: {}, b: { retries: 1 } }, arrows: ["a > b"] });
    it.finish("a");
    it.grant("b");
    it.fail("b");
    it.clear("a");
    expect(it.states()).toEqual({ a: "scheduled", b: "up_for_retry" });
    it.clear("b");
    expect(it.state("b")).toBe("none");
  });

  test("during a cancel changes nothing; after it the run is as new", () => {
    const it = toldRun(chain);
    it.grant("a");
    it.send({ kind: "cancelRequested", at: 0 });
    expect(it.clear("b")).toEqual({ kind: "STALE", reason: "CANCELLED" });
    it.fail("a");
    expect(it.runState()).toBe("failed");
    it.clear("a", "b", "c");
    it.start();
    it.finish("a b c");
    expect(it.runState()).toBe("success");
  });

  test("what names nothing, or what is not there, changes nothing", () => {
    const it = toldRun(chain);
    it.finish("a b c");
    const refs = [
      { ix: 9, mapIx: -1 },
      { ix: 0, mapIx: 3 },
      { ix: -1, mapIx: -1 },
    ];
    for (const none of [[], refs])
      expect(it.send({ kind: "cleared", refs: none, at: 0 })).toEqual({ kind: "ALREADY" });
    expect(it.runState()).toBe("success");
  });
});

describe("setups and teardowns go along (C 11)", () => {
  const shape = {
    tasks: {
      base: { role: "setup" as const },
      make: { role: "setup" as const },
      a: {},
      b: {},
      remove: teardown,
      clean: teardown,
    },
    arrows: ["base > make > a > b > remove > clean", "make > remove", "base > clean"],
  };

  test("with a task: the setups that it needs, those these need, and their teardowns", () => {
    const it = toldRun(shape);
    it.finish("base make a b remove clean");
    it.clear("b");
    expect(it.states()).toEqual({
      ...{ base: "none", make: "none", a: "success", b: "none", remove: "none", clean: "none" },
    });
    it.start();
    it.finish("base make b remove clean");
    expect(it.runState()).toBe("success");
  });

  test("with a setup: its teardown; a teardown alone goes alone", () => {
    const it = toldRun(shape);
    it.finish("base make a b remove clean");
    it.clear("clean");
    expect(it.states("base", "clean")).toEqual({ base: "success", clean: "none" });
    it.clear("base");
    expect(it.states("base", "make", "clean")).toEqual({
      base: "none",
      make: "success",
      clean: "none",
    });
  });
});

describe("mapped tasks", () => {
  const shape = {
    tasks: {
      list: {},
      wide: { each: [over(task("list"))] },
      end: { triggerRule: "all_done" as const },
    },
    arrows: ["list > wide > end"],
  };
  const ran = (length: number): ToldRun => {
    const it = toldRun(shape);
    it.finish("list", -1, { lengths: [length] });
    for (let mapIx = 0; mapIx < length; mapIx += 1) it.finish("wide", mapIx);
    it.finish("end");
    return it;
  };

  test("one instance alone runs again", () => {
    const it = ran(3);
    it.clear("wide[1]", "end");
    it.start();
    expect(it.ready()).toEqual(["wide[1-2]"]);
    it.finish("wide", 1);
    expect(it.ready()).toEqual(["end"]);
  });

  test("with their source they are expanded anew: those beyond the list are removed (6.4)", () => {
    const it = ran(3);
    it.clear("list", "wide[0]", "wide[1]", "wide[2]", "end");
    it.start();
    expect(it.states("wide")).toEqual({ "wide[0]": "none", "wide[1]": "none", "wide[2]": "none" });
    it.finish("list", -1, { lengths: [2] });
    expect(it.effects.expanded).toEqual([{ ix: 1, count: 2 }]);
    expect(it.ready()).toEqual(["wide[0-2]"]);
    expect(it.states("wide")).toMatchObject({ "wide[2]": "removed" });
    for (const mapIx of [0, 1]) it.finish("wide", mapIx);
    it.finish("end");
    expect(it.runState()).toBe("success");
  });

  test("and come back, or are joined by more, when the list grows", () => {
    const it = ran(2);
    it.clear("list", "wide[0]", "wide[1]", "end");
    it.start();
    it.finish("list", -1, { lengths: [1] });
    it.clear("list", "wide[0]");
    it.finish("list", -1, { lengths: [4] });
    expect(it.ready()).toEqual(["wide[0-4]"]);
    expect(it.run.instances.attempt.subarray(it.run.instances.first[1]).subarray(0, 4)).toEqual(
      Uint32Array.from([1, 1, 0, 0]),
    );
    it.finish("wide", 3);
    expect(it.states("wide")).toMatchObject({ "wide[3]": "success" });
  });

  test("whose list is empty now are skipped, all instances removed; and come back with the list", () => {
    const it = ran(2);
    it.clear("list", "wide[0]", "wide[1]", "end");
    it.start();
    it.finish("list", -1, { lengths: [0] });
    expect(it.states()).toEqual({
      ...{ list: "success", wide: "skipped", end: "scheduled" },
      ...{ "wide[0]": "removed", "wide[1]": "removed" },
    });
    it.clear("list", "wide");
    it.finish("list", -1, { lengths: [1] });
    expect(it.states("wide")).toEqual({ "wide[0]": "scheduled", "wide[1]": "removed" });
  });

  test("that ran keep their instances when only their source is cleared", () => {
    const it = ran(3);
    it.clear("list");
    it.start();
    it.finish("list", -1, { lengths: [1] });
    expect(it.states("wide")).toMatchObject({ "wide[2]": "success" });
    expect(it.runState()).toBe("success");
    it.clear("wide[0]");
    it.start();
    expect(it.states("wide")).toEqual({
      ...{ "wide[0]": "scheduled", "wide[1]": "removed", "wide[2]": "removed" },
    });
  });

  test("an instance that runs while the list shrinks is stopped and removed; its report is late", () => {
    const it = ran(2);
    it.clear("list", "wide[0]", "wide[1]");
    it.start();
    it.finish("list", -1, { lengths: [2] });
    it.grant("wide", 1);
    it.clear("list", "wide[0]");
    it.finish("list", -1, { lengths: [1] });
    expect(it.states("wide")).toEqual({ "wide[0]": "scheduled", "wide[1]": "removed" });
    expect(it.effects.stop).toEqual([{ ix: 1, mapIx: 1, attempt: 2 }]);
    expect(it.succeed("wide", 1)).toEqual({ kind: "STALE", reason: "FINISHED" });
  });
});

test("a mapped group keeps one length for all of its tasks", () => {
  const g = { groupId: "g" };
  const it = toldRun(
    { tasks: { list: {}, a: g, b: g }, arrows: ["list > a > b"] },
    { groups: [{ id: "g", parentId: null, tooltip: "", each: [over(task("list"))] }] },
  );
  it.finish("list", -1, { lengths: [3] });
  for (const mapIx of [0, 1, 2]) it.finish("a", mapIx);
  for (const mapIx of [0, 1, 2]) it.finish("b", mapIx);
  it.clear("list", "b[0]", "b[1]", "b[2]");
  it.start();
  it.finish("list", -1, { lengths: [2] });
  expect(it.states("a", "b")).toEqual({
    ...{ "a[0]": "success", "a[1]": "success", "a[2]": "removed" },
    ...{ "b[0]": "scheduled", "b[1]": "scheduled", "b[2]": "removed" },
  });
});

describe("selecting", () => {
  const g = { groupId: "g" };
  const it = toldRun(
    { tasks: { x: {}, a: g, b: g, y: {}, z: {} }, arrows: ["x > a > b > y", "x > z"] },
    { groups: [{ id: "g", parentId: null, tooltip: "", each: [over("[1,2]")] }] },
  );
  it.finish("x z");
  it.finish("a", 0);
  const selected = (options: Partial<Selection>) =>
    selectInstances(it.run, {
      refs: [],
      upstream: false,
      downstream: false,
      states: [],
      ...options,
    }).map(({ ref }) => `${it.dag.taskIds[ref.ix]}${ref.mapIx < 0 ? "" : ref.mapIx}`);
  const of = (name: string) => [it.named(name)];

  test("nothing named means all of the run", () => {
    expect(selected({})).toEqual(["x", "a0", "a1", "z", "b0", "b1", "y"]);
  });

  test("a task without an index means all of its instances", () => {
    expect(selected({ refs: [{ ix: it.ref("a").ix, mapIx: null }] })).toEqual(["a0", "a1"]);
  });

  test("relatives in a mapped group are those of the same index", () => {
    expect(selected({ refs: of("a[1]"), downstream: true })).toEqual(["a1", "b1", "y"]);
    expect(selected({ refs: of("b[0]"), upstream: true })).toEqual(["x", "a0", "b0"]);
    expect(selected({ refs: of("y"), upstream: true })).toEqual(["x", "a0", "a1", "b0", "b1", "y"]);
  });

  test("states choose among all these", () => {
    const states = [TaskState.success];
    expect(selected({ refs: of("x"), downstream: true, states })).toEqual(["x", "a0", "z"]);
  });

  test("what is not there means nothing", () => {
    expect(selected({ refs: [{ ix: 77, mapIx: null }, ...of("a[9]")] })).toEqual([]);
  });
});
