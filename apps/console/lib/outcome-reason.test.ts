import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  DagSpecSchema,
  TaskControl,
  TaskInstanceSchema,
  TaskState,
  TriggerRule,
} from "@millrace/wire/v1";
import { mappedTasksOf, unusualRule } from "./map-shape.ts";
import { outcomeReason } from "./outcome-reason.ts";
import { edgeLabels, pathState } from "./paths.ts";
import { beforeSpan } from "./reasons.ts";

const list = [{ sources: [new Uint8Array()] }];
const spec = create(DagSpecSchema, {
  groups: [
    { groupId: "region", each: list },
    { groupId: "region.inner", parentGroupId: "region" },
  ],
  tasks: [
    { taskId: "gate", control: TaskControl.SHORT_CIRCUIT },
    {
      taskId: "choose",
      control: TaskControl.BRANCH,
      cases: [
        { name: "full", taskIds: ["reload"] },
        { name: "part", taskIds: ["patch"] },
      ],
    },
    { taskId: "reload" },
    { taskId: "patch" },
    { taskId: "after", triggerRule: TriggerRule.NONE_FAILED },
    { taskId: "region.inner.load", groupId: "region.inner" },
  ],
  edges: [
    { fromTaskId: "gate", toTaskId: "choose" },
    { fromTaskId: "choose", toTaskId: "reload" },
    { fromTaskId: "choose", toTaskId: "patch" },
    { fromTaskId: "reload", toTaskId: "after", label: "rows" },
  ],
});
const taskOf = (id: string) => spec.tasks.find((task) => task.taskId === id);

type Init = Exclude<MessageInitShape<typeof TaskInstanceSchema>, { $typeName: string }>;
type States = Readonly<Record<string, Init>>;

function run(states: States) {
  const tasks = new Map(
    Object.entries(states).map(([taskId, init]) => [
      taskId,
      create(TaskInstanceSchema, { mapIndex: -1, state: TaskState.SUCCESS, ...init, taskId }),
    ]),
  );
  return { spec, tasks };
}

function reasonOf(taskId: string, states: States) {
  const { tasks } = run(states);
  const task = tasks.get(taskId);
  return task === undefined ? null : outcomeReason({ spec, tasks }, task);
}

const skipped = { state: TaskState.SKIPPED };

test("a branch that chose otherwise is named with what it chose", () => {
  const reason = reasonOf("reload", {
    ...{ gate: { chosenCases: ["on"] }, choose: { chosenCases: ["part"] }, reload: skipped },
  });
  expect(reason?.message).toBe("The branch choose went on with part, and not with full.");
  expect(reason?.taskIds).toEqual(["choose"]);
});

test("a short circuit is found behind tasks that it skipped", () => {
  const reason = reasonOf("reload", { gate: {}, choose: skipped, reload: skipped });
  expect(reason?.message).toBe("The short circuit gate stopped what comes after it.");
});

test("a skipped neighbour, the task's own body and a person are told apart", () => {
  const startedAt = { seconds: 1n };
  expect(reasonOf("after", { reload: skipped, after: skipped })?.message).toBe(
    "Skipped with what comes before it: reload, and its trigger rule is none_failed.",
  );
  expect(reasonOf("patch", { patch: { ...skipped, tryNumber: 1, startedAt } })?.message).toContain(
    "its body asked",
  );
  expect(reasonOf("gate", { gate: skipped })?.message).toContain("A person marked it");
  expect(reasonOf("gate", { gate: {} })).toBeNull();
});

test("what could not run names what failed before it, instances of mapped tasks too", () => {
  const mapped = { length: 9, counts: [{ state: TaskState.FAILED, count: 2 }] };
  const reason = reasonOf("after", {
    reload: { state: TaskState.RUNNING, mapped },
    after: { state: TaskState.UPSTREAM_FAILED },
  });
  expect(reason).toEqual({
    message: "Could not run, because reload before it did not succeed.",
    taskIds: ["reload"],
  });
});

test("arrows carry their own word or the case, and say whether they were taken", () => {
  expect([...edgeLabels(spec)]).toEqual([
    ["choose→reload", "full"],
    ["choose→patch", "part"],
    ["reload→after", "rows"],
  ]);
  const { tasks } = run({ choose: { chosenCases: ["part"] }, reload: skipped });
  expect(pathState(taskOf("choose"), taskOf("reload"), tasks)).toBe("not_taken");
  expect(pathState(taskOf("choose"), taskOf("patch"), tasks)).toBe("taken");
  expect(pathState(taskOf("reload"), taskOf("after"), tasks)).toBe("not_taken");
  expect(pathState(taskOf("gate"), taskOf("choose"), tasks)).toBe("open");
});

test("a task in a group within a mapped group is mapped", () => {
  expect([...mappedTasksOf(spec)]).toEqual(["region.inner.load"]);
  const after = taskOf("after");
  expect(after && unusualRule(after)).toBe("none_failed");
});

test("the span that ends a reason is left to the page, which counts it down", () => {
  expect(beforeSpan("Try 1 of 3 did not succeed; the next one starts in 1 min 5 s.")).toBe(
    "Try 1 of 3 did not succeed; the next one starts",
  );
  expect(beforeSpan("It looked in vain and looks again in 800 ms.")).toBe(
    "It looked in vain and looks again",
  );
  expect(beforeSpan("Waits for 2 of 3 upstream tasks: a, b.")).toBeNull();
});
