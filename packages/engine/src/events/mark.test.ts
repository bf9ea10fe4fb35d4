/** Marking task instances and runs: semantics 11.3; trap 10 of appendix C. */
import { describe, expect, test } from "vitest";
import type { TaskSpec } from "../spec/spec.ts";
import { toldRun } from "../testing/told-run.ts";

const ok = { kind: "OK" };
const finished = { kind: "STALE", reason: "FINISHED" };
const chain = { tasks: { a: {}, b: {}, c: {} }, arrows: ["a > b > c"] };
const teardown: Partial<TaskSpec> = { role: "teardown", triggerRule: "all_done_setup_success" };
const scope = {
  tasks: { make: { role: "setup" as const }, a: {}, b: {}, remove: teardown },
  arrows: ["make > a > b > remove", "make > remove"],
};

describe("marking task instances", () => {
  test("as success clears what failed after it, and opens the run again", () => {
    const it = toldRun(chain);
    it.grant("a");
    it.fail("a");
    expect(it.mark("success", "a")).toEqual(ok);
    expect(it.states()).toEqual({ a: "success", b: "none", c: "none" });
    expect(it.effects.run?.state).toBe(1);
    it.start();
    expect(it.ready()).toEqual(["b"]);
    it.finish("b c");
    expect(it.runState()).toBe("success");
  });

  test("stops a running one; what its worker reports is late", () => {
    const it = toldRun(chain);
    it.grant("a");
    it.mark("success", "a");
    expect(it.effects.stop).toEqual([{ ix: 0, mapIx: -1, attempt: 1 }]);
    expect(it.states()).toEqual({ a: "success", b: "scheduled", c: "none" });
    for (const end of ["succeed", "fail", "skip"] as const) expect(it[end]("a")).toEqual(finished);
  });

  test("as failed or skipped is followed by the rules of what has not run", () => {
    const failed = toldRun(chain);
    failed.mark("failed", "a");
    expect(failed.states()).toEqual({ a: "failed", b: "upstream_failed", c: "upstream_failed" });
    expect(failed.effects.changes[0]?.failure?.message).toBe("A person marked the task as failed.");
    expect(failed.runState()).toBe("failed");
    const skipped = toldRun(chain);
    skipped.mark("skipped", "b");
    expect(skipped.states()).toEqual({ a: "scheduled", b: "skipped", c: "skipped" });
  });

  test("of what waits ends the wait: its timer and its ready entry mean nothing then", () => {
    const it = toldRun({ tasks: { a: { retries: 1 }, b: {} } });
    it.grant("a");
    it.fail("a");
    const due = it.about("a");
    it.mark("success", "a", "b");
    expect(it.runState()).toBe("success");
    expect(it.send({ kind: "waitDue", ...due })).toEqual(finished);
    expect(it.grant("b")).toEqual(finished);
  });

  test("that changes the result of a final run opens it, and it ends with the new one", () => {
    const it = toldRun({ tasks: { a: {} } });
    it.grant("a");
    it.fail("a");
    it.mark("success", "a");
    expect(it.runState()).toBe("queued");
    it.start();
    expect(it.runState()).toBe("success");
  });

  test("that changes nothing says so", () => {
    const it = toldRun(chain);
    it.finish("a");
    expect(it.mark("success", "a")).toEqual({ kind: "ALREADY" });
    expect(it.mark("success", "nowhere")).toEqual({ kind: "ALREADY" });
  });

  test("leaves alone what succeeded or was skipped after it", () => {
    const it = toldRun({ tasks: { a: {}, b: {} }, arrows: ["a > b"] });
    it.finish("a b");
    it.mark("failed", "a");
    expect(it.states()).toEqual({ a: "failed", b: "success" });
    expect(it.runState()).toBe("success");
  });

  test("brings the scopes of what it clears along, but not what was marked", () => {
    const it = toldRun(scope);
    it.finish("make");
    it.grant("a");
    it.fail("a");
    it.finish("remove");
    it.mark("success", "a");
    expect(it.states()).toEqual({ make: "none", a: "success", b: "none", remove: "none" });
  });

  test("of a cleared, stopping instance sets its outcome too", () => {
    const it = toldRun(chain);
    it.grant("a");
    it.clear("a");
    it.mark("skipped", "a");
    expect(it.state("a")).toBe("skipped");
    expect(it.succeed("a")).toEqual(finished);
  });

  test("of a branch leaves no choice behind", () => {
    const it = toldRun({
      tasks: { pick: { control: "branch", cases: [{ name: "x", taskIds: ["x"] }] }, x: {}, y: {} },
      arrows: ["pick > x y"],
    });
    it.finish("pick", -1, { choice: ["x"] });
    it.mark("failed", "pick");
    it.mark("success", "pick");
    it.clear("y");
    it.start();
    expect(it.state("y")).toBe("scheduled");
  });
});

describe("marking a run", () => {
  test("as success makes every instance a success, running ones are stopped", () => {
    const it = toldRun({ tasks: { a: {}, b: {}, bad: {} }, arrows: ["a > b"] });
    it.grant("bad");
    it.fail("bad");
    it.grant("a");
    expect(it.markRun("success")).toEqual(ok);
    expect(it.states()).toEqual({ a: "success", bad: "success", b: "success" });
    expect(it.effects.stop).toHaveLength(1);
    expect(it.runState()).toBe("success");
    expect(it.succeed("a")).toEqual(finished);
    expect(it.markRun("success")).toEqual({ kind: "ALREADY" });
  });

  test("as failed fails what runs and skips what waits", () => {
    const it = toldRun({ tasks: { a: {}, b: {}, c: {} }, arrows: ["a > b"] });
    it.grant("a");
    it.markRun("failed");
    expect(it.states()).toEqual({ a: "failed", c: "skipped", b: "skipped" });
    expect(it.effects.run).toMatchObject({
      state: 4,
      failure: { message: "A person marked the run as failed." },
    });
  });

  test("leaves teardowns to run: a run marked as success ends with them", () => {
    const it = toldRun(scope);
    it.finish("make");
    it.markRun("success");
    expect(it.runState()).toBe("running");
    expect(it.states("a", "b", "remove")).toEqual({
      a: "success",
      b: "success",
      remove: "scheduled",
    });
    it.finish("remove");
    expect(it.runState()).toBe("success");
  });

  test("marked as failed it ends as failed, although all leaves are skipped (C 10)", () => {
    const it = toldRun(scope);
    it.finish("make");
    it.markRun("failed");
    expect(it.effects.run).toMatchObject({ state: 2, failure: { type: "Marked" } });
    expect(it.states("a", "b", "remove")).toEqual({
      a: "skipped",
      b: "skipped",
      remove: "scheduled",
    });
    it.finish("remove");
    expect(it.effects.run).toMatchObject({ state: 4, failure: { type: "Marked" } });
  });

  test("may be changed while teardowns run: the last word counts", () => {
    const it = toldRun(scope);
    it.finish("make");
    it.markRun("failed");
    it.markRun("success");
    expect(it.effects.run).toEqual({ state: 2, failure: null });
    it.finish("remove");
    expect(it.runState()).toBe("success");
  });

  test("of a run that ended as cancelled takes the person's word", () => {
    const it = toldRun(chain);
    it.send({ kind: "cancelRequested", at: 0 });
    it.markRun("success");
    expect(it.runState()).toBe("success");
    it.clear("a");
    it.start();
    expect(it.ready()).toEqual(["a"]);
  });

  test("that has not started ends at once", () => {
    const it = toldRun(scope);
    it.finish("make a b remove");
    it.clear("a", "b");
    expect(it.runState()).toBe("queued");
    it.markRun("failed");
    expect(it.runState()).toBe("failed");
  });

  test("that is final takes the other result", () => {
    const it = toldRun(chain);
    it.grant("a");
    it.fail("a");
    it.markRun("success");
    expect(it.states()).toEqual({ a: "success", b: "success", c: "success" });
    expect(it.runState()).toBe("success");
  });

  test("covers mapped instances and what is not expanded yet", () => {
    const list = JSON.stringify({ $: "task", id: "list", path: [] });
    const it = toldRun({
      tasks: {
        a: { each: [{ sources: ["[1,2]"] }] },
        list: {},
        b: { each: [{ sources: [list] }] },
      },
      arrows: ["list > b"],
    });
    it.finish("a", 0);
    it.grant("a", 1);
    it.markRun("success");
    expect(it.states("a", "b")).toEqual({ "a[0]": "success", "a[1]": "success", b: "success" });
  });
});
