/** Random DAGs, random events, also late, repeated and out of order ones: the promises hold after every single event. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { admit, explain } from "./admission.ts";
import { eventsOf, randomDag, Simulation } from "./testing/simulated-run.ts";
import { checkInvariants, expectSameRun, plainOutcome } from "./testing/simulation-checks.ts";
import { isRunFinal } from "./run.ts";
import { RunState, TaskState } from "./states.ts";
import { someLimits } from "./testing.ts";

test("after every event of any history the invariants hold", () => {
  fc.assert(
    fc.property(randomDag(), eventsOf(200), (dag, choices) => {
      const it = new Simulation(dag);
      for (const choice of choices) {
        it.step(choice);
        checkInvariants(it);
      }
    }),
    { numRuns: 150 },
  );
});

test("at any point, rows folded from the changes rebuild the run", () => {
  fc.assert(
    fc.property(randomDag(), eventsOf(120), (dag, choices) => {
      const it = new Simulation(dag);
      for (const choice of choices) {
        it.step(choice);
        expectSameRun(it);
      }
    }),
    { numRuns: 60 },
  );
});

test("without losses, cancels and noise every task ends as the graph says, whatever the order", () => {
  fc.assert(
    fc.property(randomDag(), fc.infiniteStream(fc.nat()), (dag, picks) => {
      const it = new Simulation(dag);
      it.playPlan(picks);
      const expected = plainOutcome(dag, it.history);
      expect([...it.run.taskState]).toEqual(expected.states);
      expect(it.run.state).toBe(expected.isFailed ? RunState.failed : RunState.success);
    }),
    { numRuns: 300 },
  );
});

test("every history ends, once nothing more goes wrong", () => {
  fc.assert(
    fc.property(randomDag(), eventsOf(100), fc.infiniteStream(fc.nat()), (dag, choices, picks) => {
      const it = new Simulation(dag);
      for (const choice of choices) it.step(choice);
      it.playPlan(picks);
      expect(isRunFinal(it.run)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test("explain always says something; admit admits exactly the ready tasks once every limit is lifted", () => {
  fc.assert(
    fc.property(
      randomDag(),
      eventsOf(60),
      fc.boolean(),
      fc.boolean(),
      (dag, choices, isPaused, isFull) => {
        const it = new Simulation(dag);
        for (const choice of choices) it.step(choice);
        const held = someLimits({
          isPaused,
          slots: () => ({ state: isFull ? "none_free" : "free", workers: 1, slots: 1 }),
        });
        for (let ix = 0; ix < it.run.taskState.length; ix += 1) {
          expect(explain(it.run, ix, held).length).toBeGreaterThan(0);
          const isReady = it.run.taskState[ix] === TaskState.scheduled;
          const hasRoom = (it.run.counts[TaskState.running] ?? 0) < dag.spec.maxActiveTasks;
          const isAdmitted = admit(it.run, ix, someLimits()).length === 0;
          expect(isAdmitted).toBe(isReady && hasRoom);
          if (isPaused || isFull) expect(admit(it.run, ix, held).length).toBeGreaterThan(0);
        }
      },
    ),
    { numRuns: 100 },
  );
});
