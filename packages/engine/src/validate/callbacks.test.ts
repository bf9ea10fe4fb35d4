/** Which callbacks a DAG and a task may have: the tables of semantics 12.1 and 12.2, with our limits. */

import { expect, test } from "vitest";
import { dagLimits } from "../spec/dag-limits.ts";
import type { CallbackSpec } from "../spec/spec.ts";
import { aCallback, aDagSpec } from "../testing.ts";
import { validateDagSpec } from "./validate.ts";

function ofTask(...callbacks: CallbackSpec[]): string[] {
  const spec = aDagSpec({ tasks: { a: { callbacks } } });
  return validateDagSpec(spec).map(({ message }) => message);
}

function ofDag(...callbacks: CallbackSpec[]): string[] {
  const spec = aDagSpec({ tasks: { a: {} } }, { callbacks });
  return validateDagSpec(spec).map(({ message }) => message);
}

test("a task may have callbacks for each thing that may happen to it, a DAG for both ends", () => {
  const words = ["success", "failure", "retry", "skipped"] as const;
  expect(ofTask(...words.map((on) => aCallback({ on, config: '{"to":"ops"}' })))).toEqual([]);
  expect(ofDag(aCallback({ on: "success" }), aCallback({ on: "failure" }))).toEqual([]);
});

test("there are at most so many", () => {
  const many = Array.from({ length: dagLimits.callbacks }, () => aCallback());
  expect(ofTask(...many)).toEqual([]);
  expect(ofTask(...many, aCallback())).toEqual([
    'tasks["a"].callbacks is 21 callbacks: the limit is 20; let one do the work of several.',
  ]);
  expect(ofDag(...many, aCallback())[0]).toMatch(/^callbacks is 21 callbacks/);
});

test.each<[problem: Partial<CallbackSpec>, message: string]>([
  [
    { on: "never" as CallbackSpec["on"] },
    'tasks["a"].callbacks[0].on is never: write one of success, failure, retry, skipped, deadline_missed, deadline_at_risk.',
  ],
  [
    { handler: "" },
    'tasks["a"].callbacks[0].handler is "": name the function of the bundle, or the handler that a worker announces.',
  ],
  [{ name: "" }, 'tasks["a"].callbacks[0].name is "": a name has 1 to 100 characters.'],
  [
    { name: "x".repeat(101) },
    `tasks["a"].callbacks[0].name is ${"x".repeat(101)}: a name has 1 to 100 characters.`,
  ],
  [
    { config: "{" },
    'tasks["a"].callbacks[0].config is {: it is not JSON; write one value, or leave it empty.',
  ],
  // Two bytes each in UTF-8.
  [
    { config: JSON.stringify("é".repeat(8192)) },
    'tasks["a"].callbacks[0].config is 16386 bytes: the limit is 16 KiB; let the callback fetch what is large.',
  ],
])("a callback of %o is refused", (options, message) => {
  expect(ofTask(aCallback(options))).toEqual([message]);
});

test("a run is neither retried nor skipped", () => {
  const remedy =
    "a run only succeeds, fails, or has deadlines; give the callback to the tasks that it is about";
  expect(ofDag(aCallback({ on: "retry" }), aCallback({ on: "skipped" }))).toEqual([
    `callbacks[0].on is retry: ${remedy}.`,
    `callbacks[1].on is skipped: ${remedy}.`,
  ]);
});

test("callbacks of a run wait in a queue like any", () => {
  const spec = aDagSpec({ tasks: { a: {} } }, { callbackQueue: "my queue" });
  expect(validateDagSpec(spec).map(({ message }) => message)).toEqual([
    "callbackQueue is my queue: a queue has 1 to 250 characters of A-Z a-z 0-9 _ - ..",
  ]);
});
