import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  CallbackEvent,
  DagRunSchema,
  DeliveryState,
  ErrorInfoSchema,
  FailureKind,
  InputFormSchema,
  InputRequestSchema,
  InputState,
  TaskState,
  ValueSchema,
  type AnswerInputRequest,
  type CompleteTaskTokenRequest,
  type HeartbeatTaskTokenRequest,
  type InputRequest,
  type ListInputRequestsRequest,
  type TaskInstanceSchema,
} from "@millrace/wire/v1";
import { describe, expect, test } from "vitest";
import { serve } from "./test-server.ts";
import { Client, decodeValue, encodeValue, MillraceError } from "../index.ts";

const at = timestampFromMs(Date.UTC(2026, 0, 1));
const day = new Date(Date.UTC(2026, 0, 1));
const schema = { type: "object", properties: { amount: { type: "number" } } };
const form = {
  subject: "Pay?",
  body: "",
  schema: JSON.stringify(schema),
  assignees: ["user:anna"],
};

function refusal(code: Code, reason: string): ConnectError {
  const value = { reason, domain: "millrace", metadata: {} };
  return new ConnectError("refused", code, undefined, [{ desc: ErrorInfoSchema, value }]);
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const anInput = (entry: Partial<Omit<InputRequest, "$typeName" | "$unknown">>) =>
  create(InputRequestSchema, {
    ...{ runId: "run_1", taskId: "pay", mapIndex: -1 },
    form: create(InputFormSchema, form),
    ...entry,
  });

describe("what people are asked", () => {
  test("comes page by page, of a DAG, a run, in states", async () => {
    const requests: ListInputRequestsRequest[] = [];
    await using server = await serve({
      listInputRequests(request) {
        requests.push(request);
        return request.pageToken === ""
          ? {
              inputRequests: [anInput({ state: InputState.OPEN, askedAt: at, dagId: "payments" })],
              nextPageToken: "2",
            }
          : {
              inputRequests: [
                anInput({
                  ...{ state: InputState.ANSWERED, answeredBy: "user:anna", mapIndex: 3 },
                  answer: create(ValueSchema, {
                    data: encodeValue({ amount: 1, on: day }),
                  }),
                }),
              ],
            };
      },
    });
    const [open, answered] = await listed(
      server.client.inputs({ dag: "payments", run: { id: "run_1" }, states: ["open", "answered"] }),
    );
    expect(open).toMatchObject({
      ...{ runId: "run_1", dagId: "payments", taskId: "pay", mapIndex: null, state: "open" },
      ...{ askedAt: day, timeoutAt: null, answeredBy: null, answer: undefined },
      form: { subject: "Pay?", schema, defaults: undefined, assignees: ["user:anna"] },
    });
    expect(answered).toMatchObject({
      ...{ mapIndex: 3, state: "answered", answeredBy: "user:anna" },
      answer: { amount: 1, on: day },
    });
    expect(requests[0]).toMatchObject({
      ...{ dagId: "payments", runId: "run_1" },
      states: [InputState.OPEN, InputState.ANSWERED],
    });
  });

  test("is answered with plain JSON, by what was listed or by where it is", async () => {
    const requests: AnswerInputRequest[] = [];
    await using server = await serve({
      listInputRequests: () => ({ inputRequests: [anInput({ state: InputState.OPEN })] }),
      answerInput(request) {
        requests.push(request);
        return {};
      },
    });
    const [input] = await listed(server.client.inputs());
    await server.client.answer(input!, { amount: 5, $: "plain" });
    await server.client.answer({ runId: "run_1", taskId: "pay", mapIndex: 2 }, {});
    expect(requests[0]).toMatchObject({ runId: "run_1", taskId: "pay" });
    expect(requests[0]?.mapIndex).toBeUndefined();
    expect(new TextDecoder().decode(requests[0]?.values?.data)).toBe('{"amount":5,"$":"plain"}');
    expect(requests[1]?.mapIndex).toBe(2);
    expect(new Set(requests.map(({ requestId }) => requestId)).size).toBe(2);
  });
});

describe("a task token", () => {
  test("is completed, failed and kept alive, and no key is needed", async () => {
    const ended: CompleteTaskTokenRequest[] = [];
    const beaten: HeartbeatTaskTokenRequest[] = [];
    await using server = await serve({
      completeTaskToken(request) {
        ended.push(request);
        return {};
      },
      heartbeatTaskToken(request) {
        beaten.push(request);
        return {};
      },
    });
    const stranger = new Client({ url: server.url });
    await stranger.completeToken("a.b", { score: 12n });
    await stranger.completeToken("a.b");
    await stranger.failToken("a.b", { message: "no GPU", type: "NoGpu" });
    await stranger.failToken("a.b", { message: "never", retryable: false });
    await stranger.heartbeatToken("a.b");
    const outcomes = ended.map(({ outcome }) => outcome);
    const values = outcomes.slice(0, 2).map((it) => it.case === "success" && it.value.data);
    expect(values.map((data) => decodeValue(data as Uint8Array))).toEqual([
      { score: 12n },
      undefined,
    ]);
    expect(outcomes.slice(2)).toMatchObject([
      { case: "failure", value: { message: "no GPU", type: "NoGpu", retryable: true } },
      { case: "failure", value: { message: "never", type: "", retryable: false } },
    ]);
    expect([...ended, ...beaten].map(({ token }) => token)).toEqual(Array(5).fill("a.b"));
    expect(new Set([...ended, ...beaten].map(({ requestId }) => requestId)).size).toBe(5);
    expect([...server.keys]).toEqual([null]);
  });

  test("of a task that still runs is brought again under the same id; one that was used is not", async () => {
    const ids: string[] = [];
    await using server = await serve({
      completeTaskToken({ requestId }) {
        ids.push(requestId);
        if (ids.length === 1) throw refusal(Code.Unavailable, "TASK_NOT_DEFERRED");
        if (ids.length === 3) throw refusal(Code.FailedPrecondition, "TASK_TOKEN_USED");
        return {};
      },
    });
    await server.client.completeToken("a.b", 1);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    const used = server.client.completeToken("a.b", 1);
    await expect(used).rejects.toThrow(MillraceError);
    await expect(used).rejects.toMatchObject({ reason: "TASK_TOKEN_USED" });
  });
});

const run = create(DagRunSchema, { runId: "run_1", dagId: "etl" });

test("a task that waits says for what, until when, and who watches", async () => {
  const waits: MessageInitShape<typeof TaskInstanceSchema>["waiting"][] = [
    { for: { case: "until", value: at }, since: at },
    { for: { case: "token", value: { heartbeat: durationFromMs(1_000) } }, timeoutAt: at },
    { for: { case: "form", value: form } },
    { for: { case: "summary", value: "the file" }, handler: "file" },
    {},
    undefined,
  ];
  await using server = await serve({
    getDagRun: () => ({ run }),
    listTaskInstances: () => ({
      taskInstances: waits.map((waiting) => ({
        ...{ taskId: "a", mapIndex: -1, state: TaskState.DEFERRED },
        ...(waiting && { waiting }),
      })),
    }),
  });
  const tasks = await listed((await server.client.run("run_1")).tasks());
  expect(tasks.map(({ waiting }) => waiting)).toMatchObject([
    { for: "time", until: day, since: day, timeoutAt: null, form: null, watch: null },
    { for: "token", until: null, timeoutAt: day },
    { for: "input", form: { subject: "Pay?", schema } },
    { for: "watch", watch: { handler: "file", summary: "the file" } },
    { for: "unknown" },
    null,
  ]);
});

test("callbacks of a run and its tasks say how far they are", async () => {
  const asked: string[] = [];
  await using server = await serve({
    getDagRun: () => ({ run }),
    listCallbackDeliveries({ taskId, pageToken }) {
      asked.push(`${taskId} ${pageToken}`);
      if (pageToken !== "")
        return { deliveries: [{ taskId: "", mapIndex: -1, event: 9 as CallbackEvent }] };
      const failure = { kind: FailureKind.APPLICATION, message: "no route" };
      const delivery = {
        ...{ taskId: "a", mapIndex: 2, tryNumber: 1, name: "slack", tries: 3, failure },
        ...{ event: CallbackEvent.FAILURE, state: DeliveryState.PENDING },
        ...{ happenedAt: at, nextTryAt: at },
      };
      return { deliveries: [delivery], nextPageToken: "2" };
    },
  });
  const held = await server.client.run("run_1");
  expect(await listed(held.callbacks())).toMatchObject([
    {
      ...{ taskId: "a", mapIndex: 2, event: "failure", name: "slack", state: "pending", tries: 3 },
      ...{ failure: { message: "no route" }, happenedAt: day, nextTryAt: day, endedAt: null },
    },
    { taskId: null, mapIndex: null, event: "unknown", state: "unknown" },
  ]);
  await listed(held.callbacks({ taskId: "a" }));
  expect(asked).toEqual([" ", " 2", "a ", "a 2"]);
});
