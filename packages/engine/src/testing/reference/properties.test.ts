/** The engine against the reference: random DAGs, random histories, the same states after every single event. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isRunFinal } from "../../run/run.ts";
import { checkInvariants, checkTransitions, expectRestored } from "./invariants.ts";
import { expectCounted, Play, statesOfRun } from "./play.ts";
import { randomSpec } from "./random-dag.ts";
import { choices, playToEnd, step } from "./random-play.ts";
import { crash } from "./take-over.ts";

const picks = fc.infiniteStream(fc.nat(0xffff));
const people = ["cleared", "marked", "runMarked"];

test("whatever happens, in whatever order, every task instance is what the tables make of it", () => {
  fc.assert(
    fc.property(randomSpec(12), choices(120), (spec, events) => {
      const play = new Play(spec);
      for (const event of events) step(play, event);
    }),
    { numRuns: 800 },
  );
});

test("in large DAGs too", () => {
  fc.assert(
    fc.property(randomSpec(60), picks, (spec, stream) => {
      playToEnd(new Play(spec), stream, 300);
    }),
    { numRuns: 40 },
  );
});

test("every history ends, once nothing more goes wrong", () => {
  fc.assert(
    fc.property(randomSpec(12), choices(60), picks, (spec, events, stream) => {
      const play = new Play(spec);
      for (const event of events) step(play, event);
      playToEnd(play, stream);
      expect(isRunFinal(play.run)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("after every event states have changed only as they may, and counters are what counting gives", () => {
  fc.assert(
    fc.property(randomSpec(12), choices(80), (spec, events) => {
      const play = new Play(spec);
      for (const event of events) {
        const before = statesOfRun(play.run);
        const from = play.history.length;
        step(play, event);
        const happened = play.history.slice(from);
        if (!happened.some(({ kind }) => people.includes(kind)))
          checkTransitions(before, statesOfRun(play.run));
        checkInvariants(play);
        expectCounted(play.run);
      }
    }),
    { numRuns: 300 },
  );
});

test("at any point rows, folded from the changes, rebuild the run", () => {
  fc.assert(
    fc.property(randomSpec(12), choices(80), (spec, events) => {
      const play = new Play(spec);
      for (const event of events) {
        step(play, event);
        expectRestored(play);
      }
    }),
    { numRuns: 200 },
  );
});

test("a run that was taken over goes on like any other", () => {
  fc.assert(
    fc.property(randomSpec(12), choices(50), choices(50), picks, (spec, events, later, stream) => {
      const play = new Play(spec);
      for (const event of events) step(play, event);
      crash(play);
      for (const event of later) step(play, event);
      playToEnd(play, stream);
    }),
    { numRuns: 300 },
  );
});
