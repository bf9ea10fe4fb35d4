import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Reason } from "../admission/reasons.ts";
import { aDagSpec } from "../testing.ts";
import { atInstant } from "./planned.ts";
import { scheduleReasons, type ScheduleFacts } from "./schedule-reasons.ts";

const spec = aDagSpec({ tasks: { a: {} }, arrows: [] }, { schedule: { kind: "once" } });
const free: ScheduleFacts = {
  ...{ spec, isPaused: false, isActive: true, activeRuns: 0, activeAutomatedRuns: 0 },
  ...{ problem: "", next: atInstant(5), now: 4 },
};

function kinds(changes: Partial<Omit<ScheduleFacts, "spec">>, of: Partial<typeof spec> = {}) {
  const reasons = scheduleReasons({ ...free, ...changes, spec: { ...spec, ...of } });
  return reasons.map(({ kind, message }) => `${kind}: ${message}`);
}

test("nothing holds a run that is made when it is due", () => {
  expect(kinds({})).toEqual([]);
  expect(kinds({ activeRuns: 15, activeAutomatedRuns: 15 })).toEqual([]);
});

test.each<[string, Parameters<typeof kinds>, RegExp[]]>([
  ["paused", [{ isPaused: true }], [/^dag_paused: .*unpause/]],
  ["file gone", [{ isActive: false }], [/^dag_inactive/]],
  ["no schedule", [{ next: null, isPaused: true }, { schedule: null }], [/by hand/]],
  ["has run once", [{ next: null }], [/once, and has/]],
  ["ended", [{ next: null }, { endDate: 3 }], [/end date 1970-01-01T00:00:00.003Z has passed/]],
  ["broken", [{ next: null, problem: "It threw." }], [/^schedule: It threw.$/]],
  ["full", [{ activeRuns: 16 }], [/^max_active_runs: 16 runs are .* allows 16/]],
  ["forbidden", [{ activeAutomatedRuns: 1 }, { overlap: "forbid" }], [/"forbid" leaves out/]],
  ["replaced", [{ activeRuns: 16, activeAutomatedRuns: 1 }, { overlap: "replace" }], []],
])("%s", (_, [changes, of], expected) => {
  expect(kinds(changes, of)).toEqual(
    expected.map((pattern) => expect.stringMatching(pattern) as string),
  );
});

const someFacts: fc.Arbitrary<ScheduleFacts> = fc
  .record({
    schedule: fc.constantFrom(spec.schedule, null),
    overlap: fc.constantFrom("allow", "forbid", "replace"),
    endDate: fc.constantFrom(null, 3),
    isPaused: fc.boolean(),
    isActive: fc.boolean(),
    problem: fc.constantFrom("", "It threw."),
    isPlanned: fc.boolean(),
    manual: fc.nat(17),
    automated: fc.nat(2),
  })
  .map(({ schedule, overlap, endDate, problem, isPlanned, manual, automated, ...rest }) => ({
    ...{ ...free, ...rest, problem },
    spec: { ...spec, schedule, overlap, endDate },
    next: isPlanned && problem === "" && schedule !== null ? atInstant(5) : null,
    ...{ activeRuns: manual + automated, activeAutomatedRuns: automated },
  }));

/** Whether a tick would become a run. */
function isMade({ spec: of, next, isPaused, isActive, ...facts }: ScheduleFacts): boolean {
  if (next === null || isPaused || !isActive) return false;
  if (of.overlap !== "allow" && facts.activeAutomatedRuns > 0) return of.overlap === "replace";
  return facts.activeRuns < of.maxActiveRuns;
}

function without(facts: ScheduleFacts, { kind, evidence }: Reason): ScheduleFacts {
  if (kind === "dag_inactive") return { ...facts, isActive: true };
  if (kind === "dag_paused") return { ...facts, isPaused: false };
  if (kind === "max_active_runs") return { ...facts, activeRuns: 0, activeAutomatedRuns: 0 };
  if (evidence["running"] !== undefined)
    return { ...facts, activeRuns: facts.activeRuns - 1, activeAutomatedRuns: 0 };
  const planned = { ...spec, overlap: facts.spec.overlap };
  return { ...facts, problem: "", spec: planned, next: atInstant(5) };
}

test("once all that is named is out of the way, the next run is made; and nothing is named of one that is", () => {
  fc.assert(
    fc.property(someFacts, (facts) => {
      let left = facts;
      for (let round = 0; round < 4; round += 1) {
        const reasons = scheduleReasons(left);
        expect(reasons.length === 0).toBe(isMade(left));
        for (const reason of reasons) left = without(left, reason);
      }
      expect(isMade(left)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
