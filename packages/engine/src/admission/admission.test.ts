import { describe, expect, test } from "vitest";
import type { Limits, Slots } from "./limits.ts";
import { admit, admitRun, explain } from "./admission.ts";
import type { InstanceRef, Run } from "../run/run.ts";
import { createRun } from "../run/create-run.ts";
import { newEffects } from "../run/run.ts";
import type { DagShape } from "../testing.ts";
import { aDag, aFailure, someLimits } from "../testing.ts";
import { transition } from "../events/transition.ts";

const effects = newEffects();

function startedRun(shape: DagShape, maxActiveTasks = 16): Run {
  const run = createRun(aDag(shape, { maxActiveTasks }));
  transition(run, { kind: "runStarted", at: 0 }, effects);
  return run;
}

const firstOf = (ix: number) => ({ ...ref(ix), attempt: 1, at: 0 });
const nothing = { hasValue: false, lengths: [], choice: null } as const;

function grant(run: Run, ix: number): void {
  transition(run, { kind: "taskGranted", ix, mapIx: -1, at: 0 }, effects);
}

const ref = (ix: number, mapIx = -1): InstanceRef => ({ ix, mapIx });

function messages(run: Run, ix: number, limits: Partial<Limits> = {}): string[] {
  return explain(run, ref(ix), someLimits(limits)).map((reason) => reason.message);
}

const offers = (state: Slots["state"], workers = 0, slots = 0) => ({
  slots: () => ({ state, workers, slots }),
});

describe("a ready task", () => {
  const run = startedRun({
    tasks: { a: {}, b: { kind: "external", handler: "score", queue: "python" } },
  });

  test("is admitted when nothing holds it, and then explain says that it is about to go", () => {
    expect(admit(run, ref(0), someLimits())).toEqual([]);
    expect(explain(run, ref(0), someLimits())).toMatchObject([{ kind: "dispatching" }]);
  });

  test("is held by a paused DAG and by the lack of a worker at the same time", () => {
    expect(messages(run, 0, { isPaused: true, ...offers("no_queue") })).toEqual([
      "The DAG is paused; unpause it to let tasks start.",
      'No live worker serves the queue "default"; start one with --queue default.',
    ]);
  });

  test("asks for its handler", () => {
    expect(messages(run, 1, offers("no_handler"))).toEqual([
      'Workers serve the queue "python", but none of them announces the handler "score".',
    ]);
    expect(messages(run, 0, offers("no_handler"))[0]).toContain("runs tasks of bundles");
    const asked: unknown[] = [];
    const slots = (queue: string, handler: string | null): Slots => {
      asked.push([queue, handler]);
      return { state: "free", workers: 1, slots: 1 };
    };
    admit(run, ref(0), someLimits({ slots }));
    admit(run, ref(1), someLimits({ slots }));
    expect(asked).toEqual([
      ["default", null],
      ["python", "score"],
    ]);
  });

  test("waits for a free slot", () => {
    expect(messages(run, 0, offers("none_free", 2, 8))).toEqual([
      'All 8 slots of 2 workers on the queue "default" are taken.',
    ]);
    expect(messages(run, 0, offers("none_free", 1, 1))[0]).toContain("The one slot of 1 worker");
  });

  test("waits for max_active_tasks, and the running tasks are named", () => {
    const full = startedRun({ tasks: { a: {}, b: {} } }, 1);
    grant(full, 0);
    expect(explain(full, ref(1), someLimits())).toEqual([
      {
        kind: "max_active_tasks",
        message: "1 task of this run is running, and max_active_tasks allows 1 at a time.",
        evidence: { running: "1", limit: "1" },
        until: null,
        taskIds: ["a"],
      },
    ]);
  });
});

describe("a task that waits for others", () => {
  test("names them with their states", () => {
    const run = startedRun({
      tasks: { extract: {}, load: { retries: 1 }, quick: {}, join: {} },
      arrows: ["extract load quick > join"],
    });
    for (const ix of [0, 1, 2]) grant(run, ix);
    transition(run, { kind: "taskSucceeded", ...firstOf(2), ...nothing }, effects);
    transition(
      run,
      { kind: "taskFailed", ix: 1, mapIx: -1, attempt: 1, at: 0, failure: aFailure() },
      effects,
    );
    expect(explain(run, ref(3), someLimits({ now: 1000, waitUntilOf: () => 31_000 }))).toEqual([
      {
        kind: "upstream",
        message: "Waits for 2 of 3 upstream tasks: extract (running), load (up for retry in 30 s).",
        evidence: { waiting: "2", upstream: "3", trigger_rule: "all_success" },
        until: null,
        taskIds: ["extract", "load"],
      },
    ]);
  });

  test("names five of many in the sentence and twenty as facts", () => {
    const ids = Array.from({ length: 50 }, (_, at) => `t${at}`);
    const tasks = Object.fromEntries([...ids, "join"].map((id) => [id, {}]));
    const run = startedRun({ tasks, arrows: [`${ids.join(" ")} > join`] });
    const [reason] = explain(run, ref(50), someLimits());
    expect(reason?.message).toMatch(
      /^Waits for 50 of 50 upstream tasks: t0 .* t4 \(.*\) and 45 more\.$/,
    );
    expect(reason?.taskIds).toHaveLength(20);
  });
});

test("a task that is up for retry knows when it ends", () => {
  const run = startedRun({ tasks: { a: { retries: 3 } } });
  grant(run, 0);
  transition(
    run,
    { kind: "taskFailed", ix: 0, mapIx: -1, attempt: 1, at: 0, failure: aFailure() },
    effects,
  );
  const [reason] = explain(run, ref(0), someLimits({ now: 0, waitUntilOf: () => 300_000 }));
  expect(reason).toMatchObject({
    kind: "retry_wait",
    message: "Try 1 of 4 did not succeed; the next one starts in 5 min.",
    until: 300_000,
  });
});

test("a queued run waits for max_active_runs, or for the DAG to be unpaused", () => {
  const run = createRun(aDag({ tasks: { a: {} } }));
  expect(messages(run, 0, { activeRuns: 2, maxActiveRuns: 2 })).toEqual([
    "2 runs of this DAG are running, and max_active_runs allows 2 at a time.",
  ]);
  expect(explain(run, ref(0), someLimits())).toMatchObject([{ kind: "dispatching" }]);
  expect(admitRun(someLimits())).toEqual([]);
  expect(admitRun(someLimits({ isPaused: true }))).toMatchObject([{ kind: "dag_paused" }]);
  expect(admitRun(someLimits({ activeRuns: 16 }))).toMatchObject([{ kind: "max_active_runs" }]);
});

test("running, cancelling and final tasks say so and are not admitted", () => {
  const run = startedRun({ tasks: { a: {}, b: {} } });
  grant(run, 0);
  expect(admit(run, ref(0), someLimits())).toMatchObject([
    { kind: "running", evidence: { attempt: "1" } },
  ]);
  transition(run, { kind: "cancelRequested", at: 0 }, effects);
  expect(admit(run, ref(0), someLimits())).toMatchObject([{ kind: "cancelling" }]);
  expect(admit(run, ref(1), someLimits())).toMatchObject([
    { kind: "final", evidence: { state: "skipped" } },
  ]);
});
