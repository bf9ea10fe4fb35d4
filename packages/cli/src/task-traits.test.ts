import { create } from "@bufbuild/protobuf";
import {
  DagSpecSchema,
  SensorMode,
  TaskControl,
  TaskRole,
  TriggerRule,
  type TaskSpecSchema,
} from "@millrace/wire/v1";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { traitsOf } from "./task-traits.ts";

const each = [{ sources: [new TextEncoder().encode("[1]")] }];

test.each<[MessageInitShape<typeof TaskSpecSchema>, string]>([
  [{ triggerRule: TriggerRule.ALL_SUCCESS }, ""],
  [{ triggerRule: TriggerRule.ONE_FAILED }, "one_failed"],
  [{ role: TaskRole.SETUP }, "setup"],
  [{ role: TaskRole.TEARDOWN, triggerRule: TriggerRule.ALL_DONE_SETUP_SUCCESS }, "teardown"],
  [{ role: TaskRole.TEARDOWN, failsRun: true }, "teardown that may fail the run"],
  [
    { control: TaskControl.BRANCH, cases: [{ name: "big" }, { name: "small" }] },
    "branch: big | small",
  ],
  [{ control: TaskControl.SHORT_CIRCUIT }, "short circuit"],
  [{ each, groupId: "outer.inner" }, "mapped, mapped by outer"],
  [{ sensor: { mode: SensorMode.RESCHEDULE } }, "sensor, every 1 min 0 s, slot free between"],
  [{ taskId: "sum" }, "the run's result"],
])("%j", (task, words) => {
  const spec = create(DagSpecSchema, {
    tasks: [task],
    groups: [
      { groupId: "outer", each },
      { groupId: "outer.inner", parentGroupId: "outer" },
    ],
    resultTaskId: "sum",
  });
  expect(traitsOf(spec)(spec.tasks[0]!).join(", ")).toBe(words);
});
