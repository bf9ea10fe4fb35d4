/** Waits and callbacks, as callers see them: semantics 9.3, 9.6, 12.1-12.2. */

import { create, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { runKeyOf } from "@millrace/wire";
import {
  CallbackEvent,
  DagRunService,
  DagService,
  DeliveryState,
  FailureSchema,
  TaskInstanceService,
  TaskState,
} from "@millrace/wire/v1";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { askingTask, deferredTask } from "../testing/waits.ts";

let api: TestApi;
let owner: FakeOwner;
let runId: string;
let runKey: number;
let serial = 0;
beforeAll(async () => {
  api = await startTestApi();
  owner = startFakeOwner(api);
});
afterAll(async () => {
  owner.stop();
  await api[Symbol.asyncDispose]();
});
beforeEach(async () => {
  const dagId = `waits_${serial++}`;
  const notify = { on: CallbackEvent.SUCCESS, handler: "notify", isExternal: true, name: "slack" };
  const dag = chainSpec(dagId, ["a", "b"], { callbacks: [{ ...notify, name: "mail" }] });
  dag.tasks[0]!.callbacks = chainSpec("x", [], { callbacks: [notify] }).callbacks;
  await api.grpc(DagService).registerDags({ requestId: requestId(), folder: dagId, dags: [dag] });
  const { run } = await api.http(DagRunService).triggerDagRun({ requestId: requestId(), dagId });
  runId = run!.runId;
  runKey = runKeyOf(runId)!;
});

const tasks = () => api.http(TaskInstanceService);
const secret = { data: Buffer.from('"hush-hush"') };
const at = new Date(Date.UTC(2026, 0, 1));

test.each([
  [
    "a moment",
    { case: "time", value: { moment: { case: "at", value: timestampFromMs(0) } } },
    { case: "until" },
    "",
  ],
  [
    "a token",
    { case: "token", value: { heartbeat: durationFromMs(60_000) } },
    { case: "token", value: { heartbeat: { seconds: 60n } } },
    "",
  ],
  [
    "a triggerer",
    { case: "watch", value: { handler: "http", config: secret, summary: "the file is there" } },
    { case: "summary", value: "the file is there" },
    "http",
  ],
] as const)(
  "a deferred task says what it waits for, and no value: %s",
  async (_, trigger, what, handler) => {
    await deferredTask(api.db, { runKey }, { trigger, state: secret }, at);
    const answer = await tasks().getTaskInstance({ runId, taskId: "a" });
    const { taskInstance, attempts } = answer;
    expect(taskInstance).toMatchObject({
      state: TaskState.DEFERRED,
      waiting: { for: what, handler },
    });
    expect(timestampDate(taskInstance!.waiting!.since!)).toEqual(at);
    expect(taskInstance!.waiting!.timeoutAt).toBeDefined();
    expect(attempts).toMatchObject([{ tryNumber: 1, state: TaskState.DEFERRED }]);
    const { taskInstances } = await tasks().listTaskInstances({ runId });
    expect(taskInstances[0]).toMatchObject({ waiting: { for: what } });
    expect(taskInstances[1]!.waiting).toBeUndefined();
    const text = JSON.stringify([answer, taskInstances], (_key, value: unknown) =>
      typeof value === "bigint"
        ? `${value}`
        : value instanceof Uint8Array
          ? Buffer.from(value).toString()
          : value,
    );
    expect(text).not.toContain("hush-hush");
  },
);

test("a task that awaits input shows its form; lists find it by its state", async () => {
  const form = { subject: "Ship it?", schema: '{"type":"object"}', assignees: ["user:anna"] };
  await askingTask(api.db, { runKey, ix: 1 }, form);
  const states = [TaskState.AWAITING_INPUT];
  const { taskInstances } = await tasks().listTaskInstances({ runId, states });
  expect(taskInstances).toMatchObject([
    { taskId: "b", waiting: { for: { case: "form", value: form } } },
  ]);
  const { attempts } = await tasks().getTaskInstance({ runId, taskId: "b" });
  expect(attempts).toMatchObject([{ state: TaskState.AWAITING_INPUT }]);
});

test("once the wait is over the attempt has given its slot back, and has not failed; nothing is waited for", async () => {
  await deferredTask(api.db, { runKey }, { trigger: { case: "token", value: {} } }, at);
  const where = { runId_ix_mapIx: { runId: BigInt(runKey), ix: 0, mapIx: -1 } };
  await api.db.prisma.taskInstance.update({ where, data: { state: TaskState.SCHEDULED } });
  const { taskInstance, attempts } = await tasks().getTaskInstance({ runId, taskId: "a" });
  expect(taskInstance).toMatchObject({ state: TaskState.SCHEDULED });
  expect(taskInstance!.waiting).toBeUndefined();
  expect(attempts).toMatchObject([{ state: TaskState.DEFERRED }]);
});

test("callbacks of a run and its tasks are listed newest first, by name, page by page", async () => {
  const failure = Uint8Array.from(
    toBinary(FailureSchema, create(FailureSchema, { message: "no route" })),
  );
  const row = {
    ...{ runId: BigInt(runKey), mapIx: -1, attempt: 1, event: 1, ordinal: 0 },
    ...{ state: 1, tries: 2, happenedAt: at },
  };
  await api.db.prisma.callbackDelivery.createMany({
    data: [
      { ...row, ix: 0, failure, nextTryAt: new Date(at.getTime() + 60_000) },
      { ...row, ix: -1, state: 2, endedAt: at, happenedAt: new Date(at.getTime() + 1_000) },
    ],
  });
  const list = (more: object) => tasks().listCallbackDeliveries({ runId, ...more });
  const first = await list({ pageSize: 1 });
  expect(first.deliveries).toMatchObject([
    { runId, taskId: "", name: "mail", state: DeliveryState.DELIVERED, tries: 2 },
  ]);
  const second = await list({ pageSize: 1, pageToken: first.nextPageToken });
  expect(second).toMatchObject({
    deliveries: [
      {
        ...{ taskId: "a", mapIndex: -1, tryNumber: 1, event: CallbackEvent.SUCCESS },
        ...{ name: "slack", state: DeliveryState.PENDING, failure: { message: "no route" } },
      },
    ],
    nextPageToken: "",
  });
  expect((await list({ taskId: "a" })).deliveries).toHaveLength(1);
  expect((await list({ taskId: "b" })).deliveries).toEqual([]);
  expect(await reasonOf(list({ taskId: "c" }))).toBe("TASK_NOT_FOUND");
  expect(await reasonOf(list({ runId: "run_zzzz" }))).toBe("RUN_NOT_FOUND");
  const other = { pageToken: first.nextPageToken, taskId: "a" };
  expect(await reasonOf(list(other))).toBe("PAGE_TOKEN_INVALID");
});
