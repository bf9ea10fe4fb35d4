/** Task tokens (waits of semantics 9.3): made for an attempt, good for whoever has them. That a wait ends by them is the scheduler's to test. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { attemptIdOf, runKeyOf } from "@millrace/wire";
import { DagRunService, DagService, FailureKind, TaskInstanceService } from "@millrace/wire/v1";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { openTestSession } from "../testing/test-worker.ts";
import { deferredTask } from "../testing/waits.ts";

const run = promisify(execFile);

let api: TestApi;
let owner: FakeOwner;
let runId: string;
let runKey: number;
let attemptId: string;
let serial = 0;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  owner = startFakeOwner(api, `owner-${serial}`);
  const dagId = `token_${serial++}`;
  const dags = [chainSpec(dagId, ["train"])];
  await api.grpc(DagService).registerDags({ requestId: requestId(), folder: dagId, dags });
  const made = await api.http(DagRunService).triggerDagRun({ requestId: requestId(), dagId });
  runId = made.run!.runId;
  runKey = runKeyOf(runId)!;
  attemptId = attemptIdOf({ shard: 1, runKey, ix: 0, mapIx: -1, attempt: 1 });
  await deferredTask(api.db, { runKey }, { trigger: { case: "token", value: {} } });
  return () => owner.stop();
});

async function token(of = attemptId): Promise<string> {
  const { worker, session } = await openTestSession(api);
  return (await worker.makeTaskToken({ session, attemptId: of })).token;
}

/** As a stranger: without a key. */
const tasks = () => api.http(TaskInstanceService, null);
const json = (text: string) => ({ data: new TextEncoder().encode(text) });
const success = (text: string) => ({ case: "success" as const, value: json(text) });

function complete(of: string, outcome: object = success("1")) {
  const request = { requestId: requestId(), token: of, outcome } as { requestId: string };
  return tasks().completeTaskToken(request);
}

test("the same attempt has the same token, for whichever session, and another attempt another", async () => {
  expect(await token()).toBe(await token());
  expect(await token()).toMatch(/^[\w-]+\.[\w-]{43}$/);
  const { worker, session } = await openTestSession(api);
  const made = (of: string) => reasonOf(worker.makeTaskToken({ session, attemptId: of }));
  expect(await made(attemptIdOf({ shard: 1, runKey, ix: 0, mapIx: -1, attempt: 2 }))).toBe(
    "ATTEMPT_UNKNOWN",
  );
  expect(await made(`${attemptId}.w`)).toBe("ATTEMPT_UNKNOWN");
  expect(await made("nothing")).toBe("ATTEMPT_UNKNOWN");
});

test("whoever has the token ends the wait with a value, over gRPC and over HTTP, without a key", async () => {
  const of = await token();
  await complete(of, success('{"score":{"$":"bigint","v":"12"}}'));
  await api
    .grpc(TaskInstanceService, null)
    .completeTaskToken({ requestId: requestId(), token: of, outcome: success("2") });
  expect(owner.ended).toMatchObject([
    {
      ...{ runKey: BigInt(runKey), taskIx: 0, mapIndex: -1, attempt: 1 },
      news: { case: "success", value: json('{"score":{"$":"bigint","v":"12"}}') },
    },
    { news: { case: "success", value: json("2") } },
  ]);
});

test("a failure says what, and whether another try can help", async () => {
  const of = await token();
  await complete(of, { case: "failure", value: { message: "no GPU", type: "NoGpu" } });
  await complete(of, { case: "failure", value: { message: "never", retryable: false } });
  const kind = FailureKind.APPLICATION;
  expect(owner.ended.map(({ news }) => news)).toMatchObject([
    { case: "failure", value: { kind, message: "no GPU", type: "NoGpu", retryable: true } },
    { case: "failure", value: { kind, message: "never", retryable: false } },
  ]);
});

test("a heartbeat keeps alive", async () => {
  await tasks().heartbeatTaskToken({ requestId: requestId(), token: await token() });
  expect([...owner.beaten]).toEqual([`${runKey} 0 -1 1`]);
});

test("a plain curl does it", async () => {
  const body = JSON.stringify({
    requestId: requestId(),
    token: await token(),
    success: { data: Buffer.from('{"score":1}').toString("base64") },
  });
  const url = `${api.httpUrl}/millrace.v1.TaskInstanceService/CompleteTaskToken`;
  const args = ["-s", "-H", "content-type: application/json", "-d", body, url];
  expect((await run("curl", args)).stdout).toBe("{}");
  expect(owner.ended).toMatchObject([{ news: { case: "success", value: json('{"score":1}') } }]);
});

test("a token that was forged, cut or written otherwise is refused, and nobody hears of it", async () => {
  const good = await token();
  const [name = "", signature = ""] = good.split(".");
  const other = attemptIdOf({ shard: 1, runKey, ix: 0, mapIx: -1, attempt: 2 });
  const forged = [
    "",
    ".",
    name,
    `${name}.`,
    `.${signature}`,
    `${name}.${signature.slice(0, -2)}`,
    `${name}.${signature}A`,
    `${good}=`,
    `${good}.x`,
    ` ${good}`,
    `${Buffer.from(other).toString("base64url")}.${signature}`,
    `${name}.${Buffer.alloc(32).toString("base64url")}`,
    "x".repeat(100_000),
  ];
  for (const each of forged) {
    expect(await reasonOf(complete(each)), each.slice(0, 80)).toBe("TASK_TOKEN_INVALID");
    const beat = tasks().heartbeatTaskToken({ requestId: requestId(), token: each });
    expect(await reasonOf(beat)).toBe("TASK_TOKEN_INVALID");
  }
  expect(owner.commands.waiting.filter((it) => it.command.case === "endWait")).toEqual([]);
});

test.each([
  ["{", "VALUE_INVALID"],
  ['{"$":"new"}', "VALUE_INVALID"],
  ['{"$":"date","v":"yesterday"}', "VALUE_INVALID"],
  ['{"$":"map","v":[[1]]}', "VALUE_INVALID"],
  ['{"$":"task","id":"a","path":[]}', "VALUE_INVALID"],
  // It might be another run's.
  ['{"$":"blob","v":{"key":"run_1/ab","size":1}}', "VALUE_INVALID"],
  [`${"[".repeat(101)}${"]".repeat(101)}`, "VALUE_INVALID"],
  [`"${"x".repeat(256 * 1024)}"`, "VALUE_TOO_LARGE"],
])("a value that the codec does not have is refused: %.40s", async (text, reason) => {
  expect(await reasonOf(complete(await token(), success(text)))).toBe(reason);
  expect(owner.ended).toEqual([]);
});

test.each([
  "null",
  '{"a":[1,{"$":"date","v":"2026-01-01T00:00:00Z"}]}',
  '{"$":"map","v":[[1,{"$":"set","v":[{"$":"undefined"}]}]]}',
  '{"$":"object","v":{"$":"task"}}',
  '{"$":"bytes","v":"/w=="}',
  '{"$":"number","v":"-0"}',
  `${"[".repeat(100)}${"]".repeat(100)}`,
])("a value of the codec goes through as it is: %.40s", async (text) => {
  await complete(await token(), success(text));
  expect(owner.ended).toMatchObject([{ news: { value: json(text) } }]);
});

test("what is unset is refused; a run that is gone has used its tokens up", async () => {
  const of = await token();
  expect(await refusalOf(complete(of, { case: undefined }))).toMatchObject({
    reason: "FIELD_INVALID",
    metadata: { field: "outcome" },
  });
  owner.onCommand = () =>
    Promise.resolve({
      case: "refusal",
      value: { reason: "RUN_NOT_FOUND", message: "", metadata: {} },
    });
  expect(await reasonOf(complete(of))).toBe("TASK_TOKEN_USED");
});

test("request ids are the token's own: strangers may choose the same", async () => {
  const other = attemptIdOf({ shard: 1, runKey: runKey + 1_000, ix: 0, mapIx: -1, attempt: 1 });
  await deferredTask(api.db, { runKey: runKey + 1_000 }, { trigger: { case: "token", value: {} } });
  const [one, two] = [await token(), await token(other)];
  const request = { requestId: "1", outcome: success("1") };
  await tasks().completeTaskToken({ ...request, token: one });
  await tasks().completeTaskToken({ ...request, token: two });
  await tasks().completeTaskToken({ ...request, token: two });
  expect(owner.ended).toHaveLength(2);
});

test("tokens and values stay out of the log", async () => {
  const of = await token();
  await complete(of, success('"hush-hush"'));
  const text = JSON.stringify(api.logs);
  expect(text).not.toContain(of);
  expect(text).not.toContain("hush-hush");
  expect(text).toContain('"token.used"');
});
