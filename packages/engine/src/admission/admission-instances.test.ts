/** What `explain` says about instances, rules, setups, mappings and the states in between. */
import { describe, expect, test } from "vitest";
import { admit, explain } from "./admission.ts";
import type { InstanceRef, Run, RunEvent } from "../run/run.ts";
import { createRun } from "../run/create-run.ts";
import { newEffects } from "../run/run.ts";
import type { DagSpec, TriggerRule } from "../spec/spec.ts";
import { triggerRules } from "../spec/spec.ts";
import type { DagShape } from "../testing.ts";
import { aDag, aFailure, someLimits } from "../testing.ts";
import { transition } from "../events/transition.ts";

function startedRun(shape: DagShape, options: Partial<DagSpec> = {}): Run {
  const run = createRun(aDag(shape, options));
  send(run, { kind: "runStarted", at: 0 });
  return run;
}

function send(run: Run, event: RunEvent): void {
  transition(run, event, newEffects());
}

function refOf(run: Run, id: string, mapIx = -1): InstanceRef {
  return { ix: run.dag.ixOf.get(id)!, mapIx };
}

function grant(run: Run, id: string, mapIx = -1): void {
  send(run, { kind: "taskGranted", ...refOf(run, id, mapIx), at: 0 });
}

function succeed(run: Run, id: string, options: { mapIx?: number; lengths?: number[] } = {}): void {
  const { mapIx = -1, lengths = [] } = options;
  grant(run, id, mapIx);
  send(run, {
    kind: "taskSucceeded",
    ...refOf(run, id, mapIx),
    attempt: 1,
    at: 0,
    hasValue: true,
    lengths,
    choice: null,
  });
}

function told(run: Run, id: string, mapIx = -1) {
  return explain(run, refOf(run, id, mapIx), someLimits({ waitUntilOf: () => 60_000 }));
}

const listOf = (id: string) => [{ sources: [JSON.stringify({ $: "task", id, path: [] })] }];
const teardown = { role: "teardown", triggerRule: "all_done_setup_success" } as const;

describe("a trigger rule", () => {
  test.each(triggerRules.filter((rule) => rule !== "always" && rule !== "all_success"))(
    "%s is named with what it waits for",
    (triggerRule: TriggerRule) => {
      const run = startedRun({ tasks: { a: {}, b: { triggerRule } }, arrows: ["a > b"] });
      const [reason, ...others] = told(run, "b");
      expect(reason).toMatchObject({
        kind: "upstream",
        evidence: { waiting: "1", upstream: "1", trigger_rule: triggerRule },
        taskIds: ["a"],
      });
      expect(reason?.message).toMatch(
        new RegExp(
          `^Waits for 1 of 1 upstream task \\(trigger rule ${triggerRule}: until .*\\): a \\(ready, not started\\)\\.$`,
        ),
      );
      expect(others).toEqual([]);
    },
  );
});

describe("setups and teardowns", () => {
  const shape = {
    tasks: { make: { role: "setup" }, other: {}, use: {}, more: {}, drop: teardown },
    arrows: ["make > use > more > drop", "other > more", "make > drop"],
  } as const;

  test("a setup that is needed and not directly before is a reason of its own", () => {
    const run = startedRun(shape);
    expect(told(run, "more")).toMatchObject([
      { kind: "upstream", taskIds: ["use", "other"] },
      {
        kind: "setup",
        message: "Waits for 1 setup that it needs: make (ready, not started).",
        taskIds: ["make"],
      },
    ]);
  });

  test("a teardown waits for what is in its scope", () => {
    const run = startedRun(shape);
    succeed(run, "make");
    expect(told(run, "drop")).toMatchObject([
      { kind: "upstream", taskIds: ["more"] },
      {
        kind: "teardown_scope",
        message: "Cleans up once 1 more task of its scope is final: use (ready, not started).",
        evidence: { waiting: "1" },
        taskIds: ["use"],
      },
    ]);
  });
});

describe("mapped tasks", () => {
  test("wait for the list, and say so beside what their rule waits for", () => {
    const run = startedRun({
      tasks: { list: {}, other: {}, work: { each: listOf("list") } },
      arrows: ["list other > work"],
    });
    expect(told(run, "work")).toMatchObject([
      {
        kind: "map_length",
        message: "It is mapped over lists that are not known yet: list (ready, not started).",
        taskIds: ["list"],
      },
      { kind: "upstream", taskIds: ["list", "other"] },
    ]);
  });

  test("are each explained by their own state", () => {
    const run = startedRun({
      tasks: { work: { each: [{ sources: ["[1,2,3]"] }] }, sum: {} },
      arrows: ["work > sum"],
    });
    grant(run, "work", 1);
    expect(told(run, "work", 0)).toMatchObject([{ kind: "dispatching" }]);
    expect(told(run, "work", 1)).toMatchObject([{ kind: "running", evidence: { attempt: "1" } }]);
    expect(told(run, "sum")).toMatchObject([
      {
        message: "Waits for 3 of 3 upstream tasks: work (3 of 3 open).",
        evidence: { waiting: "3", upstream: "3" },
        taskIds: ["work"],
      },
    ]);
  });

  test("in a mapped group wait for their own index", () => {
    const groups = [{ id: "g", parentId: null, tooltip: "", each: [{ sources: ["[1,2]"] }] }];
    const tasks = { a: { groupId: "g" }, b: { groupId: "g" } };
    const run = startedRun({ tasks, arrows: ["a > b"] }, { groups });
    succeed(run, "a", { mapIx: 0 });
    grant(run, "a", 1);
    expect(admit(run, refOf(run, "b", 0), someLimits())).toEqual([]);
    expect(told(run, "b", 1)).toMatchObject([
      { message: "Waits for 1 of 1 upstream task: a (running).", taskIds: ["a"] },
    ]);
  });

  test("in a mapped group wait only for its list before they are there", () => {
    const groups = [{ id: "g", parentId: null, tooltip: "", each: listOf("list") }];
    const tasks = { list: {}, a: { groupId: "g" }, b: { groupId: "g" } };
    const run = startedRun({ tasks, arrows: ["list > a > b"] }, { groups });
    expect(told(run, "b")).toMatchObject([{ kind: "map_length", taskIds: ["list"] }]);
  });
});

describe("waits that end by themselves", () => {
  test("a sensor looks again", () => {
    const run = startedRun({ tasks: { a: {} } });
    grant(run, "a");
    send(run, { kind: "taskRescheduled", ...refOf(run, "a"), attempt: 1, until: 60_000, at: 0 });
    expect(told(run, "a")).toMatchObject([
      {
        kind: "reschedule_wait",
        message: "It looked in vain and looks again in 1 min.",
        until: 60_000,
      },
    ]);
  });

  test("an instance that lost its worker twice is kept apart from retries", () => {
    const run = startedRun({ tasks: { a: { retries: 5 } } });
    for (const attempt of [1, 2]) {
      grant(run, "a");
      send(run, { kind: "leaseLost", ...refOf(run, "a"), attempt, at: 0 });
    }
    expect(told(run, "a")).toMatchObject([
      {
        kind: "retry_wait",
        message:
          "It lost its worker 2 times, and 3 are the limit; it is handed out again in 1 min.",
        evidence: { losses: "2", limit: "3" },
        until: 60_000,
      },
    ]);
  });

  test("a retry says when", () => {
    const run = startedRun({ tasks: { a: { retries: 1 } } });
    grant(run, "a");
    send(run, { kind: "taskFailed", ...refOf(run, "a"), attempt: 1, at: 0, failure: aFailure() });
    expect(told(run, "a")).toMatchObject([
      { kind: "retry_wait", message: "Try 1 of 2 did not succeed; the next one starts in 1 min." },
    ]);
  });

  test("a cleared attempt stops first, and counts as running until then", () => {
    const run = startedRun({ tasks: { a: {}, b: {} } }, { maxActiveTasks: 1 });
    grant(run, "a");
    send(run, { kind: "cleared", refs: [refOf(run, "a")], at: 0 });
    expect(told(run, "a")).toMatchObject([
      { kind: "restarting", evidence: { attempt: "1" } },
      { kind: "max_active_tasks" },
    ]);
    expect(told(run, "b")).toMatchObject([{ kind: "max_active_tasks", taskIds: ["a"] }]);
  });
});

test("what was cleared in a final run waits for the run and for what was cleared before it", () => {
  const run = startedRun({ tasks: { a: {}, b: {} }, arrows: ["a > b"] });
  succeed(run, "a");
  succeed(run, "b");
  send(run, { kind: "cleared", refs: [refOf(run, "a"), refOf(run, "b")], at: 0 });
  const limits = someLimits({ activeRuns: 16, maxActiveRuns: 16 });
  expect(explain(run, refOf(run, "b"), limits)).toMatchObject([
    { kind: "max_active_runs" },
    { kind: "upstream", taskIds: ["a"] },
  ]);
});
