/** Every call that changes something: the same request twice has one effect and one answer, another body is refused. */

import { createHash } from "node:crypto";
import { durationFromMs, MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { methodName } from "@millrace/service";
import { attemptIdOf, runKeyOf } from "@millrace/wire";
import {
  DagRunService,
  DagService,
  RunState,
  SystemService,
  TaskInstanceService,
  TaskState,
} from "@millrace/wire/v1";
import { WorkerService } from "@millrace/wire/worker";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { askingTask, deferredTask } from "../testing/waits.ts";
import { openTestSession } from "../testing/test-worker.ts";

let api: TestApi;
let owner: FakeOwner;
/** Two DAGs of this test's own, and their folder. */
let one: string;
let two: string;
let folder: string;
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
  serial += 1;
  [one, two, folder] = [`one_${serial}`, `two_${serial}`, `folder_${serial}`];
  await register();
});

async function register(): Promise<void> {
  const dags = [chainSpec(one, ["a"]), chainSpec(two, ["a"])];
  await api.http(DagService).registerDags({ requestId: requestId(), folder, dags });
}

async function trigger(dagId = one): Promise<string> {
  const { run } = await api.http(DagRunService).triggerDagRun({ requestId: requestId(), dagId });
  return run!.runId;
}

const attemptId = (runKey: number): string =>
  attemptIdOf({ shard: 1, runKey, ix: 0, mapIx: -1, attempt: 1 });

/** Everything that a call can change, except what is kept about requests. */
async function footprint(): Promise<unknown> {
  const { prisma } = api.db;
  return {
    dags: await prisma.dag.findMany({ orderBy: { dagId: "asc" } }),
    versions: await prisma.dagVersion.count(),
    runs: await prisma.run.findMany({ orderBy: { id: "asc" } }),
    bundles: await prisma.bundle.count(),
    credentials: await prisma.credential.findMany({ orderBy: { id: "asc" } }),
    sessions: await prisma.workerSession.findMany({ orderBy: { key: "asc" } }),
    logs: await prisma.taskLog.findMany(),
    results: owner.results.waiting.flatMap((batch) => batch.results),
    inventories: owner.inventories.waiting,
    ended: [...owner.ended],
    beaten: [...owner.beaten],
  };
}

type Asked = {
  /** Without the request id. */
  readonly body: object;
  /** Another body that would be as good; null where the request id is all there is to say, or says who asks. */
  readonly other: object | null;
  call(request: object): Promise<unknown>;
};

function bundle(text: string): object {
  const content = Buffer.from(text);
  return { digest: createHash("sha256").update(content).digest("hex"), content };
}

/** A DAG with a run that has begun, for its log. */
async function begunRun(): Promise<number> {
  const runKey = runKeyOf(await trigger())!;
  await api.db.prisma.run.update({
    where: { id: runKey },
    data: { state: 2, startedAt: new Date() },
  });
  await api.db.prisma.taskInstance.create({
    data: {
      runId: BigInt(runKey),
      ix: 0,
      mapIx: -1,
      state: TaskState.RUNNING,
      attempt: 1,
      sessionKey: 1,
      startedAt: new Date(),
    },
  });
  return runKey;
}

/** The token of a run's task that waits for it. */
async function taskToken(): Promise<string> {
  const runKey = runKeyOf(await trigger())!;
  await deferredTask(api.db, { runKey }, { trigger: { case: "token", value: {} } });
  const { worker, session } = await openTestSession(api);
  return (await worker.makeTaskToken({ session, attemptId: attemptId(runKey) })).token;
}

async function consoleCookie(): Promise<string> {
  const answer = await post("Login", { requestId: requestId(), token: api.keys.adminKey });
  return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

function post(method: string, body: object, cookie?: string): Promise<Response> {
  return fetch(`${api.httpUrl}/millrace.v1.SystemService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(cookie === undefined ? {} : { cookie }) },
    body: JSON.stringify(body),
  });
}

const asked: Record<string, () => Promise<Asked> | Asked> = {
  "millrace.v1.DagService/UploadBundle": () => ({
    body: bundle(one),
    other: bundle(two),
    call: (request) => api.http(DagService).uploadBundle(request),
  }),
  "millrace.v1.DagService/RegisterDags": () => ({
    body: { folder: `more_${serial}`, dags: [chainSpec(`three_${serial}`, ["a"])] },
    other: { folder: `more_${serial}`, dags: [chainSpec(`three_${serial}`, ["a", "b"])] },
    call: (request) => api.http(DagService).registerDags(request),
  }),
  "millrace.v1.DagService/PauseDag": () => ({
    body: { dagId: one },
    other: { dagId: two },
    call: (request) => api.http(DagService).pauseDag(request),
  }),
  "millrace.v1.DagService/UnpauseDag": async () => {
    await api.db.prisma.dag.updateMany({ data: { isPaused: true } });
    return {
      body: { dagId: one },
      other: { dagId: two },
      call: (request) => api.http(DagService).unpauseDag(request),
    };
  },
  "millrace.v1.DagService/DeleteDag": () => ({
    body: { dagId: one },
    other: { dagId: two },
    call: (request) => api.http(DagService).deleteDag(request),
  }),
  "millrace.v1.DagRunService/TriggerDagRun": () => ({
    body: { dagId: one },
    other: { dagId: one, note: "another" },
    call: (request) => api.http(DagRunService).triggerDagRun(request),
  }),
  "millrace.v1.DagRunService/CancelDagRun": async () => ({
    body: { runId: await trigger() },
    other: { runId: await trigger() },
    call: (request) => api.http(DagRunService).cancelDagRun(request),
  }),
  "millrace.v1.DagRunService/MarkDagRun": async () => {
    const runId = await trigger();
    return {
      body: { runId, state: RunState.FAILED },
      other: { runId, state: RunState.SUCCESS },
      call: (request) => api.http(DagRunService).markDagRun(request),
    };
  },
  "millrace.v1.TaskInstanceService/ClearTaskInstances": async () => {
    const runId = await trigger();
    return {
      body: { runId, selection: { instances: [{ taskId: "a" }] } },
      other: { runId, selection: { instances: [{ taskId: "a" }], downstream: true } },
      call: (request) => api.http(TaskInstanceService).clearTaskInstances(request),
    };
  },
  "millrace.v1.TaskInstanceService/MarkTaskInstances": async () => {
    const body = {
      runId: await trigger(),
      selection: { instances: [{ taskId: "a" }] },
      state: TaskState.SKIPPED,
    };
    return {
      body,
      other: { ...body, state: TaskState.SUCCESS },
      call: (request) => api.http(TaskInstanceService).markTaskInstances(request),
    };
  },
  "millrace.v1.TaskInstanceService/AnswerInput": async () => {
    const runId = await trigger();
    const form = { subject: "?", schema: '{"type":"object"}' };
    await askingTask(api.db, { runKey: runKeyOf(runId)! }, form);
    const values = (text: string) => ({ values: { data: Buffer.from(text) } });
    const body = { runId, taskId: "a" };
    return {
      body: { ...body, ...values('{"a":1}') },
      other: { ...body, ...values('{"a":2}') },
      call: (request) => api.http(TaskInstanceService).answerInput(request),
    };
  },
  "millrace.v1.TaskInstanceService/CompleteTaskToken": async () => {
    const token = await taskToken();
    const outcome = (text: string) => ({ case: "success", value: { data: Buffer.from(text) } });
    return {
      body: { token, outcome: outcome("1") },
      other: { token, outcome: outcome("2") },
      call: (request) => api.http(TaskInstanceService, null).completeTaskToken(request),
    };
  },
  // Another token is another caller.
  "millrace.v1.TaskInstanceService/HeartbeatTaskToken": async () => ({
    body: { token: await taskToken() },
    other: null,
    call: (request) => api.http(TaskInstanceService, null).heartbeatTaskToken(request),
  }),
  "millrace.v1.SystemService/CreateLoginToken": () => ({
    body: {},
    other: null,
    call: (request) => api.http(SystemService).createLoginToken(request),
  }),
  // Another token is another caller.
  "millrace.v1.SystemService/Login": () => ({
    body: { token: api.keys.adminKey },
    other: null,
    call: (request) => api.http(SystemService, null).login(request),
  }),
  "millrace.v1.SystemService/Logout": async () => {
    const cookie = await consoleCookie();
    return {
      body: {},
      other: null,
      async call(request) {
        if (Object.keys(request).length === 0) return api.http(SystemService).logout({});
        const answer = await post("Logout", request, cookie);
        return { status: answer.status, cookie: answer.headers.get("set-cookie") };
      },
    };
  },
  "millrace.worker.v1.WorkerService/OpenSession": () => ({
    body: { protocol: 1, slots: 2 },
    other: { protocol: 1, slots: 3 },
    call: (request) => api.http(WorkerService, api.keys.workerKey).openSession(request),
  }),
  "millrace.worker.v1.WorkerService/RenewSession": async () => {
    const { worker, session } = await openTestSession(api);
    return {
      body: { session, attemptIds: [attemptId(64)] },
      other: { session, attemptIds: [] },
      call: (request) => worker.renewSession(request),
    };
  },
  "millrace.worker.v1.WorkerService/CloseSession": async () => {
    const { worker, session } = await openTestSession(api);
    return {
      body: { session },
      other: { session: (await openTestSession(api)).session },
      call: (request) => worker.closeSession(request),
    };
  },
  "millrace.worker.v1.WorkerService/Lease": async () => {
    const { worker, session, key } = await openTestSession(api);
    const assignments = [64, 65].map((runKey) => ({
      sessionKey: key,
      assignment: { attemptId: attemptId(runKey) },
    }));
    owner.dispatch({ assignments });
    return {
      body: { session, max: 1, wait: durationFromMs(10_000) },
      other: { session, max: 2, wait: durationFromMs(10_000) },
      call: (request) => worker.lease(request),
    };
  },
  "millrace.worker.v1.WorkerService/Report": async () => {
    const { worker, session } = await openTestSession(api);
    const results = (message: string) => [
      { attemptId: attemptId(64), outcome: { case: "skipped" as const, value: { message } } },
    ];
    return {
      body: { session, results: results("one") },
      other: { session, results: results("two") },
      call: (request) => worker.report(request),
    };
  },
  "millrace.worker.v1.WorkerService/AppendLog": async () => {
    const id = attemptId(await begunRun());
    const { worker, session } = await openTestSession(api);
    return {
      body: { session, attemptId: id, lines: [{ seq: 1n, message: "one" }] },
      other: { session, attemptId: id, lines: [{ seq: 1n, message: "two" }] },
      call: (request) => worker.appendLog(request),
    };
  },
};

test("every unary method that changes something is in the table", () => {
  const services = [DagService, DagRunService, TaskInstanceService, SystemService, WorkerService];
  const changing = services
    .flatMap((service) => [...service.methods])
    .filter(({ idempotency }) => idempotency !== Level.NO_SIDE_EFFECTS)
    .filter(({ methodKind }) => methodKind === "unary")
    // It is the attempt that makes this one unique: trigger-dag-run.int.test.ts.
    .filter(({ name, parent }) => name !== "TriggerDagRun" || parent !== WorkerService);
  expect(Object.keys(asked).toSorted()).toEqual(changing.map(methodName).toSorted());
});

describe.each(Object.keys(asked))("%s", (method) => {
  test("without a request_id is refused", async () => {
    const { call, body } = await asked[method]!();
    const before = await footprint();
    const bare = method.endsWith("/Logout") ? {} : { ...body, requestId: "" };
    expect(await reasonOf(call(bare))).toBe("REQUEST_ID_MISSING");
    expect(await footprint()).toEqual(before);
  });

  test("twice has one effect and one answer", async () => {
    const { call, body } = await asked[method]!();
    const request = { ...body, requestId: requestId() };
    const before = await footprint();
    const answer = await call(request);
    const after = await footprint();
    // What a Lease changes is its answer alone.
    if (!method.endsWith("/Lease")) expect(after).not.toEqual(before);
    expect(await call(request)).toEqual(answer);
    expect(await footprint()).toEqual(after);
  });

  test("twice at once has one answer", async () => {
    const { call, body } = await asked[method]!();
    const request = { ...body, requestId: requestId() };
    const [one, two] = await Promise.all([call(request), call(request)]);
    expect(two).toEqual(one);
  });

  test("with another body under the same id is refused", async () => {
    const { call, body, other } = await asked[method]!();
    if (other === null) return;
    const id = requestId();
    await call({ ...body, requestId: id });
    const after = await footprint();
    const refusal = await refusalOf(call({ ...other, requestId: id }));
    expect(refusal.reason).toBe("REQUEST_ID_REUSED");
    expect(refusal.message).toContain("request_id");
    expect(await footprint()).toEqual(after);
    // It is the id that is in the way.
    await call({ ...other, requestId: requestId() });
  });
});

describe("what happened since does not make a repeated request happen again", () => {
  test("a DAG that was unpaused is not paused, and the answer is that of then", async () => {
    const dags = api.http(DagService);
    const request = { requestId: requestId(), dagId: one };
    const answer = await dags.pauseDag(request);
    await dags.unpauseDag({ requestId: requestId(), dagId: one });
    expect(await dags.pauseDag(request)).toEqual(answer);
    expect(answer.dag?.isPaused).toBe(true);
    expect((await dags.getDag({ dagId: one })).dag?.isPaused).toBe(false);
  });

  test("a DAG that was registered anew is not deleted", async () => {
    const dags = api.http(DagService);
    const request = { requestId: requestId(), dagId: one };
    await dags.deleteDag(request);
    await dags.deleteDag(request);
    await register();
    await dags.deleteDag(request);
    expect((await dags.getDag({ dagId: one })).dag?.dagId).toBe(one);
  });

  test("what was asked of a DAG that is gone has the answer of then", async () => {
    const [dags, runs] = [api.http(DagService), api.http(DagRunService)];
    const pause = { requestId: requestId(), dagId: one };
    const cancel = { requestId: requestId(), runId: await trigger() };
    const [paused, cancelled] = [await dags.pauseDag(pause), await runs.cancelDagRun(cancel)];
    await api.db.prisma.run.deleteMany({ where: { dagId: one } });
    await dags.deleteDag({ requestId: requestId(), dagId: one });
    expect(await dags.pauseDag(pause)).toEqual(paused);
    expect(await runs.cancelDagRun(cancel)).toEqual(cancelled);
  });

  test("a run that was triggered is found though the DAG refuses such a trigger now", async () => {
    const runs = api.http(DagRunService);
    const request = { requestId: requestId(), dagId: one };
    const { run } = await runs.triggerDagRun(request);
    const paramsSchema = JSON.stringify({ type: "object", required: ["region"] });
    const dags = [chainSpec(one, ["a"], { paramsSchema }), chainSpec(two, ["a"])];
    await api.http(DagService).registerDags({ requestId: requestId(), folder, dags });
    expect((await runs.triggerDagRun(request)).run?.runId).toBe(run?.runId);
    expect(await reasonOf(runs.triggerDagRun({ ...request, requestId: requestId() }))).toBe(
      "PARAMS_INVALID",
    );
  });

  test("a refused request may be sent again under its id, with another body too", async () => {
    const dags = api.http(DagService);
    const id = requestId();
    expect(await reasonOf(dags.pauseDag({ requestId: id, dagId: "nope" }))).toBe("DAG_NOT_FOUND");
    expect((await dags.pauseDag({ requestId: id, dagId: one })).dag?.isPaused).toBe(true);
  });
});
