import { expect, test } from "vitest";
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
