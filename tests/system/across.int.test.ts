/** DAGs that trigger and wait for each other, on the real thing; and what is left of that after kill -9. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, type ClientRun } from "@millrace/sdk";
import { RunState, TaskState } from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { circle, dated, fan, orders, parent, report, strict, typo } from "./across/across.ts";
import { newStateDir, readEndpoint, startUp, type Millrace } from "./millrace.ts";
import { killers } from "./thousand.ts";
import { waitFor } from "./wait.ts";

const dags = fileURLToPath(new URL("across", import.meta.url));
const limitMs = 180_000;
const dagCount = 9;

let millrace: Millrace;
let client: Client;
const stateDir = newStateDir();
const files = mkdtempSync(join(tmpdir(), "millrace-across-"));

async function start(): Promise<void> {
  millrace = await startUp({ dags, stateDir });
  await millrace.api.dagsAre(dagCount);
  const key = readFileSync(join(stateDir, "keys", "admin.key"), "utf8").trim();
  client = new Client({ url: readEndpoint(stateDir).url, key });
}

beforeAll(start, limitMs);
afterAll(async () => {
  await millrace[Symbol.asyncDispose]();
  for (const folder of [files, stateDir]) rmSync(folder, { recursive: true, force: true });
}, limitMs);

async function statesOf(run: ClientRun): Promise<Record<string, string>> {
  const states: Record<string, string> = {};
  for await (const task of run.tasks()) states[task.taskId] = task.state;
  return states;
}

async function untilStates(run: ClientRun, wanted: Record<string, string>): Promise<void> {
  let last: Record<string, string> = {};
  const look = async () => {
    last = await statesOf(run);
    return Object.entries(wanted).every(([id, state]) => last[id] === state);
  };
  await waitFor(JSON.stringify(wanted), look, 60_000).catch((error: unknown) => {
    throw new Error(`${String(error)} Last: ${JSON.stringify(last)}`);
  });
}

/** The runs of a DAG, oldest first, as the server lists them. */
async function runsOf(dagId: string) {
  const { runs } = await millrace.api.runs.listDagRuns({ dagId, pageSize: 200 });
  return runs.toReversed();
}

const timeout = { timeout: limitMs };

test("a task makes a run of another DAG and waits for it without a slot", timeout, async () => {
  const before = (await runsOf("child")).length;
  const run = await client.trigger(parent);
  const done = await run.finished({ timeout: "60s" });
  expect(done.state).toBe("success");
  const [made, ...more] = (await runsOf("child")).slice(before);
  expect(more).toEqual([]);
  expect(made).toMatchObject({ note: "made by a task", triggeredBy: "task:parent/child" });
  expect(await run.xcom("child", { key: "trigger_run_id" })).toBe(made!.runId);
  expect(await run.xcom("child")).toEqual({
    ...{ dagId: "child", runId: made!.runId, runName: made!.runName },
    ...{ logicalDate: null, state: "success" },
  });
});

test("a retry goes on with the run that failed, a clear makes another", timeout, async () => {
  const before = (await runsOf("child")).length;
  const needs = join(files, "later");
  const run = await client.trigger(parent, { params: { needs } });
  await waitFor("a try to fail", async () => {
    const { attempts } = await millrace.api.tasks.getTaskInstance({
      ...{ runId: run.id, taskId: "child", mapIndex: -1 },
    });
    return attempts.some(({ state }) => state === TaskState.FAILED);
  });
  writeFileSync(needs, "");
  expect((await run.finished({ timeout: "60s" })).state).toBe("success");
  expect((await runsOf("child")).length - before).toBe(1);

  await run.clear({ tasks: ["child"] });
  await waitFor("another run", async () => (await runsOf("child")).length - before === 2);
  await untilStates(run, { child: "success" });
});

test("each instance of a mapped task makes a run of its own", timeout, async () => {
  const before = (await runsOf("child")).length;
  const run = await client.trigger(fan);
  expect((await run.finished({ timeout: "60s" })).state).toBe("success");
  expect((await runsOf("child")).length - before).toBe(3);
});

test("what is done about a run that exists is the task's to say", timeout, async () => {
  const logicalDate = "2026-02-01T00:00Z";
  const first = await client.trigger("child", { params: { n: 5 }, logicalDate });
  await first.finished({ timeout: "60s" });
  const run = await client.trigger(dated, { logicalDate });
  await untilStates(run, {
    fails: "failed",
    skips: "skipped",
    uses: "success",
    clears: "success",
  });
  const detail = await millrace.api.tasks.getTaskInstance({
    runId: run.id,
    taskId: "fails",
    mapIndex: -1,
  });
  expect(detail.taskInstance?.failure?.message).toContain(
    'DAG "child" has a run with the logical date 2026-02-01T00:00:00.000Z already',
  );
});

test("a circle ends at its depth, with the chain in the message", timeout, async () => {
  await client.trigger(circle);
  const last = await waitFor("the last of the circle", async () => {
    const runs = await runsOf("circle");
    return runs.length === 4 && runs.every((run) => run.state >= RunState.SUCCESS)
      ? runs.at(-1)
      : null;
  });
  expect(last?.state).toBe(RunState.FAILED);
  const { taskInstance } = await millrace.api.tasks.getTaskInstance({
    ...{ runId: last.runId, taskId: "again", mapIndex: -1 },
  });
  expect(taskInstance?.failure?.message).toContain("circle → circle → circle → circle → circle");
  expect(taskInstance).toMatchObject({ tryNumber: 1 });
});

test("a body makes runs only of the DAGs that its task names", timeout, async () => {
  const run = await client.trigger(strict);
  await untilStates(run, { sneaky: "failed" });
  const { taskInstance } = await millrace.api.tasks.getTaskInstance({
    ...{ runId: run.id, taskId: "sneaky", mapIndex: -1 },
  });
  expect(taskInstance?.failure?.message).toContain("add it to the task's option triggers");
});

test("sensors wait for a DAG, for tasks, by date, by offset and by function", timeout, async () => {
  const logicalDate = "2026-03-02T00:00Z";
  const open = join(files, "open");
  const run = await client.trigger(report, { logicalDate });
  await untilStates(run, {
    orders: "deferred",
    whole: "deferred",
    earlier: "deferred",
    both: "deferred",
  });
  const explained = await millrace.api.tasks.explainTaskInstance({
    runId: run.id,
    taskId: "orders",
    mapIndex: -1,
  });
  expect(explained.reasons[0]?.message).toBe(
    'It waits for "publish" in a run of DAG "orders" with the logical date 2026-03-02T00:00:00.000Z, which does not exist yet.',
  );

  const same = await client.trigger(orders, { logicalDate, params: { open } });
  await untilStates(run, { mapped: "success", orders: "deferred" });
  await untilStates(same, { publish: "running" });
  const running = await millrace.api.tasks.explainTaskInstance({
    runId: run.id,
    taskId: "orders",
    mapIndex: -1,
  });
  expect(running.reasons[0]?.message).toContain(
    'It waits for task "publish" (running) in run manual__',
  );
  expect(running.reasons[0]?.evidence).toMatchObject({
    dag_id: "orders",
    run_id: same.id,
    state: "running",
  });
  writeFileSync(open, "");
  await untilStates(run, {
    orders: "success",
    whole: "success",
    earlier: "deferred",
    both: "deferred",
  });

  await client.trigger(orders, { logicalDate: "2026-03-01T00:00Z" });
  expect((await run.finished({ timeout: "60s" })).state).toBe("success");
  expect(await run.xcom("both")).toMatchObject([
    { logicalDate: new Date("2026-03-01T00:00Z"), state: "success" },
    { logicalDate: new Date("2026-03-02T00:00Z"), state: "success" },
  ]);
});

test(
  "a clear goes on to the tasks of another DAG, also when it is only tried",
  timeout,
  async () => {
    const logicalDate = "2026-03-02T00:00Z";
    const runOf = async (dagId: string) => {
      const runs = await runsOf(dagId);
      const found = runs.find(
        (run) => Number(run.logicalDate?.seconds) * 1000 === Date.parse(logicalDate),
      );
      return client.run(found!.runId);
    };
    const from = await runOf("orders");
    const tried = await from.clear({ tasks: ["publish"], downstream: true, dryRun: true });
    const ids = tried.tasks.map(({ taskId }) => taskId);
    expect(ids.toSorted()).toEqual(["mark", "orders", "publish"]);
    expect((await statesOf(await runOf("report")))["orders"]).toBe("success");
    const alone = await from.clear({ tasks: ["publish"], dryRun: true });
    expect(alone.tasks.map(({ taskId }) => taskId)).toEqual(["publish"]);

    const looking = { runId: (await runOf("report")).id, taskId: "orders", mapIndex: -1 };
    const attempts = async () =>
      (await millrace.api.tasks.getTaskInstance(looking)).attempts.length;
    const before = await attempts();
    await from.clear({ tasks: ["publish"], downstream: true });
    await untilStates(from, { publish: "success", mark: "success" });
    await waitFor("the sensor to run again", async () => (await attempts()) > before);
    await untilStates(await runOf("report"), { orders: "success" });
  },
);

test("what does not exist is said at once, unless it may come", timeout, async () => {
  const run = await client.trigger(typo, { logicalDate: "2026-03-03T00:00Z" });
  await untilStates(run, { wrong_dag: "failed", wrong_task: "failed", waits: "skipped" });
  const messageOf = async (taskId: string) => {
    const answer = await millrace.api.tasks.getTaskInstance({
      runId: run.id,
      taskId,
      mapIndex: -1,
    });
    return answer.taskInstance?.failure?.message;
  };
  expect(await messageOf("wrong_dag")).toContain('It waits for DAG "ordres", which does not exist');
  expect(await messageOf("wrong_task")).toContain('task "publsh" of DAG "orders"');
});

test(
  "kill -9 of worker and server while runs are made and waited for: each attempt's run exists once",
  timeout,
  async () => {
    const before = (await runsOf("child")).length;
    const runs = await Promise.all(Array.from({ length: 12 }, () => client.trigger(parent)));
    const fans = await Promise.all(Array.from({ length: 6 }, () => client.trigger(fan)));
    killers.worker(millrace);
    await waitFor("some to be made", async () => (await runsOf("child")).length - before > 3);
    killers.server(millrace);
    await millrace.process.ended;
    await start();
    const ends = [...runs, ...fans].map((run) => client.run(run.id));
    for (const run of await Promise.all(ends))
      expect((await run.finished({ timeout: "120s" })).state).toBe("success");
    expect((await runsOf("child")).length - before).toBe(12 + 6 * 3);
  },
);
