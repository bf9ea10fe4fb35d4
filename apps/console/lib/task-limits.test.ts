import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { TaskSpecSchema } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { limitsOf } from "./task-limits.ts";

test("a plain task has nothing to say of limits", () => {
  expect(
    limitsOf(create(TaskSpecSchema, { taskId: "a", pool: "default_pool", poolSlots: 1 })),
  ).toEqual([]);
});

test("every limit of a task is told in words, and what it names is a link", () => {
  const task = create(TaskSpecSchema, {
    ...{ taskId: "a", pool: "warehouse", poolSlots: 3, maxActiveTis: 2, maxActiveTisPerRun: 1 },
    rateLimit: { key: "billing-api", limit: 10, per: durationFromMs(60_000) },
    dependsOnPast: true,
    deadlines: [{ name: "queued + 1h" }, { name: "before noon" }],
    outlets: [{ kind: { case: "asset", value: { uri: "s3://a" } } }],
    inlets: [{ kind: { case: "alias", value: { name: "feeds" } } }],
    triggersDagIds: ["publish"],
    waitsFor: [{ dagId: "orders", taskIds: ["load"] }],
  });
  const told = limitsOf(task).map(({ name, words, places = [] }) => [
    name,
    words ?? places.map(({ href, label }) => `${label} ${href}`).join(),
  ]);
  expect(told).toEqual([
    ["Pool", "warehouse, 3 slots /pools"],
    ["At a time", "2 over all runs"],
    ["In a run", "1 at a time"],
    ["Rate", "10 starts in any 1m 00s of billing-api"],
    ["Past", "waits for itself in the run before"],
    ["Deadlines", "queued + 1h, before noon"],
    ["Makes", "s3://a /assets/asset?uri=s3%3A%2F%2Fa"],
    ["Reads", "alias feeds /assets/graph"],
    ["Triggers", "publish /dags/publish"],
    ["Waits for", "load of orders /dags/orders"],
  ]);
});
