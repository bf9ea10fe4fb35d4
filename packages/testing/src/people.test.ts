/** What people do to runs: clear, mark, cancel. */
import { chain, context, dag, each, setup, task } from "@millrace/sdk";
import { describe, expect, test } from "vitest";
import { after, fail, ok, startDag } from "./index.ts";
import type { Outcomes } from "./index.ts";

const work = task({ id: "work" }, (_input?: unknown) => context().attempt.number);
const node = (id: string) => work.with({ id })();
const line = dag("line", {}, () => chain(node("a"), node("b"), node("c")));

function start(outcomes: Outcomes = {}) {
  return startDag(line, { outcomes, now: "2026-01-01T00:00Z" });
}

function attemptsOf(run: ReturnType<typeof start>): Record<string, number> {
  return Object.fromEntries(run.tasks.map(({ id, attempts }) => [id, attempts]));
}

describe("clearing", () => {
  test("has the tasks run again, opens the run, and says what it changed", async () => {
    const run = start();
    await run.finish();
    expect(run.clear({ tasks: ["b"], downstream: true })).toEqual([
      { taskId: "b", mapIndex: null, state: "success", isImplied: false },
      { taskId: "c", mapIndex: null, state: "success", isImplied: false },
    ]);
    expect(run.state).toBe("queued");
    expect(run.task("b")).toMatchObject({ state: "none", value: undefined });
    await run.finish();
    expect(run.state).toBe("success");
    expect(attemptsOf(run)).toEqual({ a: 1, b: 2, c: 2 });
    expect(run.xcom("b")).toBe(2);
  });

  test("means everything when no task is named, and everything before with upstream", async () => {
    const run = start();
    await run.finish();
    run.clear();
    await run.finish();
    run.clear({ tasks: ["b"], upstream: true });
    await run.finish();
    expect(attemptsOf(run)).toEqual({ a: 3, b: 3, c: 2 });
  });

  test("of only what failed is a retry; it has all its tries again", async () => {
    const definition = dag("d", { defaults: { retries: 1 } }, () => {
      chain(node("a"), node("b"), node("c"));
    });
    const run = startDag(definition, { outcomes: { b: [fail(), fail(), fail(), ok()] } });
    await run.finish();
    expect(run.state).toBe("failed");
    expect(run.retry().map(({ taskId }) => taskId)).toEqual(["b", "c"]);
    await run.finish();
    expect(run.state).toBe("success");
    expect(attemptsOf(run)).toEqual({ a: 1, b: 4, c: 1 });
  });

  test("stops what runs and has it run again", async () => {
    const run = start({ b: [after("1h", ok("late")), ok("again")] });
    await run.advance("1m");
    run.clear({ tasks: ["b"] });
    expect(run.task("b")).toMatchObject({ state: "restarting" });
    expect(run.task("b").explain).toMatchObject([{ kind: "restarting" }]);
    await run.advance("0s");
    expect(run.task("b")).toMatchObject({ state: "success", attempts: 2, value: "again" });
    expect(run.state).toBe("success");
  });

  test("of one instance leaves the others alone", async () => {
    const run = startDag(dag("d", {}, () => void work(each([1, 2, 3]))));
    await run.finish();
    run.clear({ tasks: [{ taskId: "work", mapIndex: 1 }] });
    await run.finish();
    expect(run.task("work").instances.map(({ attempts }) => attempts)).toEqual([1, 2, 1]);
    expect(() => run.clear({ tasks: [{ taskId: "work", mapIndex: 3 }] })).toThrow("no map index 3");
    expect(() => run.clear({ tasks: ["lost"] })).toThrow('no task "lost"');
  });
});

describe("marking tasks", () => {
  test("as success has what failed after them run again", async () => {
    const run = start({ a: fail() });
    await run.finish();
    expect(run.task("c").state).toBe("upstream_failed");
    run.markTasks("success", { tasks: ["a"] });
    expect(run.task("a")).toMatchObject({ state: "success", failure: null });
    await run.finish();
    expect(run.state).toBe("success");
    expect(attemptsOf(run)).toEqual({ a: 1, b: 1, c: 1 });
  });

  test("as failed stops what runs; its late success counts no more", async () => {
    const run = start({ b: after("1h", ok()) });
    await run.advance("1m");
    run.markTasks("failed", { tasks: ["b"] });
    await run.finish();
    expect(run.tasks.map(({ state }) => state)).toEqual(["success", "failed", "upstream_failed"]);
    expect(run.task("b").failure?.message).toBe("A person marked the task as failed.");
  });

  test("as skipped skips what follows", async () => {
    const run = start();
    run.markTasks("skipped", { tasks: ["b"] });
    await run.finish();
    expect(run.tasks.map(({ state }) => state)).toEqual(["success", "skipped", "skipped"]);
  });

  test("takes back the value of a success", async () => {
    const run = start();
    await run.finish();
    run.markTasks("failed", { tasks: ["b"] });
    await run.finish();
    expect(run.xcom("b")).toBeUndefined();
  });
});

describe("marking the run", () => {
  test("as success makes everything a success", async () => {
    const run = start({ a: fail() });
    await run.finish();
    run.mark("success");
    expect(run.state).toBe("success");
    expect(run.tasks.map(({ state }) => state)).toEqual(["success", "success", "success"]);
  });

  test("as failed still runs what must be cleaned up, and ends failed", async () => {
    const definition = dag("d", {}, () => {
      setup(
        node("open"),
        () => void node("close"),
        () => void node("within"),
      );
    });
    const run = startDag(definition, { outcomes: { within: after("1h", ok()) } });
    await run.advance("1m");
    run.mark("failed");
    await run.finish();
    expect(run.state).toBe("failed");
    expect(run.task("within").state).toBe("failed");
    expect(run.task("close").state).toBe("success");
  });
});

test("a cancelled run stops what runs and skips the rest", async () => {
  const run = start({ b: after("1h", ok()) });
  await run.advance("1m");
  run.cancel();
  expect(run.task("b").explain).toMatchObject([{ kind: "cancelling" }]);
  await run.finish();
  expect(run).toMatchObject({ state: "failed", failure: { kind: "cancelled" } });
  expect(run.tasks.map(({ state }) => state)).toEqual(["success", "failed", "skipped"]);
  expect(run.now).toEqual(new Date("2026-01-01T00:01Z"));
});
