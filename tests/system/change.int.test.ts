/** Clearing, marking and retrying what ran, and mapped tasks, with the command and the client, on the real thing. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, type ClientRun, type TaskSnapshot } from "@millrace/sdk";
import { TaskState } from "@millrace/wire/v1";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { flow, scoped, wide } from "./change/dags.ts";
import { readEndpoint, startUp, type Millrace } from "./millrace.ts";
import { waitFor } from "./wait.ts";

/** Each starts several processes, one after the other. */
vi.setConfig({ testTimeout: 90_000 });

let millrace: Millrace;
let client: Client;
let folder: string;
/** What makes the tasks that failed succeed, once it is there. */
let file: string;
let serial = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-change-"));
  millrace = await startUp({ dags: fileURLToPath(new URL("change", import.meta.url)) });
  await millrace.api.dagsAre(3);
  const key = readFileSync(join(millrace.stateDir, "keys", "admin.key"), "utf8").trim();
  client = new Client({ url: readEndpoint(millrace.stateDir).url, key });
});
afterAll(async () => {
  await millrace[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  file = join(folder, `file-${serial++}`);
});

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const states = (tasks: readonly TaskSnapshot[]) =>
  Object.fromEntries(tasks.map(({ taskId, state }) => [taskId, state]));

async function failedFlow(options: { logicalDate?: string } = {}): Promise<ClientRun> {
  const run = await client.trigger(flow, { params: { file }, ...options });
  await expect(run.finished({ timeout: "60s" })).rejects.toMatchObject({ reason: "RUN_FAILED" });
  return run;
}

describe("a mapped task", () => {
  test("is told in numbers, its instances one by one, and its failed ones are retried", async () => {
    const run = await client.trigger(wide, { params: { file, count: 5 } });
    await expect(run.result({ timeout: "60s" })).rejects.toMatchObject({ reason: "RUN_FAILED" });
    const tasks = await listed(run.tasks());
    expect(states(tasks)).toEqual({ list: "success", load: "failed", sum: "upstream_failed" });
    expect(tasks[1]?.mapped).toEqual({ length: 5, counts: { success: 3, failed: 2 } });
    const failed = await listed(run.instances("load", { states: ["failed"] }));
    expect(failed.map(({ mapIndex, failure }) => [mapIndex, failure?.message])).toEqual([
      [1, "1 is odd"],
      [3, "3 is odd"],
    ]);

    const all = await millrace.cli("tasks", "list", run.id);
    expect(all.stdout).toMatch(/load +✘ failed .*5 instances: ✔ 3 success, ✘ 2 failed/);
    const some = await millrace.cli("tasks", "list", run.id, "--task", "load", "--limit", "2");
    expect(some.stdout).toMatch(/load\[0\] +✔ success[\s\S]*load\[1\] +✘ failed .*1 is odd/);
    expect(some.stderr).toContain("There are more");
    const one = await millrace.cli("tasks", "show", run.id, "load", "--map-index", "3");
    expect(one.stdout).toMatch(/✘ failed load\[3\][\s\S]*3 is odd/);
    const unnamed = await millrace.cli("tasks", "logs", run.id, "load");
    expect(unnamed).toMatchObject({ code: 3, stderr: expect.stringContaining("0 to 4") as string });
    const why = await millrace.cli("tasks", "explain", run.id, "load", "--map-index", "0");
    expect(why.stdout).toContain("✔ success load");

    writeFileSync(file, "");
    const plan = await run.retry({ dryRun: true });
    expect(plan.tasks.map(({ taskId, mapIndex, state }) => [taskId, mapIndex, state])).toEqual([
      ["load", 1, "failed"],
      ["load", 3, "failed"],
      ["sum", null, "upstream_failed"],
    ]);
    expect((await run.retry()).count).toBe(3);
    expect(await run.result({ timeout: "60s" })).toBe(100);
    const again = await listed(run.instances("load"));
    expect(again.map(({ tryNumber }) => tryNumber)).toEqual([1, 2, 1, 2, 1]);
  });
});

describe("the command", () => {
  test("shows what it would clear, and does it with --yes only where nobody can be asked", async () => {
    const run = await failedFlow();
    const plan = await millrace.cli("tasks", "clear", run.id, "check", "--downstream", "--dry-run");
    expect(plan.code).toBe(0);
    expect(plan.stdout).toMatch(/check +✘ failed[\s\S]*publish +⇡ upstream_failed/);
    const refused = await millrace.cli("tasks", "clear", run.id, "check");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") as string });
    expect((await run.refresh()).snapshot.state).toBe("failed");

    writeFileSync(file, "");
    const done = await millrace.cli("runs", "retry", run.id, "--yes");
    expect(done, done.stderr).toMatchObject({ code: 0 });
    expect(done.stderr).toContain("Cleared: 2 task instances.");
    expect(await run.finished({ timeout: "60s" })).toMatchObject({ state: "success" });
    const shown = await millrace.cli("tasks", "show", run.id, "check");
    expect(shown.stdout).toMatch(/1 +✘ failed[\s\S]*2 +✔ success/);
    const nothing = await millrace.cli("runs", "retry", run.id, "--yes");
    expect(nothing).toMatchObject({ code: 0, stdout: "" });
    expect(nothing.stderr).toContain("Nothing to change.");
  });

  test("marks task instances, so that what comes after them runs, and runs", async () => {
    const run = await failedFlow();
    const marked = await millrace.cli(
      ...["tasks", "mark", run.id, "check", "--state", "success", "--yes", "--json"],
    );
    expect(JSON.parse(marked.stdout)).toMatchObject({
      affected: [
        { taskId: "check", state: "TASK_STATE_FAILED" },
        { taskId: "publish", state: "TASK_STATE_UPSTREAM_FAILED", isImplied: true },
      ],
      affectedCount: 2,
    });
    expect(await run.finished({ timeout: "60s" })).toMatchObject({ state: "success" });
    const mark = ["runs", "mark", run.id, "--state", "failed"] as const;
    const looked = await millrace.cli(...mark, "--dry-run");
    expect(looked).toMatchObject({ code: 0, stdout: "" });
    expect(looked.stderr).toContain("No task instance changes.");
    const refused = await millrace.cli(...mark);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") as string });
    expect((await run.refresh()).snapshot.state).toBe("success");
    expect(await millrace.cli(...mark, "--yes")).toMatchObject({ code: 0 });
    expect((await run.refresh()).snapshot.state).toBe("failed");
  });

  test("names what is not there with its exit code", async () => {
    const run = await failedFlow();
    expect((await millrace.cli("tasks", "clear", run.id, "nope", "--yes")).code).toBe(3);
    expect((await millrace.cli("tasks", "clear", "run_zzzz", "--yes")).code).toBe(3);
    const dateless = await millrace.cli("runs", "clear", run.id, "--past", "--yes");
    expect(dateless).toMatchObject({ code: 2 });
    expect(dateless.stderr).toContain("no logical date");
  });
});

test("a clear goes over earlier and later runs, and the same request twice is one", async () => {
  const dates = ["2026-01-01", "2026-01-02", "2026-01-03"].map((date) => `${date}T00:00:00Z`);
  const runs: ClientRun[] = [];
  for (const logicalDate of dates) runs.push(await failedFlow({ logicalDate }));
  const [first, second, third] = runs as [ClientRun, ClientRun, ClientRun];
  const plan = await second.clear({ onlyFailed: true, past: true, future: true, dryRun: true });
  expect(new Set(plan.tasks.map(({ runId }) => runId))).toEqual(
    new Set([second.id, first.id, third.id]),
  );
  expect(plan.count).toBe(6);
  writeFileSync(file, "");
  const request = {
    ...{ requestId: `twice-${serial}`, runId: second.id, future: true },
    selection: { states: [TaskState.FAILED, TaskState.UPSTREAM_FAILED] },
  };
  const { api } = millrace;
  const answer = await api.tasks.clearTaskInstances(request);
  expect(answer.affectedCount).toBe(4);
  await third.finished({ timeout: "60s" });
  await second.finished({ timeout: "60s" });
  expect(await api.tasks.clearTaskInstances(request)).toEqual(answer);
  expect((await third.refresh()).snapshot.state).toBe("success");
  expect((await first.refresh()).snapshot.state).toBe("failed");
});

test("a run that waits is ended by a person, and its teardown still runs", async () => {
  const run = await client.trigger(scoped);
  await waitFor("the sensor to wait", async () => {
    const tasks = await listed(run.tasks());
    return tasks.some(({ state, rescheduleAt }) => state === "up_for_reschedule" && rescheduleAt);
  });
  const looked = await millrace.cli("runs", "mark", run.id, "--state", "failed", "--dry-run");
  expect(looked.stdout).toMatch(/^TASK .*\n[\s\S]*up_for_reschedule/);
  expect(looked.stdout).toMatch(/up_for_reschedule +\S+ failed/);
  expect(looked.stdout).not.toMatch(/make|drop/);
  expect(looked.stderr).toContain("Teardowns that are open still run.");
  const planned = await run.previewMark("failed");
  expect(planned.tasks.map(({ taskId }) => taskId)).toEqual(
    looked.stdout.match(/^\w+(?= +\S+ up_for)/gm),
  );
  await run.mark("failed");
  await expect(run.finished({ timeout: "60s" })).rejects.toMatchObject({ reason: "RUN_FAILED" });
  expect(states(await listed(run.tasks()))).toMatchObject({ make: "success", drop: "success" });
  const { counts } = (await run.refresh()).snapshot;
  expect(counts).toEqual({ success: 2, failed: 1 });
});
