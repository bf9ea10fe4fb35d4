import { create } from "@bufbuild/protobuf";
import {
  DagSpecSchema,
  KeyBusy,
  SensorMode,
  TaskControl,
  TaskRole,
  TriggerRule,
  type TaskSpecSchema,
} from "@millrace/wire/v1";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { limitsText, traitsOf } from "./task-traits.ts";

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
  [{ pool: "default_pool", poolSlots: 1 }, ""],
  [{ pool: "warehouse", poolSlots: 3, maxActiveTis: 2 }, "pool warehouse, 3 slots, 2 at a time"],
  [
    { rateLimit: { key: "billing", limit: 10, per: { seconds: 60n } }, dependsOnPast: true },
    "10 of billing in 1 min 0 s, depends on the past",
  ],
  [
    {
      outlets: [{ kind: { case: "asset", value: { uri: "s3://a" } } }],
      waitsFor: [{ dagId: "orders" }],
      deadlines: [{ name: "queued + 1h" }],
    },
    "deadline queued + 1h, makes s3://a, waits for orders",
  ],
])("%o", (task, words) => {
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

test("the limits of a DAG are told in a line", () => {
  const plain = create(DagSpecSchema, { maxActiveRuns: 1, maxActiveTasks: 16 });
  expect(limitsText(plain)).toBe("1 run at a time, 16 tasks each");
  const keyed = create(DagSpecSchema, {
    ...{ maxActiveRuns: 16, maxActiveTasks: 16, maxActiveTasksPerDag: 8 },
    concurrencyKey: new TextEncoder().encode(
      '[{"$":"run","path":["params","customer"]},{"$":"run","path":["params","region"]}]',
    ),
    whenKeyBusy: KeyBusy.CANCEL_OLDEST,
  });
  expect(limitsText(keyed)).toBe(
    "16 runs at a time, 16 tasks each, 8 tasks in all, one run for each params.customer and params.region (the oldest is cancelled)",
  );
});
