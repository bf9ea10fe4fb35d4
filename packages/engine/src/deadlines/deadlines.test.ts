import { describe, expect, test } from "vitest";
import { createRun } from "../run/create-run.ts";
import { compileDag } from "../graph/graph.ts";
import { newEffects, type Run } from "../run/run.ts";
import type { DeadlineReference } from "../spec/spec.ts";
import { aDagSpec } from "../testing.ts";
import { transition } from "../events/transition.ts";
import { validateDagSpec } from "../validate/validate.ts";
import { deadlineAt } from "./due.ts";
import { criticalPath, forecast } from "./forecast.ts";

const facts = {
  logicalDate: 1_000,
  queuedAt: 5_000,
  runtimes: (max: number) => [100, 200, 300].slice(0, max),
};
const average = (maxRuns: number, minRuns: number): DeadlineReference => ({
  ...{ kind: "average_runtime", maxRuns, minRuns },
});

describe("semantics 12.5: a deadline is due", () => {
  test.each<[what: string, reference: DeadlineReference, intervalMs: number, at: number | null]>([
    ["after the logical date", { kind: "logical_date" }, 50, 1_050],
    ["before it", { kind: "logical_date" }, -50, 950],
    ["after the run was queued", { kind: "queued_at" }, 50, 5_050],
    ["at a date", { kind: "fixed", at: 7_000 }, 0, 7_000],
    ["after the average of three runs", average(3, 3), 10, 5_210],
    ["after that of the newest two", average(2, 1), 10, 5_160],
    ["of as many as there are, when that is enough", average(10, 3), 10, 5_210],
    ["never with too few runs", average(10, 4), 10, null],
  ])("%s", (_, reference, intervalMs, at) => {
    expect(deadlineAt({ name: "d", reference, intervalMs }, facts)).toBe(at);
  });

  test("never after the logical date of a run that has none", () => {
    const deadline = { name: "d", reference: { kind: "logical_date" }, intervalMs: 50 } as const;
    expect(deadlineAt(deadline, { ...facts, logicalDate: null })).toBeNull();
  });
});

test.each([
  ["a name twice", [{ name: "d" }, { name: "d" }], "another one has this name"],
  ["no name", [{ name: "" }], "a name has 1 to 100 characters"],
  ["an interval without end", [{ intervalMs: Infinity }], "it is at most ten years"],
  ["no moment", [{ reference: { kind: "fixed", at: NaN } }], "it is no moment; write a date"],
  ["an average of no runs", [{ reference: average(0, 0) }], "write a whole number from 1 to 1000"],
  ["more runs than are looked at", [{ reference: average(5, 6) }], "from 1 to maxRuns (5)"],
  ["too many", Array.from({ length: 21 }, (_, n) => ({ name: `d${n}` })), "the limit is 20"],
])("refused: %s", (_, changes, message) => {
  const deadlines = changes.map((change) => ({
    ...{ name: "d", reference: { kind: "queued_at" }, intervalMs: 1 },
    ...change,
  })) as never;
  const ofDag = validateDagSpec(aDagSpec({ tasks: { a: {} } }, { deadlines }));
  expect(ofDag[0]?.message).toContain(message);
  const ofTask = validateDagSpec(aDagSpec({ tasks: { a: { deadlines } } }));
  expect(ofTask[0]?.message).toContain(message);
  expect(ofTask[0]?.field).toContain('tasks["a"].deadlines');
});

describe("the forecast", () => {
  const dag = compileDag(
    aDagSpec({ tasks: { a: {}, b: {}, c: {}, d: {} }, arrows: ["a > b > d", "a > c > d"] }),
  );
  const durations: Record<string, number | null> = { a: 10, b: 100, c: 20, d: 5 };
  const ids = (run: Run, path: readonly number[]) => path.map((ix) => run.dag.taskIds[ix]);
  const estimates = {
    durationOf: (ix: number) => durations[dag.taskIds[ix]!] ?? null,
    startedAt: (): number | null => null,
    waitUntil: (): number | null => null,
  };
  const aRun = () => createRun(dag, { logicalDate: null, lengthOf: () => null });

  test("is the longest way through what is left", () => {
    const run = aRun();
    const found = forecast(run, estimates, 1_000);
    expect(found.endAt[found.last]).toBe(1_115);
    expect(ids(run, criticalPath(found, found.last))).toEqual(["a", "b", "d"]);
    const c = dag.ixOf.get("c")!;
    expect(found.endAt[c]).toBe(1_030);
    expect(ids(run, criticalPath(found, c))).toEqual(["a", "c"]);
  });

  test("counts what runs from its start, what waits from the end of its wait, what is over not at all", () => {
    const run = aRun();
    const effects = newEffects();
    transition(run, { kind: "runStarted", at: 0 }, effects);
    transition(run, { kind: "taskGranted", ix: 0, mapIx: -1, at: 0 }, effects);
    const running = { ...estimates, startedAt: (ix: number) => (ix === 0 ? 996 : null) };
    expect(forecast(run, running, 1_000).endAt[0]).toBe(1_006);
    // Longer than as a rule: it may end any moment.
    expect(forecast(run, running, 2_000).endAt[0]).toBe(2_000);
    const waiting = { ...estimates, waitUntil: (ix: number) => (ix === 0 ? 1_500 : null) };
    expect(forecast(run, waiting, 1_000).endAt[0]).toBe(1_510);
    const success = { hasValue: false, lengths: [], choice: null };
    transition(
      run,
      { kind: "taskSucceeded", ix: 0, mapIx: -1, attempt: 1, at: 1, ...success },
      effects,
    );
    const found = forecast(run, estimates, 1_000);
    expect(found.endAt[0]).toBe(0);
    expect(ids(run, criticalPath(found, found.last))).toEqual(["b", "d"]);
  });

  test("takes what nobody knows for nothing", () => {
    const run = aRun();
    const unknown = { ...estimates, durationOf: () => null };
    const found = forecast(run, unknown, 1_000);
    expect(found.endAt[found.last]).toBe(1_000);
  });
});
