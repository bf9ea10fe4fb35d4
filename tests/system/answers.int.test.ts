/** People who answer, programs that hold tokens, and callbacks: the command line, the client and curl on a running Millrace. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client, type InputSnapshot } from "@millrace/sdk";
import { TaskState } from "@millrace/wire/v1";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readEndpoint, startUp, type Millrace } from "./millrace.ts";
import { waitFor } from "./wait.ts";

const run = promisify(execFile);

const dags = `
import { writeFileSync } from "node:fs";
import { context, dag, defer, FailTask, RetryTask, task, trigger } from "@millrace/sdk";

const schema = {
  type: "object",
  properties: {
    amount: { type: "number", description: "How much" },
    region: { enum: ["eu", "us"], default: "eu" },
  },
  required: ["amount"],
} as const;

export const payments = dag("payments", {}, () => {
  const paid = task(function pay() {
    return defer(trigger.input({ subject: "Pay?", body: "It is **much**.", schema }), { timeout: "1d" });
  })();
  return task(function book(answer: { values: { amount: number; region: string }; by: string }) {
    return [answer.values.amount, answer.values.region, answer.by];
  })(paid);
});
export const forAnna = dag("forAnna", {}, () => {
  task(function ask() {
    return defer(trigger.input({ subject: "Anna?", schema, assignees: ["user:anna"] }));
  })();
});
export const training = dag("training", { params: { type: "object", properties: { file: { type: "string" } } } }, () => {
  return task(
    { resume: (event: { score: number }, state: { job: number }) => event.score + state.job },
    async function train() {
      writeFileSync((context().params as { file: string }).file, await context().taskToken());
      return defer(trigger.token<{ score: number }>(), { state: { job: 7 } });
    },
  )();
});
export const noisy = dag("noisy", { onFailure: function tellAll() {} }, () => {
  // It is looked at after its first try: the next one comes long after that.
  const tell = () => { throw new RetryTask("no route", { after: "1h" }); };
  task({ onFailure: tell }, function fails() {
    throw new FailTask("out of apples");
  })();
});
`;

/** Each starts several processes, one after the other. */
vi.setConfig({ testTimeout: 90_000 });

let folder: string;
let millrace: Millrace;
let client: Client;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-waiting-"));
  mkdirSync(join(folder, "dags"));
  writeFileSync(join(folder, "dags", "waits.ts"), dags);
  millrace = await startUp({ dags: join(folder, "dags") });
  await millrace.api.dagsAre(4);
  const { url } = readEndpoint(millrace.stateDir);
  const key = readFileSync(join(millrace.stateDir, "keys", "admin.key"), "utf8").trim();
  client = new Client({ url, key });
});
afterAll(async () => {
  await millrace[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Triggers; resolves once the task is in the state. */
async function waitingRun(dagId: string, taskId: string, state: TaskState, params = {}) {
  const runId = await millrace.api.trigger(dagId, params);
  await waitFor(`${taskId} of ${dagId} to wait`, async () => {
    const { taskInstance } = await millrace.api.tasks.getTaskInstance({ runId, taskId });
    return taskInstance?.state === state;
  });
  return runId;
}

const asking = (dagId = "payments", taskId = "pay") =>
  waitingRun(dagId, taskId, TaskState.AWAITING_INPUT);

async function training(): Promise<{ runId: string; token: string }> {
  const file = join(folder, `token-${Math.random()}`);
  const runId = await waitingRun("training", "train", TaskState.DEFERRED, { file });
  return { runId, token: readFileSync(file, "utf8") };
}

const resultOf = async (runId: string) =>
  (await client.run(runId)).result({ timeout: "60s" }).catch((error: unknown) => String(error));

describe("inputs", () => {
  test("are listed, shown with their fields, answered by field, and gone from the list", async () => {
    const runId = await asking();
    const list = await millrace.cli("inputs", "list", "--dag", "payments");
    expect(list.stdout).toMatch(/^RUN +TASK +STATE +ASKED +UNTIL +FOR +SUBJECT\n/);
    expect(list.stdout).toMatch(new RegExp(`${runId} +pay +open .* Pay\\?`));
    const shown = await millrace.cli("inputs", "show", runId, "pay");
    expect(shown.stdout).toMatch(/^open Pay\?\n\nIt is \*\*much\*\*\.\n/);
    expect(shown.stdout).toMatch(/\namount +number +required +- +How much\n/);
    expect(shown.stdout).toMatch(/\nregion +"eu" \| "us" +"eu"/);
    const wrong = await millrace.cli("inputs", "answer", runId, "pay", "--set", "amount=much");
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain('--set amount is "much"; it must be number.');
    const missing = await millrace.cli("inputs", "answer", runId, "pay", "--values", "{}");
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.stderr).toContain("must have required property 'amount'");
    const nobody = await millrace.cli("inputs", "answer", runId, "pay");
    expect(nobody).toMatchObject({ code: 2 });
    expect(nobody.stderr).toContain("There is no terminal to ask on");
    const given = ["--set", "amount=5.5", "--set", "region=us"];
    const answered = await millrace.cli("inputs", "answer", runId, "pay", ...given);
    expect(answered, answered.stderr).toMatchObject({ code: 0, stdout: "" });
    expect(await resultOf(runId)).toEqual([5.5, "us", "user:admin"]);
    const again = await millrace.cli("inputs", "answer", runId, "pay", ...given);
    expect(again).toMatchObject({ code: 5 });
    expect((await millrace.cli("inputs", "list", "--run", runId)).stdout).toBe("");
    const all = await millrace.cli("inputs", "list", "--run", runId, "--state", "all");
    expect(all.stdout).toMatch(/answered/);
    expect((await millrace.cli("inputs", "show", runId, "pay")).stdout).toMatch(
      /answered {2}by user:admin: .*5\.5/,
    );
    expect(await millrace.cli("inputs", "show", runId, "book")).toMatchObject({ code: 3 });
  });

  test("are there for programs, too: --json, and the client", async () => {
    const runId = await asking();
    const list = await millrace.cli("inputs", "list", "--run", runId, "--json");
    expect(JSON.parse(list.stdout)).toMatchObject({
      inputRequests: [
        { runId, taskId: "pay", form: { subject: "Pay?" }, state: "INPUT_STATE_OPEN" },
      ],
    });
    const [input] = await listed(client.inputs({ run: runId }));
    expect(input).toMatchObject({ dagId: "payments", taskId: "pay", state: "open" });
    const [task] = await listed((await client.run(runId)).tasks());
    expect(task).toMatchObject({ state: "awaiting_input", waiting: { for: "input" } });
    await client.answer(input as InputSnapshot, { amount: 2 });
    expect(await resultOf(runId)).toEqual([2, "eu", "user:admin"]);
    const [answered] = await listed(client.inputs({ run: runId, states: ["answered"] }));
    expect(answered).toMatchObject({
      answeredBy: "user:admin",
      answer: { amount: 2, region: "eu" },
    });
  });

  test("are for those whom they name; what is cancelled asks no more", async () => {
    const runId = await asking("forAnna", "ask");
    const refused = await millrace.cli("inputs", "answer", runId, "ask", "--set", "amount=1");
    expect(refused).toMatchObject({ code: 4 });
    expect(refused.stderr).toContain("user:anna");
    expect(await millrace.cli("runs", "cancel", runId)).toMatchObject({ code: 0 });
    await millrace.api.end(runId);
    const all = await listed(client.inputs({ run: runId, states: ["withdrawn"] }));
    expect(all).toHaveLength(1);
  });

  test("show in tasks list, show and explain, with how to answer", async () => {
    const runId = await asking();
    expect((await millrace.cli("tasks", "list", runId)).stdout).toMatch(
      /pay +‖ awaiting_input .*asks: Pay\?/,
    );
    const shown = await millrace.cli("tasks", "show", runId, "pay");
    expect(shown.stdout).toMatch(/\nwaits +asks: Pay\?\nsince +\d.*\nuntil +\d/);
    expect(shown.stdout).toMatch(/\n1 +‖ awaiting_input/);
    expect(shown.stderr).toContain(`millrace inputs answer ${runId} pay`);
    const why = await millrace.cli("tasks", "explain", runId, "pay");
    expect(why.stdout).toMatch(/awaiting_input: .*/);
    expect(why.stderr).toContain(`millrace inputs answer ${runId} pay`);
    await client.answer({ runId, taskId: "pay" }, { amount: 1 });
    await millrace.api.end(runId);
  });
});

describe("tokens", () => {
  test("let a task go on with what is brought, without a key, once", async () => {
    const { runId, token } = await training();
    const shown = await millrace.cli("tasks", "show", runId, "train");
    expect(shown.stdout).toMatch(/\nwaits +waits for its token\n/);
    expect(shown.stdout).not.toContain(token);
    const { url } = readEndpoint(millrace.stateDir);
    const stranger = ["--url", url, "--key-file", "/dev/null"];
    expect(await millrace.cli("tokens", "heartbeat", token, ...stranger)).toMatchObject({
      code: 0,
    });
    const succeed = ["tokens", "succeed", token, "--value", '{"score":0.5}'];
    const done = await millrace.cli(...succeed, ...stranger);
    expect(done, done.stderr).toMatchObject({ code: 0, stdout: "" });
    expect(await resultOf(runId)).toBe(7.5);
    expect(await millrace.cli(...succeed)).toMatchObject({ code: 5 });
    const forged = await millrace.cli("tokens", "succeed", `${token.slice(0, -3)}abc`);
    expect(forged).toMatchObject({ code: 4 });
    expect(forged.stderr).toContain("no task token");
    const { attempts } = await millrace.api.tasks.getTaskInstance({ runId, taskId: "train" });
    expect(attempts.map(({ state }) => state)).toEqual([TaskState.DEFERRED, TaskState.SUCCESS]);
  });

  test("fail a task for good, or for now", async () => {
    const { runId, token } = await training();
    const why = ["--message", "no GPU", "--type", "NoGpu", "--no-retry"];
    expect(await millrace.cli("tokens", "fail", token, ...why)).toMatchObject({ code: 0 });
    await millrace.api.end(runId);
    const { taskInstance } = await millrace.api.tasks.getTaskInstance({ runId, taskId: "train" });
    expect(taskInstance).toMatchObject({
      state: TaskState.FAILED,
      failure: { message: "no GPU", type: "NoGpu" },
    });
  });

  test("end a wait from curl, and from a client without a key", async () => {
    const [one, two] = [await training(), await training()];
    const { url } = readEndpoint(millrace.stateDir);
    const data = Buffer.from('{"score":1}').toString("base64");
    const body = JSON.stringify({ requestId: "1", token: one.token, success: { data } });
    const path = `${url}/millrace.v1.TaskInstanceService/CompleteTaskToken`;
    await run("curl", ["-sf", "-H", "content-type: application/json", "-d", body, path]);
    expect(await resultOf(one.runId)).toBe(8);
    const stranger = new Client({ url });
    await stranger.heartbeatToken(two.token);
    await stranger.completeToken(two.token, { score: 2 });
    expect(await resultOf(two.runId)).toBe(9);
    await expect(stranger.completeToken(two.token, 1)).rejects.toMatchObject({
      reason: "TASK_TOKEN_USED",
    });
    await expect(stranger.completeToken("a.b", 1)).rejects.toMatchObject({
      reason: "TASK_TOKEN_INVALID",
    });
  });
});

test("callbacks of a run and its tasks are listed with how far they are", async () => {
  const runId = await millrace.api.trigger("noisy");
  await millrace.api.end(runId);
  const held = await client.run(runId);
  const callbacks = async () => {
    const all = await listed(held.callbacks());
    return { ofRun: all.find((it) => it.taskId === null), ofTask: all.find((it) => it.taskId) };
  };
  await waitFor("both callbacks to be tried", async () => {
    const { ofRun, ofTask } = await callbacks();
    return ofRun?.state === "delivered" && ofTask !== undefined && ofTask.failure !== null;
  });
  expect(await callbacks()).toMatchObject({
    ofRun: { event: "failure", mapIndex: null, tries: 1 },
    ofTask: { taskId: "fails", event: "failure", state: "pending", tries: 1 },
  });
  const { ofTask } = await callbacks();
  expect(ofTask).toMatchObject({ failure: { message: "no route" } });
  const { stdout } = await millrace.cli("callbacks", "list", runId);
  expect(stdout).toMatch(/^OF +ON +CALLBACK +STATE +TRIES +HAPPENED +NEXT TRY +WHY\n/);
  expect(stdout).toMatch(/\nthe run +failure +\S+ +delivered +1 /);
  expect(stdout).toMatch(/\nfails +failure +\S+ +pending +1 .*no route\n/);
  const json = await millrace.cli("callbacks", "list", runId, "--task", "fails", "--json");
  expect((JSON.parse(json.stdout) as { deliveries: unknown[] }).deliveries).toHaveLength(1);
  expect(await millrace.cli("callbacks", "list", "run_zzzz")).toMatchObject({ code: 3 });
});
