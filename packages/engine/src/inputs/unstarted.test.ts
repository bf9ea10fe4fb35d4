/** Runs that end without having begun: their inputs did not come in time, or another run goes in their stead. */
import { expect, test } from "vitest";
import { callbacksOfRun } from "../events/callbacks.ts";
import { transition } from "../events/transition.ts";
import { createRun } from "../run/create-run.ts";
import { newEffects, type RunEvent } from "../run/run.ts";
import { RunState, TaskState } from "../spec/states.ts";
import { aCallback, aDag } from "../testing.ts";

const dag = aDag(
  { tasks: { a: {}, b: {}, last: { triggerRule: "always" } }, arrows: ["a > b > last"] },
  { callbacks: [aCallback({ on: "success" }), aCallback({ on: "failure" })] },
);
const timedOut: RunEvent = { kind: "inputsTimedOut", waitedMs: 3_600_000, at: 5 };
const leftOut: RunEvent = { kind: "runLeftOut", at: 5 };

function sent(events: readonly RunEvent[]) {
  const run = createRun(dag);
  const effects = newEffects();
  const verdicts = events.map((event) => transition(run, event, effects).kind);
  const called = callbacksOfRun(run, events.at(-1) ?? null, effects.run);
  return { run, effects, verdicts, called: called.map(({ callback }) => callback.on) };
}

test("a run whose inputs did not come in time fails, says how long it waited, and calls whoever hears of failures", () => {
  const { run, effects, called } = sent([timedOut]);
  expect(run.state).toBe(RunState.failed);
  expect(effects.run?.failure).toMatchObject({
    type: "InputsTimeout",
    message: "Its inputs did not come within its input timeout: it waited for 1 h.",
  });
  expect(run.counts[TaskState.skipped]).toBe(3);
  expect(effects.ready).toEqual([]);
  expect(called).toEqual(["failure"]);
});

test("a run that is left out is a success in which everything is skipped, and calls nobody", () => {
  const { run, effects, called } = sent([leftOut]);
  expect(run.state).toBe(RunState.success);
  expect(effects.run).toEqual({ state: RunState.success, failure: null });
  expect(run.counts[TaskState.skipped]).toBe(3);
  expect(called).toEqual([]);
});

test.each([timedOut, leftOut])(
  "a run that has begun, was cancelled, or is over knows no $kind",
  (event) => {
    const begun: RunEvent = { kind: "runStarted", at: 1 };
    const cancelled: RunEvent = { kind: "cancelRequested", at: 1 };
    expect(sent([begun, event]).run.state).toBe(RunState.running);
    expect(sent([begun, event]).verdicts[1]).not.toBe("OK");
    expect(sent([cancelled, event]).verdicts[1]).not.toBe("OK");
    expect(sent([event, event]).verdicts).toEqual(["OK", expect.not.stringMatching("^OK$")]);
  },
);
