/**
 * Random DAGs and random events, with people who clear and mark in between, and reports that come late, repeated and out
 * of order. After every single event `ToldRun` checks that the counters are those that counting from scratch gives, that
 * the run is final exactly when its instances are, that something is on its way while it is not, and that a take-over
 * from the rows comes to the same; and that one from a part of the rows of an event comes to something sound. What the states have to be is checked against the tables in `reference/`.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compileDag } from "./graph/graph.ts";
import { randomSpec } from "./testing/reference/random-dag.ts";
import { isRunFinal } from "./run/run.ts";
import { choicesOf, RandomRun } from "./testing/random-run.ts";
import { ToldRun } from "./testing/told-run.ts";

const inputs = {
  logicalDate: null,
  lengthOf: ([, name]: readonly (string | number)[]) => (name === "p3" ? null : 2),
};

test("the promises hold after every event of any history, clears and marks among them", () => {
  fc.assert(
    fc.property(randomSpec(10), choicesOf(80), (spec, choices) => {
      const it = new RandomRun(new ToldRun(compileDag(spec), inputs));
      for (const choice of choices) it.step(choice);
    }),
    { numRuns: 150 },
  );
});

test("every history ends, once nothing more goes wrong", () => {
  fc.assert(
    fc.property(
      randomSpec(12),
      choicesOf(60),
      fc.infiniteStream(fc.nat(0xffff)),
      (spec, choices, picks) => {
        const it = new RandomRun(new ToldRun(compileDag(spec), inputs));
        for (const choice of choices) it.step(choice);
        it.toEnd(picks);
        expect(isRunFinal(it.told.run)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});
