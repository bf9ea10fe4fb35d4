import { describe, expect, test } from "vitest";
import type { CompiledDag } from "../graph/graph.ts";
import type { Effects, Failure, Run, RunEvent, Verdict } from "../run/run.ts";
import { createRun } from "../run/create-run.ts";
import { clearEffects, newEffects } from "../run/run.ts";
import { RunState, TaskState } from "../spec/states.ts";
import type { DagShape } from "../testing.ts";
import { aDag, aFailure, statesOf } from "../testing.ts";
import { transition } from "./transition.ts";
import type { DagSpec } from "../spec/spec.ts";

/** A started run that is told what happens by task id. */
function started(shape: DagShape, options: Partial<DagSpec> = {}) {
  const dag: CompiledDag = aDag(shape, options);
  const run: Run = createRun(dag);
  const effects: Effects = newEffects();
  const send = (event: RunEvent): Verdict => {
    clearEffects(effects);
    return transition(run, event, effects);
  };
  const about = (id: string) => {
    const ix = dag.ixOf.get(id) ?? -1;
    return { ix, mapIx: -1, attempt: run.instances.attempt[ix] ?? 0, at: 1000 };
  };
  send({ kind: "runStarted", at: 0 });
  return {
    run,
    effects,
    send,
    about,
    grant: (id: string) => send({ kind: "taskGranted", ...about(id) }),
    succeed: (id: string) => send({ kind: "taskSucceeded", ...about(id), ...returned }),
    skip: (id: string) => send({ kind: "taskSkipped", ...about(id) }),
    fail: (id: string, failure: Partial<Failure> = {}) =>
      send({ kind: "taskFailed", ...about(id), failure: aFailure(failure) }),
    lose: (id: string) => send({ kind: "leaseLost", ...about(id) }),
    readyIds: () => effects.ready.map(({ ix }) => dag.taskIds[ix]),
  };
}

const returned = { hasValue: true, lengths: [], choice: null };
const chain = { tasks: { a: {}, b: {}, c: {} }, arrows: ["a > b > c"] };
const ok = { kind: "OK" };

describe("all_success", () => {
  test("tasks without upstream are ready when the run starts, others when the last upstream task succeeds", () => {
    const it = started({ tasks: { a: {}, b: {}, join: {} }, arrows: ["a b > join"] });
    expect(it.readyIds()).toEqual(["a", "b"]);
    it.grant("a");
    it.succeed("a");
    expect(it.readyIds()).toEqual([]);
    it.grant("b");
    it.succeed("b");
    expect(it.readyIds()).toEqual(["join"]);
    expect(statesOf(it.run)["join"]).toBe("scheduled");
  });

  test("a failure makes everything after it upstream_failed in one pass, and the run fails", () => {
    const it = started(chain);
    it.grant("a");
    expect(it.fail("a")).toEqual(ok);
    expect(statesOf(it.run)).toEqual({ a: "failed", b: "upstream_failed", c: "upstream_failed" });
    expect(it.effects.changes.map(({ ix, state, attempt }) => [ix, state, attempt])).toEqual([
      [0, TaskState.failed, 1],
      [1, TaskState.upstream_failed, 0],
      [2, TaskState.upstream_failed, 0],
    ]);
    expect(it.effects.run).toMatchObject({
      state: RunState.failed,
      failure: { message: "Task a failed; 2 tasks after it did not run." },
    });
  });

  test("a skip skips everything after it, and a run whose leaves are skipped succeeds", () => {
    const it = started(chain);
    it.grant("a");
    it.skip("a");
    expect(statesOf(it.run)).toEqual({ a: "skipped", b: "skipped", c: "skipped" });
    expect(it.effects.run).toEqual({ state: RunState.success, failure: null });
  });

  test("the first upstream task that does not succeed decides, without waiting for the others", () => {
    const it = started({
      tasks: { a: {}, b: {}, slow: {}, join: {} },
      arrows: ["a b slow > join"],
    });
    for (const id of ["a", "b", "slow"]) it.grant(id);
    it.skip("a");
    expect(statesOf(it.run)["join"]).toBe("skipped");
    it.fail("b");
    expect(statesOf(it.run)["join"]).toBe("skipped");
    expect(it.effects.run).toBeNull();
    it.succeed("slow");
    expect(it.run.state).toBe(RunState.success);
  });

  test("a run of one task succeeds with it", () => {
    const it = started({ tasks: { only: {} } });
    it.grant("only");
    it.succeed("only");
    expect(it.effects.run).toEqual({ state: RunState.success, failure: null });
  });

  test("a failure reaches 100,000 tasks in one pass", () => {
    const leaves = Array.from({ length: 99_999 }, (_, at) => `t${at}`);
    const tasks = Object.fromEntries(["root", ...leaves].map((id) => [id, {}]));
    const it = started({ tasks, arrows: [`root > ${leaves.join(" ")}`] });
    it.grant("root");
    it.fail("root");
    expect(it.effects.changes).toHaveLength(100_000);
    expect(it.run.state).toBe(RunState.failed);
  });
});

test("two tasks with the same skipped upstream are both skipped, each once", () => {
  const it = started({ tasks: { a: {}, b: {}, c: {}, d: {} }, arrows: ["a > b c > d"] });
  it.grant("a");
  it.skip("a");
  expect(it.effects.changes.map((change) => change.ix)).toEqual([0, 1, 2, 3]);
});

describe("retries", () => {
  const retrying = { tasks: { a: { retries: 2, retryDelayMs: 5000 }, b: {} }, arrows: ["a > b"] };

  test("a failure waits for the delay, then is ready again; the last try fails the task", () => {
    const it = started(retrying);
    for (const attempt of [1, 2]) {
      it.grant("a");
      it.fail("a");
      expect(statesOf(it.run)["a"]).toBe("up_for_retry");
      expect(it.effects.timers).toEqual([{ kind: "waitDue", ix: 0, mapIx: -1, attempt, at: 6000 }]);
      expect(it.effects.changes[0]).toMatchObject({
        waitUntil: 6000,
        failure: { message: "boom" },
      });
      it.send({ kind: "waitDue", ...it.about("a") });
      expect(it.readyIds()).toEqual(["a"]);
    }
    it.grant("a");
    it.fail("a");
    expect(statesOf(it.run)).toEqual({ a: "failed", b: "upstream_failed" });
  });

  test("a failure that is not retryable fails at once", () => {
    const it = started(retrying);
    it.grant("a");
    it.fail("a", { retryable: false });
    expect(statesOf(it.run)["a"]).toBe("failed");
  });

  test("lost workers spend no retries; the third one is waited for, and quarantines the task", () => {
    const it = started(retrying);
    it.grant("a");
    it.lose("a");
    expect(it.effects.changes).toEqual([
      expect.objectContaining({ state: TaskState.scheduled, attempt: 1, uncounted: 1, losses: 1 }),
    ]);
    expect(it.readyIds()).toEqual(["a"]);
    it.grant("a");
    it.lose("a");
    expect(it.effects.changes).toEqual([
      expect.objectContaining({ state: TaskState.up_for_retry, losses: 2, waitUntil: 61_000 }),
    ]);
    expect(it.readyIds()).toEqual([]);
    expect(it.effects.timers).toEqual([
      { kind: "waitDue", ix: 0, mapIx: -1, attempt: 2, at: 61_000 },
    ]);
    it.send({ kind: "waitDue", ...it.about("a") });
    it.grant("a");
    it.fail("a");
    expect(it.effects.changes[0]).toMatchObject({ attempt: 3, uncounted: 2 });
    it.send({ kind: "waitDue", ...it.about("a") });
    it.grant("a");
    it.lose("a");
    expect(statesOf(it.run)).toEqual({ a: "failed", b: "upstream_failed" });
    expect(it.effects.changes[0]?.failure).toMatchObject({
      type: "Quarantined",
      message: expect.stringContaining("3 workers"),
    });
  });

  test("who lost its worker twice may still report while it waits", () => {
    const it = started(retrying);
    it.grant("a");
    it.lose("a");
    it.grant("a");
    it.lose("a");
    expect(it.succeed("a")).toEqual(ok);
    expect(it.effects.changes[0]).toMatchObject({ state: TaskState.success, uncounted: 1 });
    expect(it.succeed("a")).toEqual({ kind: "ALREADY" });
  });

  test("what a lost worker reports after all is a try like any other", () => {
    const it = started(retrying);
    it.grant("a");
    it.lose("a");
    it.fail("a");
    expect(it.effects.changes[0]).toMatchObject({ state: TaskState.up_for_retry, uncounted: 0 });
  });

  test("a body may say itself how long to wait", () => {
    const it = started(retrying);
    it.grant("a");
    it.fail("a", { retryAfterMs: 70_000 });
    expect(it.effects.changes[0]).toMatchObject({ waitUntil: 71_000 });
  });

  test("giving back any number of times fails nothing by itself", () => {
    const it = started(retrying);
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      it.grant("a");
      expect(it.send({ kind: "taskReturned", ...it.about("a") })).toEqual(ok);
    }
    expect(it.run.instances.attempt[0]).toBe(10);
    expect(statesOf(it.run)["a"]).toBe("scheduled");
  });

  test("an execution timeout without a word from the worker is a failure that retries, and stops the body", () => {
    const it = started({ tasks: { a: { retries: 1, executionTimeoutMs: 60_000 } } });
    it.grant("a");
    expect(it.effects.timers).toEqual([
      { kind: "executionTimedOut", ix: 0, mapIx: -1, attempt: 1, at: 1000 + 60_000 + 30_000 },
    ]);
    it.send({ kind: "executionTimedOut", ...it.about("a") });
    expect(statesOf(it.run)["a"]).toBe("up_for_retry");
    expect(it.effects.stop).toEqual([{ ix: 0, mapIx: -1, attempt: 1 }]);
    expect(it.effects.changes[0]?.failure).toMatchObject({
      kind: "timeout",
      message: expect.stringContaining("1 min"),
    });
  });
});

describe("a sensor that looks again later (9.2)", () => {
  const look = { kind: "taskRescheduled", until: 61_000 } as const;

  test("waits without a worker, spends no retry, and its wait is not that of a retry", () => {
    const it = started({ tasks: { a: { retries: 1 } } });
    for (const attempt of [1, 2, 3]) {
      it.grant("a");
      expect(it.send({ ...look, ...it.about("a") })).toEqual(ok);
      expect(it.effects.changes).toEqual([
        expect.objectContaining({
          ...{ state: TaskState.up_for_reschedule, attempt, uncounted: attempt, waitUntil: 61_000 },
        }),
      ]);
      expect(it.effects.timers).toMatchObject([{ kind: "waitDue", attempt, at: 61_000 }]);
      it.send({ kind: "waitDue", ...it.about("a") });
      expect(it.readyIds()).toEqual(["a"]);
    }
    it.grant("a");
    it.fail("a");
    expect(it.effects.changes[0]).toMatchObject({ state: TaskState.up_for_retry, uncounted: 3 });
  });

  test("said twice is ALREADY; another outcome of that look is a CONFLICT", () => {
    const it = started({ tasks: { a: {} } });
    it.grant("a");
    it.send({ ...look, ...it.about("a") });
    expect(it.send({ ...look, ...it.about("a") })).toEqual({ kind: "ALREADY" });
    expect(it.succeed("a")).toEqual({ kind: "CONFLICT" });
  });

  test("is skipped when the run is cancelled, waiting or looking", () => {
    const it = started({ tasks: { a: {}, b: {} } });
    it.grant("a");
    it.send({ ...look, ...it.about("a") });
    it.grant("b");
    it.send({ kind: "cancelRequested", at: 0 });
    expect(it.send({ ...look, ...it.about("b") })).toEqual(ok);
    expect(statesOf(it.run)).toEqual({ a: "skipped", b: "skipped" });
  });
});

describe("verdicts", () => {
  test("the same outcome again is ALREADY, another one CONFLICT, and neither changes anything", () => {
    const it = started(chain);
    it.grant("a");
    it.succeed("a");
    expect(it.succeed("a")).toEqual({ kind: "ALREADY" });
    expect(it.fail("a")).toEqual({ kind: "CONFLICT" });
    expect(it.skip("a")).toEqual({ kind: "CONFLICT" });
    expect(it.effects).toEqual(newEffects());
  });

  test("an attempt that failed and waits, or is ready again, has had its outcome", () => {
    const it = started({ tasks: { a: { retries: 1 } } });
    it.grant("a");
    it.fail("a");
    expect(it.fail("a")).toEqual({ kind: "ALREADY" });
    expect(it.succeed("a")).toEqual({ kind: "CONFLICT" });
    it.send({ kind: "waitDue", ...it.about("a") });
    expect(it.fail("a")).toEqual({ kind: "ALREADY" });
    expect(it.succeed("a")).toEqual({ kind: "CONFLICT" });
    expect(statesOf(it.run)["a"]).toBe("scheduled");
  });

  test("the result of a lost attempt is taken as long as nobody else was granted the task", () => {
    const it = started(chain);
    it.grant("a");
    it.lose("a");
    expect(it.succeed("a")).toEqual(ok);
    expect(statesOf(it.run)).toMatchObject({ a: "success", b: "scheduled" });
  });

  test("the result of a lost attempt is stale once another worker has the task", () => {
    const it = started(chain);
    it.grant("a");
    it.lose("a");
    it.grant("a");
    const late = {
      kind: "taskSucceeded",
      ...{ ix: 0, mapIx: -1, attempt: 1, at: 0, hasValue: true, lengths: [], choice: null },
    } as const;
    expect(it.send(late)).toEqual({ kind: "STALE", reason: "EXPIRED_AND_REGRANTED" });
    expect(statesOf(it.run)["a"]).toBe("running");
  });

  test("an attempt that was never granted, a task that is not there and a map index are stale", () => {
    const it = started(chain);
    it.grant("a");
    const base = {
      kind: "taskSucceeded",
      ...{ ix: 0, mapIx: -1, attempt: 1, at: 0, hasValue: true, lengths: [], choice: null },
    } as const;
    for (const odd of [{ attempt: 2 }, { ix: 99 }, { ix: -1 }, { ix: 0.5 }, { mapIx: 3 }])
      expect(it.send({ ...base, ...odd })).toEqual({ kind: "STALE", reason: "EPOCH" });
    expect(it.send({ ...base, ix: 1, attempt: 0 })).toEqual({ kind: "STALE", reason: "EPOCH" });
    expect(statesOf(it.run)["a"]).toBe("running");
  });

  test("a task that does not wait for a worker is not granted", () => {
    const it = started(chain);
    expect(it.grant("b").kind).toBe("STALE");
    it.grant("a");
    expect(it.grant("a")).toEqual({ kind: "STALE", reason: "EXPIRED_AND_REGRANTED" });
    expect(it.run.instances.attempt[0]).toBe(1);
  });

  test("a sensor that keeps its slot is not ended by the server: each of its looks has the time", () => {
    const look = { intervalMs: 60_000, timeoutMs: 86_400_000, softFail: false, backoff: false };
    const sensor = { ...look, maxIntervalMs: null };
    for (const [mode, timers] of [["poke", 0] as const, ["reschedule", 1] as const]) {
      const it = started({
        tasks: { a: { executionTimeoutMs: 1000, sensor: { ...sensor, mode } } },
      });
      it.grant("a");
      expect(it.effects.timers).toHaveLength(timers);
    }
  });

  test("a timer that comes late or twice changes nothing", () => {
    const it = started({ tasks: { a: { retries: 2, executionTimeoutMs: 1 } } });
    it.grant("a");
    const first = it.about("a");
    it.fail("a");
    it.send({ kind: "waitDue", ...first });
    it.grant("a");
    expect(it.send({ kind: "waitDue", ...first }).kind).toBe("STALE");
    expect(it.send({ kind: "executionTimedOut", ...first }).kind).toBe("STALE");
    expect(statesOf(it.run)["a"]).toBe("running");
    it.fail("a");
    expect(it.send({ kind: "waitDue", ...first }).kind).toBe("STALE");
    expect(statesOf(it.run)["a"]).toBe("up_for_retry");
    expect(it.send({ kind: "runStarted", at: 5 })).toEqual({ kind: "ALREADY" });
  });
});

describe("dagrun timeout", () => {
  test("fails the run at once, skips what is unfinished and stops what runs", () => {
    const it = started(chain, { dagrunTimeoutMs: 7_200_000 });
    // Timers come back as they are, with an index that is no task's.
    const timer = { kind: "dagrunTimedOut", ix: -1, mapIx: -1, attempt: 0, at: 7_200_000 } as const;
    expect(it.effects.timers).toEqual([timer]);
    it.grant("a");
    expect(it.send(timer)).toEqual(ok);
    expect(statesOf(it.run)).toEqual({ a: "skipped", b: "skipped", c: "skipped" });
    expect(it.effects.stop).toEqual([{ ix: 0, mapIx: -1, attempt: 1 }]);
    expect(it.effects.run?.failure?.message).toBe(
      "The run took longer than its dagrun timeout of 2 h.",
    );
    expect(it.succeed("a")).toEqual({ kind: "STALE", reason: "FINISHED" });
    expect(it.send({ kind: "dagrunTimedOut", at: 7_200_001 }).kind).toBe("STALE");
  });
});

describe("cancel", () => {
  test("skips what waits, stops what runs, and the run ends when that has ended", () => {
    const it = started({ tasks: { a: {}, b: { retries: 3 }, c: {} }, arrows: ["a b > c"] });
    it.grant("a");
    it.grant("b");
    it.fail("b");
    expect(it.send({ kind: "cancelRequested", at: 1000 })).toEqual(ok);
    expect(statesOf(it.run)).toEqual({ a: "running", b: "skipped", c: "skipped" });
    expect(it.effects.stop).toHaveLength(1);
    expect(it.effects.timers).toEqual([
      { kind: "cancelForced", ix: -1, mapIx: -1, attempt: 0, at: 61_000 },
    ]);
    expect(it.effects.run).toBeNull();
    it.fail("a", { kind: "cancelled", retryable: false });
    expect(it.effects.run).toMatchObject({
      state: RunState.failed,
      failure: { kind: "cancelled" },
    });
  });

  test("a run that is not running anything ends at once, started or not", () => {
    const it = started(chain);
    it.send({ kind: "cancelRequested", at: 0 });
    expect(it.effects.run).toMatchObject({ state: RunState.failed });
    const queued = createRun(aDag(chain));
    const effects = newEffects();
    transition(queued, { kind: "cancelRequested", at: 0 }, effects);
    expect(queued.state).toBe(RunState.failed);
    expect(effects.changes).toHaveLength(3);
    expect(transition(queued, { kind: "runStarted", at: 0 }, effects).kind).toBe("STALE");
  });

  test("a success that comes after it is dropped: the attempt ends as failed, the worker is told", () => {
    const it = started(chain);
    it.grant("a");
    it.send({ kind: "cancelRequested", at: 0 });
    expect(it.succeed("a")).toEqual({ kind: "STALE", reason: "CANCELLED" });
    expect(statesOf(it.run)["a"]).toBe("failed");
    expect(it.run.state).toBe(RunState.failed);
    expect(it.succeed("a")).toEqual({ kind: "STALE", reason: "CANCELLED" });
  });

  test("no attempt starts after it: not by grant, retry or loss", () => {
    const it = started({ tasks: { a: { retries: 5 }, b: {} } });
    it.grant("a");
    it.send({ kind: "cancelRequested", at: 0 });
    expect(it.grant("b")).toEqual({ kind: "STALE", reason: "CANCELLED" });
    it.lose("a");
    expect(statesOf(it.run)).toEqual({ a: "failed", b: "skipped" });
    expect(it.effects.ready).toEqual([]);
  });

  test("bodies that do not stop within 60 s are ended without their workers", () => {
    const it = started(chain);
    it.grant("a");
    it.send({ kind: "cancelRequested", at: 0 });
    it.send({ kind: "cancelForced", at: 60_000 });
    expect(statesOf(it.run)["a"]).toBe("failed");
    expect(it.run.state).toBe(RunState.failed);
    expect(it.send({ kind: "cancelForced", at: 60_000 }).kind).toBe("STALE");
  });

  test("asking twice is ALREADY; forcing without a cancel and cancelling a final run change nothing", () => {
    const it = started({ tasks: { a: {} } });
    it.grant("a");
    expect(it.send({ kind: "cancelForced", at: 0 }).kind).toBe("STALE");
    it.send({ kind: "cancelRequested", at: 0 });
    expect(it.send({ kind: "cancelRequested", at: 0 })).toEqual({ kind: "ALREADY" });
    it.fail("a");
    expect(it.send({ kind: "cancelRequested", at: 0 })).toEqual({
      kind: "STALE",
      reason: "FINISHED",
    });
  });
});
