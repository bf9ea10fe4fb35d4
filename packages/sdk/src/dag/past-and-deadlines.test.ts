import { describe, expect, test } from "vitest";
import { dag, deadline, task, type PastFacts } from "../index.ts";
import { calledOf } from "../wiring/code-of.ts";

/** Options as plain JavaScript might give them. */
const loose = (options: object) => options as never;
const none = async () => {};

function taskWith(options: object) {
  const one = task(loose({ id: "t", ...options }), none);
  return dag("d", {}, () => one()).spec().tasks[0];
}

describe("the past", () => {
  test.each([
    [{}, { dependsOnPast: false, waitForDownstream: false, ignoreFirstDependsOnPast: false }],
    [{ dependsOnPast: true }, { dependsOnPast: true, pastDecider: null }],
    [{ waitForDownstream: true }, { dependsOnPast: true, waitForDownstream: true }],
    [{ ignoreFirstDependsOnPast: true }, { ignoreFirstDependsOnPast: true, dependsOnPast: false }],
  ])("%j", (options, spec) => {
    expect(taskWith(options)).toMatchObject(spec);
  });

  test("may be decided by a function, which a worker finds under its handler", () => {
    const decide = ({ logicalDate, previous }: PastFacts) =>
      logicalDate > previous.logicalDate && previous.states["t"] === "failed";
    const one = task({ id: "t", dependsOnPast: decide }, none);
    const definition = dag("d", {}, () => void one());
    expect(definition.spec().tasks[0]).toMatchObject({
      dependsOnPast: true,
      pastDecider: "t#dependsOnPast()",
    });
    expect(calledOf(definition, "t#dependsOnPast()")).toBe(decide);
    expect(() => calledOf(definition, "other#dependsOnPast()")).toThrow("has no function");
  });

  test("of the task wins over that of the DAG's defaults", () => {
    const one = task({ id: "t", dependsOnPast: true }, none);
    const defaults = { dependsOnPast: () => false };
    const { tasks } = dag("d", { defaults }, () => void [one(), task({ id: "u" }, none)()]).spec();
    expect(tasks.map(({ pastDecider }) => pastDecider)).toEqual([null, "u#dependsOnPast()"]);
  });

  test("is neither a text nor a number", () => {
    expect(() => taskWith({ dependsOnPast: "yes" })).toThrow(
      'task "t": option "dependsOnPast" is "yes"; it must be true, false, or a function that decides it',
    );
    expect(() => taskWith({ waitForDownstream: 1 })).toThrow(
      'option "waitForDownstream" is 1; it must be true or false',
    );
  });
});

describe("deadlines", () => {
  test.each([
    [deadline.afterLogicalDate("2h"), "logical date + 2h", { kind: "logical_date" }, 7_200_000],
    [deadline.afterLogicalDate("-30m"), "logical date - 30m", { kind: "logical_date" }, -1_800_000],
    [deadline.afterQueued({ minutes: 5 }), "queued + 5 minutes", { kind: "queued_at" }, 300_000],
    [deadline.afterQueued({ minutes: -5 }), "queued - 5 minutes", { kind: "queued_at" }, -300_000],
    [
      deadline.at("2026-01-01T09:00Z", { name: "new year" }),
      "new year",
      { kind: "fixed", at: Date.UTC(2026, 0, 1, 9) },
      0,
    ],
    [
      deadline.afterAverageRuntime("0s"),
      "average runtime",
      { kind: "average_runtime", maxRuns: 10, minRuns: 10 },
      0,
    ],
    [
      deadline.afterAverageRuntime("1m", { maxRuns: 5, minRuns: 2 }),
      "average runtime + 1m",
      { kind: "average_runtime", maxRuns: 5, minRuns: 2 },
      60_000,
    ],
  ])("%# are what they say", (one, name, reference, intervalMs) => {
    const spec = { name, reference, intervalMs };
    expect(taskWith({ deadline: one })?.deadlines).toEqual([spec]);
    const ofDag = dag("d", { deadline: [one] }, () => void task({ id: "t" }, none)()).spec();
    expect(ofDag.deadlines).toEqual([spec]);
  });

  test.each<[() => unknown, string]>([
    [() => deadline.afterQueued("soon"), 'deadline.afterQueued: interval is "soon"; it must be'],
    [() => deadline.afterQueued("11000d"), "at most ten years"],
    [() => deadline.at("2026-01-01"), 'deadline.at: moment is "2026-01-01"; it must be'],
    [
      () => deadline.afterAverageRuntime("1m", { maxRuns: 2, minRuns: 3 }),
      'option "minRuns" is 3; it must be at most maxRuns, which is 2',
    ],
    [() => deadline.afterAverageRuntime("1m", { maxRuns: 0 }), "a whole number from 1 to 1000"],
    [() => deadline.afterQueued("1m", loose({ callback: 1 })), 'the unknown option "callback"'],
    [() => taskWith({ deadline: "2h" }), 'such as deadline.afterLogicalDate("2h")'],
    [
      () => taskWith({ deadline: [deadline.afterQueued("1h"), deadline.afterQueued("1h")] }),
      "another one has this name",
    ],
  ])("%# are refused by name and value", (make, message) => {
    expect(make).toThrow(message);
  });

  test("have callbacks, of DAGs and tasks", () => {
    const page = () => undefined;
    const options = { onDeadlineMissed: page, onDeadlineAtRisk: [page] };
    const spec = dag("d", options, () => void task({ id: "t", ...options }, none)()).spec();
    expect(spec.callbacks.map(({ on, handler }) => [on, handler])).toEqual([
      ["deadline_missed", "#onDeadlineMissed/0"],
      ["deadline_at_risk", "#onDeadlineAtRisk/0"],
    ]);
    expect(spec.tasks[0]?.callbacks[1]?.handler).toBe("t#onDeadlineAtRisk/0");
  });
});
