/** What people are asked, and what becomes of their answers (semantics 9.6). That a wait ends by it is the scheduler's to test. */

import { runKeyOf } from "@millrace/wire";
import { DagRunService, DagService, InputState, TaskInstanceService } from "@millrace/wire/v1";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { askingTask, inputRequest, type Form } from "../testing/waits.ts";

let api: TestApi;
let owner: FakeOwner;
let dagId: string;
let runId: string;
let runKey: number;
let serial = 0;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  owner = startFakeOwner(api, `owner-${serial}`);
  dagId = `ask_${serial++}`;
  const dags = [chainSpec(dagId, ["ask", "then"])];
  await api.grpc(DagService).registerDags({ requestId: requestId(), folder: dagId, dags });
  [runId, runKey] = await newRun();
  return () => owner.stop();
});

async function newRun(): Promise<[string, number]> {
  const { run } = await api.http(DagRunService).triggerDagRun({ requestId: requestId(), dagId });
  return [run!.runId, runKeyOf(run!.runId)!];
}

const tasks = () => api.http(TaskInstanceService);
const json = (value: unknown) => ({ data: Buffer.from(JSON.stringify(value)) });
const form: Form = {
  subject: "Pay?",
  body: "It is **much**.",
  schema: JSON.stringify({
    type: "object",
    properties: { amount: { type: "number" }, note: { type: "string", default: "-" } },
    required: ["amount"],
    additionalProperties: false,
  }),
};

function answer(values: unknown, more: object = {}) {
  const request = { requestId: requestId(), runId, taskId: "ask", values: json(values), ...more };
  return tasks().answerInput(request);
}

describe("an answer", () => {
  test("goes to the owner complete, with who gave it and when", async () => {
    await askingTask(api.db, { runKey }, form);
    await answer({ amount: 5 });
    const [wait] = owner.ended;
    expect(wait).toMatchObject({ runKey: BigInt(runKey), taskIx: 0, mapIndex: -1, attempt: 0 });
    const data = wait?.news.case === "answer" ? wait.news.value.data : new Uint8Array();
    expect(JSON.parse(Buffer.from(data).toString())).toEqual({
      values: { amount: 5, note: "-" },
      by: "user:admin",
      at: { $: "date", v: expect.stringMatching(/^\d{4}-.*Z$/) as string },
    });
  });

  test("is escaped where plain JSON would mean something else in the codec", async () => {
    await askingTask(api.db, { runKey }, { ...form, schema: '{"type":"object"}' });
    await answer({ $: "date", deep: [{ $: 1 }] });
    const [wait] = owner.ended;
    const data = wait?.news.case === "answer" ? wait.news.value.data : new Uint8Array();
    expect(JSON.parse(Buffer.from(data).toString())).toMatchObject({
      values: { $: "object", v: { $: "date", deep: [{ $: "object", v: { $: 1 } }] } },
    });
  });

  test.each([
    [{ amount: "much" }, "values.amount must be number, got much"],
    [{}, "values must have required property 'amount'"],
    [{ amount: 1, tip: 2 }, 'values must not have the field "tip"'],
    [[1], "values must be object, got [1]"],
  ])(
    "that breaks the schema is refused by field, and nobody hears of it: %j",
    async (values, why) => {
      await askingTask(api.db, { runKey }, form);
      const refusal = await refusalOf(answer(values));
      expect(refusal.reason).toBe("INPUT_INVALID");
      expect(refusal.message.replaceAll('\\"', "").replace('"much"', "much")).toContain(why);
      expect(owner.ended).toEqual([]);
    },
  );

  test("is for those whom the form names", async () => {
    await askingTask(api.db, { runKey }, { ...form, assignees: ["user:anna", "user:ben"] });
    expect(await refusalOf(answer({ amount: 1 }))).toMatchObject({
      reason: "INPUT_NOT_YOURS",
      metadata: { assignees: "user:anna,user:ben", caller: "user:admin" },
    });
    await askingTask(api.db, { runKey, ix: 1 }, { ...form, assignees: ["user:admin"] });
    await answer({ amount: 1 }, { taskId: "then" });
    expect(owner.ended).toHaveLength(1);
  });

  test("to what never asked, or does no more, is refused", async () => {
    expect(await reasonOf(answer({ amount: 1 }))).toBe("INPUT_NOT_AWAITED");
    expect(await reasonOf(answer({ amount: 1 }, { taskId: "none" }))).toBe("TASK_NOT_FOUND");
    expect(await reasonOf(answer({ amount: 1 }, { runId: "run_zzzz" }))).toBe("RUN_NOT_FOUND");
    await inputRequest(api.db, { runKey }, form, new Date(), { state: 4 });
    owner.onCommand = () =>
      Promise.resolve({
        case: "refusal",
        value: { reason: "INPUT_NOT_AWAITED", message: "Answered already.", metadata: {} },
      });
    expect(await refusalOf(answer({ amount: 1 }))).toMatchObject({
      reason: "INPUT_NOT_AWAITED",
      message: "Answered already.",
    });
  });

  test("that comes again is answered as before, though the form is closed, or another one open", async () => {
    await askingTask(api.db, { runKey }, form);
    const request = { requestId: requestId(), runId, taskId: "ask", values: json({ amount: 1 }) };
    await tasks().answerInput(request);
    await api.db.prisma.inputRequest.updateMany({
      where: { runId: BigInt(runKey) },
      data: { state: 4, endedAt: new Date() },
    });
    const other = { subject: "?", schema: '{"type":"object","required":["other"]}' };
    await inputRequest(api.db, { runKey }, other, new Date(), { attempt: 2 });
    await tasks().answerInput(request);
    await api.db.prisma.run.delete({ where: { id: BigInt(runKey) } });
    await tasks().answerInput(request);
    expect(owner.ended).toHaveLength(1);
    expect(await reasonOf(tasks().answerInput({ ...request, taskId: "then" }))).toBe(
      "REQUEST_ID_REUSED",
    );
  });
});

describe("what people were asked", () => {
  const ago = (seconds: number) => new Date(Date.UTC(2026, 0, 1) - seconds * 1_000);
  const list = (more: object = {}) => tasks().listInputRequests({ dagId, ...more });

  test("is listed newest first over all runs, page by page, with what names it", async () => {
    const [otherRunId, otherKey] = await newRun();
    await inputRequest(api.db, { runKey }, form, ago(1));
    await inputRequest(api.db, { runKey: otherKey }, form, ago(3));
    await inputRequest(api.db, { runKey, ix: 1 }, form, ago(2));
    // Of the same moment: their place decides.
    await inputRequest(api.db, { runKey, ix: 1, mapIx: 0 }, form, ago(2));
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await list({ pageSize: 1, pageToken });
      expect(page.inputRequests).toHaveLength(1);
      seen.push(...page.inputRequests.map((it) => `${it.runId} ${it.taskId} ${it.mapIndex}`));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual([
      `${runId} ask -1`,
      `${runId} then 0`,
      `${runId} then -1`,
      `${otherRunId} ask -1`,
    ]);
    const { inputRequests } = await list({ pageSize: 1 });
    expect(inputRequests[0]).toMatchObject({
      dagId,
      runName: `manual__${runKey}`,
      tryNumber: 1,
      form: { subject: "Pay?", body: "It is **much**." },
      state: InputState.OPEN,
      answeredBy: "",
    });
  });

  test("is counted while it is open", async () => {
    const count = async () => (await tasks().countInputRequests({})).openCount;
    const before = await count();
    const { inputRequests } = await list();
    expect(before).toBeGreaterThanOrEqual(inputRequests.length);
    await api.db.pool.query("UPDATE input_request SET state = 4, ended_at = now() WHERE state = 1");
    expect(await count()).toBe(0);
  });

  test("is open unless other states are asked for; of one run, and of one DAG", async () => {
    await inputRequest(api.db, { runKey }, form, ago(1));
    const answered = { state: 2, answeredBy: "user:admin", answer: '{"amount":1}' };
    await inputRequest(api.db, { runKey, ix: 1 }, form, ago(2), answered);
    await inputRequest(api.db, { runKey, ix: 1 }, form, ago(3), { state: 4, attempt: 2 });
    const states = async (more: object) =>
      (await list(more)).inputRequests.map(({ state }) => state);
    const { OPEN, ANSWERED, WITHDRAWN } = InputState;
    expect(await states({})).toEqual([OPEN]);
    expect(await states({ states: [ANSWERED] })).toEqual([ANSWERED]);
    expect(await states({ states: [WITHDRAWN, OPEN, ANSWERED] })).toEqual([
      OPEN,
      ANSWERED,
      WITHDRAWN,
    ]);
    expect(await states({ runId, states: [WITHDRAWN, OPEN] })).toEqual([OPEN, WITHDRAWN]);
    expect(await states({ runId, dagId: "another" })).toEqual([]);
    expect(await states({ dagId: "another" })).toEqual([]);
    const [one] = (await list({ states: [ANSWERED] })).inputRequests;
    expect(one).toMatchObject({ answeredBy: "user:admin", taskId: "then" });
    expect(Buffer.from(one!.answer!.data).toString()).toBe('{"amount":1}');
  });

  test("a page token is good with its own filters only", async () => {
    await inputRequest(api.db, { runKey }, form, ago(1));
    await inputRequest(api.db, { runKey, ix: 1 }, form, ago(2));
    const { nextPageToken } = await list({ pageSize: 1 });
    expect(await reasonOf(list({ runId, pageToken: nextPageToken }))).toBe("PAGE_TOKEN_INVALID");
    expect(await reasonOf(list({ pageToken: "x" }))).toBe("PAGE_TOKEN_INVALID");
    expect(await reasonOf(list({ pageSize: -1 }))).toBe("FIELD_INVALID");
    expect(await reasonOf(list({ states: [99] }))).toBe("FIELD_INVALID");
  });
});
