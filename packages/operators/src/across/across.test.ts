import { context, dag, task } from "@millrace/sdk";
import { ok, runDag } from "@millrace/testing";
import { describe, expect, test } from "vitest";
import { externalTaskSensor } from "./external-task-sensor.ts";
import { triggerDag } from "./trigger-dag.ts";

let failures = 0;
const params = {
  type: "object",
  properties: { n: { type: "integer" } },
  required: ["n"],
} as const;
const double = task(async function double(n: number) {
  if (n < 0 && (failures -= 1) >= 0) throw new Error("not yet");
  return n * 2;
});
const child = dag("child", { params }, (run) => double(run.params.n));

describe("a run of another DAG", () => {
  const parent = dag("parent", {}, () => triggerDag(child, { params: { n: 2 }, wait: true }));

  test("is really run where its DAG is given, and waited for", async () => {
    const done = await runDag(parent, { dags: [child] });
    expect(done.state).toBe("success");
    expect(done.triggered).toMatchObject([
      { dagId: "child", taskId: "trigger_child", params: { n: 2 }, state: "success" },
    ]);
    expect(done.result).toMatchObject({ dagId: "child", runId: "run_1", state: "success" });
    expect(done.xcom("trigger_child", "trigger_run_id")).toBe("run_1");
  });

  test("is noted where it is not, and what is waited for is the test's to say", async () => {
    await expect(runDag(parent)).rejects.toMatchObject({ reason: "NOBODY_ANSWERS" });
    const event = {
      dagId: "child",
      runId: "run_1",
      runName: "r",
      logicalDate: null,
      state: "success",
    };
    const done = await runDag(parent, { events: { trigger_child: ok(event) } });
    expect(done.state).toBe("success");
    expect(done.triggered).toMatchObject([{ state: "queued" }]);
  });

  test("that fails fails the task, whose retry runs it again", async () => {
    failures = 1;
    const retrying = dag("retrying", {}, () => {
      triggerDag(child, { params: { n: -1 }, wait: true, retries: 1 });
    });
    const done = await runDag(retrying, { dags: [child] });
    expect(done.state).toBe("success");
    expect(done.task("trigger_child").attempts).toBe(2);
    expect(done.triggered).toHaveLength(1);
  });

  test("may end in other states where the task says so", async () => {
    failures = 1;
    const either = dag("either", {}, () => {
      const successStates = ["success", "failed"] as const;
      triggerDag(child, { params: { n: -1 }, wait: true, successStates });
    });
    expect((await runDag(either, { dags: [child] })).state).toBe("success");
  });

  test("is made only of a DAG that the task names", async () => {
    const sneaky = task(async function sneaky() {
      await context().triggerDag("child");
    });
    const undeclared = dag("undeclared", {}, () => void sneaky());
    const done = await runDag(undeclared, { dags: [child] });
    expect(done.task("sneaky").failure?.message).toContain("option triggers");
  });

  test("a circle ends at its depth", async () => {
    const circle = dag("circle", {}, () => {
      triggerDag("circle", { id: "again", wait: true, maxDepth: 2 });
    });
    const done = await runDag(circle, { dags: [circle] });
    expect(done.state).toBe("failed");
    expect(done.task("again").failure?.message).toContain('DAG "circle" is failed');
  });
});

test("a sensor of another DAG waits for what the test says", async () => {
  const report = dag("report", {}, () => {
    externalTaskSensor("orders", { id: "orders", delta: "1h" });
  });
  const logicalDate = "2026-01-01T00:00Z";
  await expect(runDag(report, { logicalDate, events: {} })).resolves.toMatchObject({
    state: "failed",
  });
  const done = await runDag(report, { logicalDate, events: { orders: ok([]) } });
  expect(done.state).toBe("success");
  const dateless = await runDag(report, { events: { orders: ok([]) } });
  expect(dateless.task("orders").failure?.message).toContain("no logical date");
});

test.each<[string, () => unknown, string]>([
  [
    "states of a wait without one",
    () => triggerDag("c", { successStates: ["success"] }),
    "only with wait: true",
  ],
  [
    "a state in both lists",
    () => triggerDag("c", { wait: true, successStates: ["failed"], failureStates: ["failed"] }),
    'has "failed" among successStates and among failureStates',
  ],
  [
    "a delta and dates",
    () => externalTaskSensor("c", { delta: "1h", dates: () => new Date() }),
    "both delta and dates",
  ],
  ["a wrong delta", () => externalTaskSensor("c", { delta: "soon" as never }), "no duration"],
  [
    "a state in two lists of a sensor",
    () => externalTaskSensor("c", { allowedStates: ["success"], failedStates: ["success"] }),
    "without success, which is in allowedStates",
  ],
  [
    "an unknown state",
    () => externalTaskSensor("c", { allowedStates: ["done" as never] }),
    "a list of success, failed",
  ],
])("%s is refused with a sentence", (_, wire, message) => {
  expect(() => dag("d", {}, () => void wire()).spec()).toThrow(message);
});
