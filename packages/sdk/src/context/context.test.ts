import { describe, expect, test } from "vitest";
import { dag, FailTask, SkipTask, context, nextRuns, task } from "../index.ts";
import { dagsOf, outcomeOfThrown, runInContext, valueOfRun } from "../spec.ts";
import type { RunFacts, TaskContext } from "../spec.ts";

const facts: RunFacts = {
  id: "run_1",
  name: "manual__1",
  dagId: "d",
  type: "manual",
  dagVersion: 1,
  logicalDate: null,
  dataInterval: { start: null, end: null },
  runAfter: new Date("2026-03-04T05:06:07.089Z"),
  partitionKey: null,
  params: { region: "eu" },
};

function aContext(taskId: string): TaskContext {
  const silent = () => {};
  return {
    run: valueOfRun(facts),
    task: { id: taskId, mapIndex: null, mapLength: null },
    attempt: { number: 1, max: 4 },
    params: { region: "eu" },
    log: { debug: silent, info: silent, warn: silent, error: silent },
    now: () => new Date(),
    triggerDag: async () => ({
      dagId: "child",
      runId: "run_2",
      runName: "manual__2",
      state: "queued",
      outcome: "made",
    }),
    taskToken: () => Promise.resolve("token"),
    signal: new AbortController().signal,
    xcom: { push: silent, pull: () => Promise.reject(new Error("nothing to pull from")) },
    outlets: { extra: silent, add: silent },
    inletEvents: () => noEvents,
    inputs: {},
    triggeringAssetEvents: noEvents,
    fencing: "1",
    idempotencyKey: "run_1/t",
  };
}

const noEvents: TaskContext["triggeringAssetEvents"] = {
  all: () => Promise.resolve([]),
  async *[Symbol.asyncIterator]() {},
};

describe("context()", () => {
  test("is the one of the body that is running, across awaits and beside others", async () => {
    const body = async () => {
      await Promise.resolve();
      return context<{ region: string }>().task.id;
    };
    const both = ["a", "b"].map((id) => runInContext(aContext(id), body));
    expect(await Promise.all(both)).toEqual(["a", "b"]);
  });

  test("outside a body says where to look instead", () => {
    expect(() => context()).toThrow("context() was called outside the body of a running task");
    const wires = dag("d", {}, () => void context());
    expect(() => wires.spec()).toThrow("in wire functions use run");
  });

  test("is shared with every other copy of this package", () => {
    const store = (globalThis as unknown as Record<symbol, { getStore(): unknown }>)[
      Symbol.for("millrace.context")
    ];
    const inner = aContext("a");
    expect(runInContext(inner, () => store?.getStore())).toBe(inner);
  });
});

test("ds and ts fall back to the moment the run was due", () => {
  expect(valueOfRun(facts)).toMatchObject({
    ds: "2026-03-04",
    ts: "2026-03-04T05:06:07.089000+00:00",
  });
  const dated = { ...facts, logicalDate: new Date("2026-01-01T00:00:00Z") };
  expect(valueOfRun(dated)).toMatchObject({ ds: "2026-01-01", ts: "2026-01-01T00:00:00+00:00" });
});

describe("what a body throws", () => {
  test("FailTask fails at once, SkipTask skips, anything else retries", () => {
    expect(outcomeOfThrown(new FailTask("no such table"))).toMatchObject({
      kind: "failed",
      failure: { type: "FailTask", message: "no such table", retryable: false },
    });
    expect(outcomeOfThrown(new SkipTask("nothing new"))).toEqual({
      kind: "skipped",
      message: "nothing new",
    });
    expect(outcomeOfThrown(new RangeError("far"))).toMatchObject({
      kind: "failed",
      failure: { kind: "application", type: "RangeError", message: "far", retryable: true },
    });
  });

  test("may have no text of its own", () => {
    expect(outcomeOfThrown(Object.create(null))).toMatchObject({ kind: "failed" });
  });

  test.each([["text"], [undefined], [null], [42]])("%j is a failure too", (thrown) => {
    expect(outcomeOfThrown(thrown)).toMatchObject({
      kind: "failed",
      failure: { type: "", message: String(thrown), stack: "", retryable: true },
    });
  });

  test("is known by its mark, whichever copy of this package made it", () => {
    const foreign = Object.assign(new Error("x"), { [Symbol.for("millrace.SkipTask")]: true });
    expect(outcomeOfThrown(foreign).kind).toBe("skipped");
  });

  test("is cut to the limits of a failure", () => {
    const thrown = outcomeOfThrown(new Error("x".repeat(10_000)));
    if (thrown.kind !== "failed") throw new Error("expected a failure");
    expect(thrown.failure.message).toHaveLength(4096);
    expect(thrown.failure.message.endsWith("…")).toBe(true);
  });
});

test("DAGs are found however a file exports them, each once", () => {
  const noop = task(function noop() {});
  const [a, b, c] = ["a", "b", "c"].map((id) => dag(id, {}, () => noop()));
  const module = { default: a, again: a, list: [b, 1, null], byName: { c, text: "" }, other: noop };
  expect(dagsOf(module).map(({ id }) => id)).toEqual(["a", "b", "c"]);
});

test("nextRuns gives the runs a schedule makes, and none without one", () => {
  const noop = task(function noop() {});
  const daily = dag("d", { schedule: "0 2 * * *" }, () => noop());
  const last = { start: "2026-01-01T02:00Z", end: "2026-01-01T02:00Z" };
  const runs = nextRuns(daily, { now: "2026-01-01T12:00Z", last, count: 2 });
  expect(runs.map(({ logicalDate }) => logicalDate.toISOString())).toEqual([
    "2026-01-02T02:00:00.000Z",
    "2026-01-03T02:00:00.000Z",
  ]);
  const never = dag("n", {}, () => noop());
  expect(nextRuns(never, { now: new Date(0), last: null, count: 2 })).toEqual([]);
  expect(() => nextRuns(daily, { now: "2026-01-01", last: null, count: 1 })).toThrow(
    "now is 2026-01-01",
  );
});
