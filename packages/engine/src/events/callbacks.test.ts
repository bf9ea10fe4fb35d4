/** Which change calls whom: semantics 12.1-12.2, where the tables say on_retry, on_failure, on_success and on_skipped. */

import { describe, expect, test } from "vitest";
import { callbacksOf, callbacksOfRun } from "./callbacks.ts";
import { compileDag } from "../graph/graph.ts";
import { createRun } from "../run/create-run.ts";
import type { RunEvent } from "../run/run.ts";
import { clearEffects, newEffects } from "../run/run.ts";
import type { CallbackSpec, DagSpec, TaskSpec } from "../spec/spec.ts";
import { RunState, TaskState } from "../spec/states.ts";
import type { DagShape } from "../testing.ts";
import { aCallback, aDagSpec, aDeferral, aFailure } from "../testing.ts";
import { transition } from "./transition.ts";

const words: readonly CallbackSpec["on"][] = ["success", "failure", "retry", "skipped"];
const all = words.map((on) => aCallback({ on }));

/** A run that notes the callbacks that each event causes: "a: failure", or "run: success". */
function noted(shape: DagShape, options: Partial<DagSpec> = {}) {
  const spec = aDagSpec(shape, { callbacks: all.slice(0, 2), ...options });
  const tasks = spec.tasks.map((task): TaskSpec => ({ ...task, callbacks: all }));
  const dag = compileDag({ ...spec, tasks });
  const run = createRun(dag);
  const effects = newEffects();
  const send = (event: RunEvent): string[] => {
    clearEffects(effects);
    transition(run, event, effects);
    return [
      ...effects.changes.flatMap((change) =>
        callbacksOf(run, event, change).map(
          ({ callback }) => `${dag.taskIds[change.ix]}: ${callback.on}`,
        ),
      ),
      ...callbacksOfRun(run, event, effects.run).map(({ callback }) => `run: ${callback.on}`),
    ];
  };
  const about = (id: string) => {
    const ix = dag.ixOf.get(id)!;
    return { ix, mapIx: -1, attempt: run.instances.attempt[ix]!, at: 1000 };
  };
  send({ kind: "runStarted", at: 0 });
  return {
    run,
    send,
    about,
    grant: (id: string) => send({ kind: "taskGranted", ...about(id) }),
    succeed: (id: string) =>
      send({ kind: "taskSucceeded", ...about(id), hasValue: false, lengths: [], choice: null }),
    fail: (id: string) => send({ kind: "taskFailed", ...about(id), failure: aFailure() }),
    lose: (id: string) => send({ kind: "leaseLost", ...about(id) }),
    defer: (id: string, options: Parameters<typeof aDeferral>[0] = {}) =>
      send({ kind: "taskDeferred", ...about(id), deferral: aDeferral(options) }),
  };
}

const chain = { tasks: { a: { retries: 1 }, b: {} }, arrows: ["a > b"] };

describe("a task's callbacks", () => {
  test("its success, each of its retries, and its failure for good; not what that does to others", () => {
    const it = noted(chain);
    expect(it.grant("a")).toEqual([]);
    expect(it.fail("a")).toEqual(["a: retry"]);
    it.send({ kind: "waitDue", ...it.about("a") });
    it.grant("a");
    expect(it.fail("a")).toEqual(["a: failure", "run: failure"]);
    const good = noted(chain);
    good.grant("a");
    expect(good.succeed("a")).toEqual(["a: success"]);
    good.grant("b");
    expect(good.succeed("b")).toEqual(["b: success", "run: success"]);
  });

  test("a report that is repeated causes none again", () => {
    const it = noted(chain);
    it.grant("a");
    it.succeed("a");
    expect(it.succeed("a")).toEqual([]);
  });

  test("lost workers are no retries, and the last of them is a failure", () => {
    const it = noted({ tasks: { a: { retries: 5 } } });
    it.grant("a");
    expect(it.lose("a")).toEqual([]);
    it.grant("a");
    expect(it.lose("a")).toEqual([]);
    it.send({ kind: "waitDue", ...it.about("a") });
    it.grant("a");
    expect(it.lose("a")).toEqual(["a: failure", "run: failure"]);
  });

  test("a skip is told of by who chose it", () => {
    const it = noted(chain);
    it.grant("a");
    expect(it.send({ kind: "taskSkipped", ...it.about("a") })).toEqual([
      "a: skipped",
      "run: success",
    ]);
    const gate = noted({
      tasks: { a: { control: "short_circuit" }, b: {} },
      arrows: ["a > b"],
    });
    gate.grant("a");
    const choice = { hasValue: true, lengths: [], choice: [] };
    expect(gate.send({ kind: "taskSucceeded", ...gate.about("a"), ...choice })).toEqual([
      "a: success",
      "run: success",
    ]);
  });

  test("of a wait as of a body", () => {
    const it = noted({ tasks: { a: { retries: 1 } } });
    it.grant("a");
    expect(it.defer("a")).toEqual([]);
    const fulfilled = { hasValue: true, lengths: [] };
    expect(it.send({ kind: "waitFulfilled", ...it.about("a"), ...fulfilled })).toEqual([]);
    it.grant("a");
    it.defer("a", { timeoutAt: 5 });
    expect(it.send({ kind: "waitTimedOut", ...it.about("a") })).toEqual(["a: retry"]);
    it.send({ kind: "waitDue", ...it.about("a") });
    it.grant("a");
    it.defer("a", { timeoutAt: 5, onTimeout: "skip" });
    expect(it.send({ kind: "waitTimedOut", ...it.about("a") })).toEqual([
      "a: skipped",
      "run: success",
    ]);
  });

  test("what cannot be mapped fails by itself", () => {
    const each = [{ sources: ['{"$":"run","path":["params","list"]}'] }];
    const spec = aDagSpec({ tasks: { a: { each, callbacks: all } } });
    const run = createRun(compileDag(spec));
    const effects = newEffects();
    const event = { kind: "runStarted", at: 0 } as const;
    transition(run, event, effects);
    const due = effects.changes.flatMap((change) => callbacksOf(run, event, change));
    expect(due).toEqual([{ ordinal: 1, callback: all[1] }]);
  });

  test("a failure that ends the others is told of once", () => {
    const it = noted({ tasks: { a: {}, b: {}, c: {} } }, { failFast: true });
    it.grant("a");
    it.grant("b");
    expect(it.fail("a")).toEqual(["a: failure", "run: failure"]);
  });
});

describe("nothing is told", () => {
  test("of what a person marked", () => {
    for (const state of [TaskState.success, TaskState.failed, TaskState.skipped] as const) {
      const it = noted(chain);
      const refs = [{ ix: 0, mapIx: -1 }];
      const told = it.send({ kind: "marked", refs, state, at: 0 });
      expect(told.filter((line) => line.startsWith("a"))).toEqual([]);
    }
  });

  test("of a run that a person ended, or cancelled", () => {
    for (const state of [RunState.success, RunState.failed] as const)
      expect(noted(chain).send({ kind: "runMarked", state, at: 0 })).toEqual([]);
    const it = noted(chain);
    it.grant("a");
    expect(it.send({ kind: "cancelRequested", at: 0 })).toEqual([]);
    expect(it.fail("a")).toEqual([]);
    expect(it.run.state).toBe(RunState.failed);
  });

  test("of a run that ends as a person wanted once its teardowns have run, beside these", () => {
    const it = noted({
      tasks: {
        a: { role: "setup" },
        b: { role: "teardown", triggerRule: "all_done_setup_success" },
      },
      arrows: ["a > b"],
    });
    it.grant("a");
    it.succeed("a");
    it.send({ kind: "runMarked", state: RunState.failed, at: 0 });
    it.grant("b");
    expect(it.succeed("b")).toEqual(["b: success"]);
    expect(it.run.state).toBe(RunState.failed);
  });

  test("of tasks that the dagrun timeout skips; of the run it is", () => {
    const it = noted(chain, { dagrunTimeoutMs: 10 });
    it.grant("a");
    expect(it.send({ kind: "dagrunTimedOut", at: 10 })).toEqual(["run: failure"]);
  });
});

test("a run tells of each of its ends", () => {
  const it = noted({ tasks: { a: {} } });
  it.grant("a");
  expect(it.succeed("a")).toEqual(["a: success", "run: success"]);
  expect(it.send({ kind: "cleared", refs: [{ ix: 0, mapIx: -1 }], at: 0 })).toEqual([]);
  it.send({ kind: "runStarted", at: 0 });
  it.grant("a");
  expect(it.succeed("a")).toEqual(["a: success", "run: success"]);
});

test("what a take-over makes up for is told of, and callbacks keep their places", () => {
  const callbacks = [aCallback({ on: "success" }), aCallback(), aCallback({ name: "second" })];
  const run = createRun(compileDag(aDagSpec({ tasks: { a: { callbacks } } }, { callbacks })));
  const change = {
    ...{ ix: 0, mapIx: -1, state: TaskState.failed, attempt: 1, uncounted: 0, losses: 0 },
    ...{ waitUntil: null, failure: aFailure(), lengths: [], choice: null, deferral: null },
  };
  expect(callbacksOf(run, null, change).map(({ ordinal }) => ordinal)).toEqual([1, 2]);
  const end = { state: RunState.failed, failure: null };
  expect(callbacksOfRun(run, null, end).map(({ ordinal }) => ordinal)).toEqual([1, 2]);
});
