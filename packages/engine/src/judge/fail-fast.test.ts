/** DAGs that fail fast (semantics 4.8), and runs that would wait for ever (1.6). */
import { describe, expect, test } from "vitest";
import { aDag } from "../testing.ts";
import { ToldRun, toldRun } from "../testing/told-run.ts";

const failFast = { failFast: true };

describe("fail-fast", () => {
  test("the first failure for good fails what runs and skips the rest, and the run fails", () => {
    const it = toldRun(
      {
        tasks: { a: { retries: 1 }, b: {}, c: {}, after: {}, leaf: {} },
        arrows: ["a > after > leaf"],
      },
      failFast,
    );
    it.grant("b");
    it.grant("a");
    it.fail("a");
    expect(it.state("b")).toBe("running");
    it.send({ kind: "waitDue", ...it.about("a") });
    it.grant("a");
    it.fail("a");
    expect(it.states()).toEqual({
      ...{ a: "failed", b: "failed", c: "skipped", after: "skipped", leaf: "skipped" },
    });
    expect(it.effects.stop).toEqual([{ ...it.ref("b"), attempt: 1 }]);
    expect(it.runState()).toBe("failed");
  });

  test("fails a run of which every leaf was only skipped", () => {
    const it = toldRun({ tasks: { a: {}, b: {} }, arrows: ["a > b"] }, failFast);
    it.grant("a");
    it.fail("a");
    expect(it.states()).toEqual({ a: "failed", b: "skipped" });
    expect(it.runState()).toBe("failed");
  });

  test("other instances of the task that failed go on", () => {
    const it = toldRun({ tasks: { w: { each: [{ sources: ["[1,2,3]"] }] }, x: {} } }, failFast);
    it.grant("w", 0);
    it.grant("w", 1);
    it.fail("w", 1);
    expect(it.states()).toEqual({
      ...{ "w[0]": "running", "w[1]": "failed", "w[2]": "scheduled", x: "skipped" },
    });
    it.succeed("w", 0);
    it.finish("w", 2);
    expect(it.runState()).toBe("failed");
  });

  test("teardowns still run, and the failure of one that cannot fail the run ends nothing", () => {
    const remove = { role: "teardown", triggerRule: "all_done_setup_success" } as const;
    const it = toldRun(
      {
        tasks: { make: { role: "setup" }, a: {}, remove, slow: {} },
        arrows: ["make > a > remove", "make > remove"],
      },
      failFast,
    );
    it.finish("make a");
    it.grant("remove");
    it.fail("remove");
    it.finish("slow");
    expect(it.runState()).toBe("success");
  });

  test("a mapping that fails ends the run like any failure", () => {
    const param = JSON.stringify({ $: "run", path: ["params", "x"] });
    const it = toldRun({ tasks: { a: {}, w: { each: [{ sources: [param] }] } } }, failFast);
    expect(it.states()).toEqual({ a: "skipped", w: "failed" });
  });

  test("a mark is no failure of a task", () => {
    const it = toldRun({ tasks: { a: {}, b: {} } }, failFast);
    it.mark("failed", "a");
    expect(it.state("b")).toBe("scheduled");
  });
});

test("where nothing can run any more, what is left becomes upstream_failed and the run says what it waits for", () => {
  // No sound graph gets there: one more upstream than there is, by hand.
  const dag = aDag({
    tasks: { a: {}, b: {}, c: { triggerRule: "all_done" } },
    arrows: ["a > b > c"],
  });
  const it = new ToldRun({
    ...dag,
    blankTally: dag.blankTally.map((count, at) => (at === dag.tallyAt[1]! + 5 ? count + 1 : count)),
  });
  it.start();
  it.finish("a");
  expect(it.states()).toEqual({ a: "success", b: "upstream_failed", c: "upstream_failed" });
  expect(it.effects.run).toMatchObject({
    state: 4,
    failure: {
      type: "Deadlock",
      message:
        "Nothing runs any more, and these tasks wait for what will never be: b (all_success), c (all_done, for b).",
    },
  });
});
