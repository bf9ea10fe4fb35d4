import { describe, expect, test } from "vitest";
import { admitDate, DateOutcome, estimateLeftMs, outcomeOf, Reprocess } from "./backfill.ts";
import { RunState } from "../spec/states.ts";

describe("11.1: what becomes of a date", () => {
  const { made, rerun, in_flight: flying, exists } = DateOutcome;
  test.each([
    [null, made, made, made],
    [RunState.queued, flying, flying, flying],
    [RunState.running, flying, flying, flying],
    [RunState.failed, exists, rerun, rerun],
    [RunState.success, exists, exists, rerun],
  ])("of one whose run is %s", (state, none, failed, completed) => {
    expect(outcomeOf(state, Reprocess.none)).toBe(none);
    expect(outcomeOf(state, Reprocess.failed)).toBe(failed);
    expect(outcomeOf(state, Reprocess.completed)).toBe(completed);
  });
});

test("each gate before the next date has its reason, and without them it becomes a run", () => {
  const backfill = { id: "backfill_1", isPaused: true, activeRuns: 2, maxActiveRuns: 2 };
  const all = { isDagPaused: true, isDagActive: false, backfill, queued: 5, queuedMax: 5 };
  expect(admitDate(all).map(({ kind }) => kind)).toEqual([
    ...["dag_paused", "dag_inactive", "backfill_paused", "backfill_max_active_runs"],
  ]);
  const free = { isDagPaused: false, isDagActive: true, queued: 4, queuedMax: 5 };
  expect(admitDate({ ...free, backfill: { ...backfill, isPaused: false } })).toEqual([]);
});

test("the time left: rounds of so many runs, each as long as the last ones; unknown before the first has ended", () => {
  const facts = { left: 100, running: 10, maxActiveRuns: 10, meanMs: 2_000 };
  expect(estimateLeftMs(facts)).toBe(19_000);
  expect(estimateLeftMs({ ...facts, left: 3, running: 0 })).toBe(2_000);
  expect(estimateLeftMs({ ...facts, left: 0, running: 0 })).toBe(0);
  expect(estimateLeftMs({ ...facts, meanMs: null })).toBeNull();
});
