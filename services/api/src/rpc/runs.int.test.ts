import { Code } from "@connectrpc/connect";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { runIdOf, runKeyOf } from "@millrace/wire";
import {
  DagRunService,
  DagService,
  ReasonKind,
  RunState,
  RunType,
  TaskInstanceService,
  TaskState,
} from "@millrace/wire/v1";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf, take } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
let owner: FakeOwner;
beforeAll(async () => {
  api = await startTestApi();
  owner = startFakeOwner(api);
  const schema = JSON.stringify({
    type: "object",
    properties: { region: { type: "string", default: "eu" } },
  });
  await api.grpc(DagService).registerDags({
    requestId: requestId(),
    folder: "runs",
    dags: [
      chainSpec("etl", ["extract", "transform", "load"], { paramsSchema: schema }),
      chainSpec("other", ["a"]),
    ],
  });
});
afterAll(async () => {
  owner.stop();
  await api[Symbol.asyncDispose]();
});

const json = (value: unknown) => ({ data: new TextEncoder().encode(JSON.stringify(value)) });

async function trigger(dagId = "etl"): Promise<string> {
  const { run } = await api.grpc(DagRunService).triggerDagRun({ requestId: requestId(), dagId });
  return run!.runId;
}

/** Puts a run and its first task instances into states, as its owner would: all at once. */
async function set(
  runId: string,
  state: RunState,
  tasks: Partial<Record<number, TaskState>> = {},
): Promise<void> {
  const runKey = BigInt(runKeyOf(runId)!);
  const isFinal = state === RunState.SUCCESS || state === RunState.FAILED;
  const now = new Date();
  await api.db.prisma.$transaction(async (tx) => {
    await tx.run.update({
      where: { id: runKey },
      data: {
        state,
        startedAt: state === RunState.QUEUED ? null : now,
        endedAt: isFinal ? now : null,
        revision: { increment: 1 },
      },
    });
    for (const [ix, taskState] of Object.entries(tasks)) {
      const isRunning = taskState === TaskState.RUNNING;
      const columns = {
        state: taskState!,
        attempt: 1,
        sessionKey: 1,
        startedAt: now,
        readyAt: now,
        endedAt: isRunning ? null : now,
      };
      await tx.taskInstance.upsert({
        where: { runId_ix_mapIx: { runId: runKey, ix: Number(ix), mapIx: -1 } },
        create: { runId: runKey, ix: Number(ix), mapIx: -1, ...columns },
        update: columns,
      });
    }
  });
}

describe.each(["http", "grpc"] as const)("over %s", (transport) => {
  test("a run is made with complete params, by its owner", async () => {
    const { run } = await api[transport](DagRunService).triggerDagRun({
      requestId: requestId(),
      dagId: "etl",
      note: "why",
    });
    expect(run).toMatchObject({
      dagId: "etl",
      dagVersion: 1,
      state: RunState.QUEUED,
      runType: RunType.MANUAL,
      note: "why",
      triggeredBy: "user:admin",
    });
    expect(JSON.parse(Buffer.from(run!.params!.data).toString())).toEqual({ region: "eu" });
    expect((await api[transport](DagRunService).getDagRun({ runId: run!.runId })).run).toEqual(run);
  });

  test("params that break the schema are refused by field", async () => {
    const call = api[transport](DagRunService).triggerDagRun({
      requestId: requestId(),
      dagId: "etl",
      params: json({ region: 5 }),
    });
    expect(await refusalOf(call)).toMatchObject({
      reason: "PARAMS_INVALID",
      code: Code.InvalidArgument,
      message: "params.region must be string, got 5",
    });
  });
});

test("the same request id gets the first run, another request under it is refused", async () => {
  const runs = api.grpc(DagRunService);
  const request = { requestId: requestId(), dagId: "etl" };
  const first = await runs.triggerDagRun(request);
  expect((await runs.triggerDagRun(request)).run?.runId).toBe(first.run?.runId);
  expect(await reasonOf(runs.triggerDagRun({ ...request, note: "x" }))).toBe("REQUEST_ID_REUSED");
});

test("what nobody can make a run of is refused", async () => {
  const runs = api.grpc(DagRunService);
  expect(await reasonOf(runs.triggerDagRun({ requestId: requestId(), dagId: "nope" }))).toBe(
    "DAG_NOT_FOUND",
  );
  expect(await reasonOf(runs.triggerDagRun({ dagId: "etl" }))).toBe("REQUEST_ID_MISSING");
  expect(
    await reasonOf(
      runs.triggerDagRun({ requestId: requestId(), dagId: "etl", note: "x".repeat(1001) }),
    ),
  ).toBe("FIELD_INVALID");
  expect(await reasonOf(runs.getDagRun({ runId: "run_zzzz" }))).toBe("RUN_NOT_FOUND");
  expect(await reasonOf(runs.getDagRun({ runId: "../etc" }))).toBe("RUN_NOT_FOUND");
});

test("a refusal of the owner is the caller's", async () => {
  const before = owner.onCommand;
  owner.onCommand = () =>
    Promise.resolve({
      case: "refusal",
      value: { reason: "LOGICAL_DATE_TAKEN", message: "taken", metadata: { a: "b" } },
    });
  const call = api
    .http(DagRunService)
    .triggerDagRun({ requestId: requestId(), dagId: "etl", logicalDate: timestampFromMs(0) });
  expect(await refusalOf(call)).toMatchObject({
    reason: "LOGICAL_DATE_TAKEN",
    message: "taken",
    metadata: { a: "b" },
    code: Code.AlreadyExists,
  });
  owner.onCommand = before;
});

test("a command whose owner has lost the shard finds the new one", async () => {
  const before = owner.onCommand;
  const other = startFakeOwner(api, "owner-b");
  owner.beat();
  owner.onCommand = () => {
    owner.beat([]);
    other.beat();
    return Promise.resolve({
      case: "refusal",
      value: { reason: "NOT_OWNER", message: "", metadata: {} },
    });
  };
  expect(await trigger()).toMatch(/^run_/);
  owner.onCommand = before;
  other.stop();
  owner.beat(Array.from({ length: 64 }, (_, shard) => shard));
});

test("cancelling says how the run is afterwards", async () => {
  const runId = await trigger();
  const { run } = await api.http(DagRunService).cancelDagRun({ requestId: requestId(), runId });
  expect(run).toMatchObject({ runId, state: RunState.FAILED });
  expect(
    await reasonOf(
      api.http(DagRunService).cancelDagRun({ requestId: requestId(), runId: "run_zzzz" }),
    ),
  ).toBe("RUN_NOT_FOUND");
});

test("pages of runs are newest first, whole, and filtered", async () => {
  const runIds = [
    await trigger("other"),
    await trigger("other"),
    await trigger("other"),
  ].toReversed();
  await set(runIds[2]!, RunState.SUCCESS);
  const runs = api.http(DagRunService);
  const first = await runs.listDagRuns({ dagId: "other", pageSize: 2 });
  const second = await runs.listDagRuns({
    dagId: "other",
    pageSize: 2,
    pageToken: first.nextPageToken,
  });
  expect([...first.runs, ...second.runs].map(({ runId }) => runId)).toEqual(runIds);
  expect(second.nextPageToken).toBe("");
  expect(
    (await runs.listDagRuns({ dagId: "other", states: [RunState.SUCCESS] })).runs.map(
      ({ runId }) => runId,
    ),
  ).toEqual([runIds[2]]);
  expect((await runs.listDagRuns({ runTypes: [RunType.SCHEDULED] })).runs).toEqual([]);

  const everything: string[] = [];
  for (let pageToken = ""; ;) {
    const page = await runs.listDagRuns({ pageSize: 3, pageToken });
    everything.push(...page.runs.map(({ runId }) => runId));
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  expect(new Set(everything).size).toBe(everything.length);
  expect(everything.slice(0, 3)).toEqual(runIds);
});

test("task instances without rows are derived from the graph", async () => {
  const runId = await trigger();
  await set(runId, RunState.RUNNING, { 0: TaskState.SUCCESS });
  const instances = api.http(TaskInstanceService);
  const { taskInstances } = await instances.listTaskInstances({ runId });
  expect(taskInstances.map(({ taskId, state }) => [taskId, state])).toEqual([
    ["extract", TaskState.SUCCESS],
    ["transform", TaskState.SCHEDULED],
    ["load", TaskState.NONE],
  ]);
  expect(taskInstances[1]?.readyAt).toEqual(taskInstances[0]?.endedAt);
  const some = await instances.listTaskInstances({
    runId,
    states: [TaskState.NONE, TaskState.SCHEDULED],
    pageSize: 1,
  });
  expect(some.taskInstances.map(({ taskId }) => taskId)).toEqual(["transform"]);
  const more = await instances.listTaskInstances({
    runId,
    states: [TaskState.NONE, TaskState.SCHEDULED],
    pageSize: 1,
    pageToken: some.nextPageToken,
  });
  expect(more.taskInstances.map(({ taskId }) => taskId)).toEqual(["load"]);
});

test("a task instance shows its attempts, oldest first", async () => {
  const runId = await trigger();
  await set(runId, RunState.RUNNING, { 0: TaskState.SUCCESS });
  await api.db.prisma.taskInstance.updateMany({
    where: { runId: BigInt(runKeyOf(runId)!) },
    data: { attempt: 2, out: Buffer.from("42") },
  });
  await api.db.prisma.taskInstanceAttempt.create({
    data: {
      runId: BigInt(runKeyOf(runId)!),
      ix: 0,
      mapIx: -1,
      attempt: 1,
      state: TaskState.FAILED,
      startedAt: new Date(0),
      endedAt: new Date(1),
    },
  });
  const instances = api.grpc(TaskInstanceService);
  const { taskInstance, attempts } = await instances.getTaskInstance({ runId, taskId: "extract" });
  expect(taskInstance).toMatchObject({ state: TaskState.SUCCESS, tryNumber: 2 });
  expect(attempts.map(({ tryNumber, state }) => [tryNumber, state])).toEqual([
    [1, TaskState.FAILED],
    [2, TaskState.SUCCESS],
  ]);
  const { xcoms } = await instances.listXComs({ runId, taskId: "extract" });
  expect(xcoms.map(({ key, value }) => [key, Buffer.from(value!.data).toString()])).toEqual([
    ["return_value", "42"],
  ]);
  expect((await instances.getTaskInstance({ runId, taskId: "load" })).taskInstance).toMatchObject({
    state: TaskState.NONE,
    tryNumber: 0,
  });
  expect(await reasonOf(instances.getTaskInstance({ runId, taskId: "nope" }))).toBe(
    "TASK_NOT_FOUND",
  );
});

test.each([0, 3, -2, 2 ** 31 - 1])(
  "a task that is not mapped has no instance with map_index %i, whatever is asked about it",
  async (mapIndex) => {
    const runId = await trigger();
    await set(runId, RunState.RUNNING, { 0: TaskState.SUCCESS });
    const instances = api.http(TaskInstanceService);
    const of = { runId, taskId: "extract", mapIndex };
    const calls = {
      getTaskInstance: () => instances.getTaskInstance(of),
      readLogs: () => instances.readLogs(of),
      tailLogs: () => take(instances.tailLogs(of), 1),
      explainTaskInstance: () => instances.explainTaskInstance(of),
      listXComs: () => instances.listXComs(of),
    };
    for (const [name, call] of Object.entries(calls)) {
      expect(await refusalOf(call()), name).toMatchObject({
        reason: "TASK_NOT_FOUND",
        message: `The task "extract" is not mapped and has no instance with map_index ${mapIndex}; leave map_index out.`,
        metadata: { run_id: runId, task_id: "extract", map_index: String(mapIndex) },
      });
    }
    const found = await instances.getTaskInstance({ ...of, mapIndex: -1 });
    expect(found.taskInstance?.state).toBe(TaskState.SUCCESS);
  },
);

test("the grid shows the newest runs by the tasks of the newest version", async () => {
  const runId = await trigger();
  await set(runId, RunState.RUNNING, { 0: TaskState.RUNNING });
  const { taskIds, columns } = await api
    .http(DagRunService)
    .getDagGrid({ dagId: "etl", runCount: 1 });
  expect(taskIds).toEqual(["extract", "transform", "load"]);
  expect(columns).toMatchObject([
    { run: { runId }, states: [TaskState.RUNNING, TaskState.NONE, TaskState.NONE] },
  ]);
});

test("why a task waits is answered by the owner, and where there is none, that is why", async () => {
  const runId = await trigger();
  await set(runId, RunState.RUNNING);
  const instances = api.http(TaskInstanceService);
  expect((await instances.explainTaskInstance({ runId, taskId: "extract" })).reasons).toMatchObject(
    [{ kind: ReasonKind.NO_WORKER_FOR_QUEUE }],
  );
  owner.beat([], { isLeaving: true });
  owner.stop();
  const alone = await instances.explainTaskInstance({ runId, taskId: "extract" });
  expect(alone).toMatchObject({
    state: TaskState.SCHEDULED,
    reasons: [{ kind: ReasonKind.NO_OWNER }],
  });
  expect(
    await reasonOf(api.http(DagRunService).triggerDagRun({ requestId: requestId(), dagId: "etl" })),
  ).toBe("NOT_OWNER");
  owner = startFakeOwner(api);
});

describe("following a run", () => {
  test("first everything that has a state, then what changed and what it made ready, then the end", async () => {
    const runId = await trigger();
    await set(runId, RunState.RUNNING, { 0: TaskState.RUNNING });
    const seen: [string, TaskState][][] = [];
    const states: RunState[] = [];
    for await (const { run, taskInstances } of api.grpc(DagRunService).watchDagRun({ runId })) {
      states.push(run!.state);
      seen.push(taskInstances.map(({ taskId, state }) => [taskId, state]));
      const runKey = BigInt(runKeyOf(runId)!);
      if (seen.length === 1) {
        await set(runId, RunState.RUNNING, { 0: TaskState.SUCCESS });
        owner.changed({
          runKey,
          revision: 2n,
          state: RunState.RUNNING,
          taskInstances: [
            { runId, taskId: "extract", mapIndex: -1, state: TaskState.SUCCESS, tryNumber: 1 },
          ],
        });
      } else if (seen.length === 2) {
        await set(runId, RunState.SUCCESS, { 1: TaskState.SUCCESS, 2: TaskState.SUCCESS });
        // Says nothing of the task instances: the end is told by the rows.
        owner.changed({ runKey, revision: 3n, state: RunState.SUCCESS });
      }
    }
    expect(seen[0]).toEqual([["extract", TaskState.RUNNING]]);
    expect(seen[1]).toEqual([
      ["extract", TaskState.SUCCESS],
      ["transform", TaskState.SCHEDULED],
    ]);
    expect(seen[2]).toEqual([
      ["transform", TaskState.SUCCESS],
      ["load", TaskState.SUCCESS],
    ]);
    expect(states).toEqual([RunState.RUNNING, RunState.RUNNING, RunState.SUCCESS]);
  });

  test("a run whose owner says nothing is followed by its rows", async () => {
    const runId = await trigger();
    await set(runId, RunState.RUNNING);
    const seen: RunState[] = [];
    for await (const { run } of api.http(DagRunService).watchDagRun({ runId })) {
      seen.push(run!.state);
      if (seen.length === 1) await set(runId, RunState.FAILED);
    }
    expect(seen).toEqual([RunState.RUNNING, RunState.FAILED]);
  });

  test("a run that is not there cannot be followed", async () => {
    const watching = async (): Promise<void> => {
      for await (const _ of api.http(DagRunService).watchDagRun({ runId: runIdOf(999_999) }))
        throw new Error("answered");
    };
    expect(await reasonOf(watching())).toBe("RUN_NOT_FOUND");
  });
});
