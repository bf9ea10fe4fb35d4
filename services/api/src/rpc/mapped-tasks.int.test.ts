/** Mapped tasks of a run, as people ask for them: in numbers, and page by page. */

import { create } from "@bufbuild/protobuf";
import type { Transaction } from "@millrace/db";
import { runKeyOf } from "@millrace/wire";
import {
  DagRunService,
  DagService,
  MapAxisSchema,
  RunState,
  TaskInstanceService,
  TaskState,
  type TaskInstance,
} from "@millrace/wire/v1";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

const { NONE, SCHEDULED, RUNNING, SUCCESS, FAILED, SKIPPED, UP_FOR_RETRY } = TaskState;
const sources = [new TextEncoder().encode('{"$":"task","id":"list"}')];
const each = [create(MapAxisSchema, { sources })];

/** list → load (mapped over it) → sum */
const wide = chainSpec("wide", ["list", "load", "sum"]);
wide.tasks[1]!.each = each;
/** list → a → b, where a and b are in a group mapped over the list */
const grouped = chainSpec("grouped", ["list", "a", "b"], { groups: [{ groupId: "g", each }] });
for (const task of grouped.tasks.slice(1)) task.groupId = "g";

let api: TestApi;
let owner: FakeOwner;
let runId: string;
let runKey: bigint;
beforeAll(async () => {
  api = await startTestApi();
  owner = startFakeOwner(api);
  const dags = [wide, grouped];
  const { errors } = await api
    .grpc(DagService)
    .registerDags({ requestId: requestId(), folder: "mapped", dags });
  expect(errors).toEqual([]);
});
afterAll(async () => {
  owner.stop();
  await api[Symbol.asyncDispose]();
});
beforeEach(() => begin("wide"));

async function begin(dagId: string): Promise<void> {
  const { run } = await api.http(DagRunService).triggerDagRun({ requestId: requestId(), dagId });
  runId = run!.runId;
  runKey = BigInt(runKeyOf(runId)!);
  const data = { state: RunState.RUNNING, startedAt: new Date(), revision: 1 };
  await api.db.prisma.run.update({ where: { id: runKey }, data });
  await put(0, -1, SUCCESS);
}

/** Writes the row of an instance, as its owner would. */
async function put(
  ix: number,
  mapIx: number,
  state: TaskState,
  more: object = {},
  db: Pick<Transaction, "taskInstance"> = api.db.prisma,
): Promise<void> {
  const isOpen = state === RUNNING;
  const isCleared = state === NONE;
  const columns = {
    state,
    attempt: 1,
    uncounted: isCleared ? 1 : 0,
    sessionKey: isCleared ? null : 1,
    startedAt: isCleared ? null : new Date(1_000 + mapIx),
    endedAt: isOpen || isCleared ? null : new Date(2_000 + mapIx),
    waitUntil: state === UP_FOR_RETRY ? new Date(9_000) : null,
    ...more,
  };
  await db.taskInstance.upsert({
    where: { runId_ix_mapIx: { runId: runKey, ix, mapIx } },
    create: { runId: runKey, ix, mapIx, ...columns },
    update: columns,
  });
}

async function expand(
  ix: number,
  length: number,
  db: Pick<Transaction, "expansion"> = api.db.prisma,
): Promise<void> {
  await db.expansion.upsert({
    where: { runId_ix: { runId: runKey, ix } },
    create: { runId: runKey, ix, length },
    update: { length },
  });
}

const tasks = () => api.http(TaskInstanceService);

async function list(more: object = {}): Promise<TaskInstance[]> {
  return (await tasks().listTaskInstances({ runId, ...more })).taskInstances;
}

function counts(entry: TaskInstance | undefined): [TaskState, number][] {
  return (entry?.mapped?.counts ?? []).map(({ state, count }) => [state, count]);
}

const inStates = (entries: readonly TaskInstance[]) =>
  entries.map(({ mapIndex, state }) => [mapIndex, state]);

describe("a list of tasks", () => {
  test("has one entry for a mapped task, without numbers until it is expanded", async () => {
    const [, load, sum] = await list();
    expect(load).toMatchObject({ taskId: "load", mapIndex: -1, state: NONE, mapped: {} });
    expect(load?.mapped?.length).toBeUndefined();
    expect(sum?.mapped).toBeUndefined();
  });

  test("tells its instances in numbers, those without rows too, and one state for all", async () => {
    await expand(1, 5);
    await put(1, 0, SUCCESS);
    await put(1, 1, FAILED);
    await put(1, 4, NONE);
    const [, load, sum] = await list();
    expect(load).toMatchObject({ state: FAILED, mapped: { length: 5 } });
    expect(counts(load)).toEqual([
      [SCHEDULED, 3],
      [SUCCESS, 1],
      [FAILED, 1],
    ]);
    expect(load?.endedAt).toBeUndefined();
    expect(sum?.state).toBe(NONE);
  });

  test("has what is after it scheduled once all instances are done", async () => {
    await expand(1, 2);
    await put(1, 0, SUCCESS);
    await put(1, 1, SUCCESS);
    const [, load, sum] = await list();
    expect(load?.state).toBe(SUCCESS);
    expect(load?.endedAt).toBeDefined();
    expect(sum).toMatchObject({ state: SCHEDULED, readyAt: load!.endedAt! });
  });

  test("filters by the states of its instances", async () => {
    await expand(1, 3);
    await put(1, 2, FAILED);
    const ids = async (states: TaskState[]) => (await list({ states })).map((it) => it.taskId);
    expect(await ids([FAILED])).toEqual(["load"]);
    expect(await ids([SCHEDULED])).toEqual(["load"]);
    expect(await ids([SUCCESS])).toEqual(["list"]);
    expect(await ids([RUNNING])).toEqual([]);
  });

  test("shows a task over an empty list as skipped, with no instances", async () => {
    await expand(1, 0);
    await put(1, -1, SKIPPED, { attempt: 0, sessionKey: null, startedAt: null });
    const [, load] = await list();
    expect(load).toMatchObject({ state: SKIPPED, mapped: { length: 0, counts: [] } });
  });
});

describe("the instances of a mapped task", () => {
  test("come in pages by index, with and without rows, and never all at once", async () => {
    await expand(1, 7);
    await put(1, 1, SUCCESS, { mapIndexLabel: "eu", attempt: 2 });
    await put(1, 5, UP_FOR_RETRY);
    const seen: TaskInstance[] = [];
    let pageToken = "";
    do {
      const page = await tasks().listTaskInstances({
        ...{ runId, taskId: "load", pageSize: 3, pageToken },
      });
      expect(page.taskInstances.length).toBeLessThanOrEqual(3);
      seen.push(...page.taskInstances);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(inStates(seen)).toEqual([
      [0, SCHEDULED],
      [1, SUCCESS],
      ...[2, 3, 4].map((index) => [index, SCHEDULED]),
      [5, UP_FOR_RETRY],
      [6, SCHEDULED],
    ]);
    expect(seen[1]).toMatchObject({ mapIndexLabel: "eu", tryNumber: 2, maxTries: 1 });
    expect(seen[5]?.retryAt).toBeDefined();
  });

  test("are filtered by state", async () => {
    await expand(1, 5);
    await put(1, 1, SUCCESS);
    await put(1, 2, NONE);
    const of = async (...states: TaskState[]) => inStates(await list({ taskId: "load", states }));
    expect(await of(SUCCESS)).toEqual([[1, SUCCESS]]);
    expect(await of(SCHEDULED)).toEqual([0, 2, 3, 4].map((index) => [index, SCHEDULED]));
    expect(await of(NONE)).toEqual([]);
  });

  test("are none before it is expanded; of a task that is not mapped there is one", async () => {
    expect(await list({ taskId: "load" })).toEqual([]);
    expect(inStates(await list({ taskId: "list" }))).toEqual([[-1, SUCCESS]]);
    expect(await list({ taskId: "list", states: [FAILED] })).toEqual([]);
    expect(await refusalOf(list({ taskId: "nope" }))).toMatchObject({ reason: "TASK_NOT_FOUND" });
  });

  test("of a mapped group are ready index by index", async () => {
    await begin("grouped");
    await expand(1, 3);
    await expand(2, 3);
    await put(1, 0, SUCCESS);
    await put(1, 1, RUNNING);
    await put(2, 2, NONE);
    await put(1, 2, SUCCESS);
    expect(inStates(await list({ taskId: "b" }))).toEqual([
      [0, SCHEDULED],
      [1, NONE],
      [2, SCHEDULED],
    ]);
    expect(inStates(await list({ taskId: "b", states: [SCHEDULED] }))).toEqual([
      [0, SCHEDULED],
      [2, SCHEDULED],
    ]);
    const one = await tasks().getTaskInstance({ runId, taskId: "b", mapIndex: 1 });
    expect(one.taskInstance?.state).toBe(NONE);
  });
});

describe("one instance", () => {
  beforeEach(() => expand(1, 3));

  test("is found by its index, with its attempts, values and log", async () => {
    await put(1, 2, SUCCESS, { out: Buffer.from("42"), choice: ["big"], mapIndexLabel: "eu" });
    const of = { runId, taskId: "load", mapIndex: 2 };
    const { taskInstance, attempts } = await tasks().getTaskInstance(of);
    expect(taskInstance).toMatchObject({
      ...{ mapIndex: 2, state: SUCCESS, chosenCases: ["big"], mapIndexLabel: "eu" },
    });
    expect(attempts).toMatchObject([{ tryNumber: 1, state: SUCCESS }]);
    const { xcoms } = await tasks().listXComs(of);
    expect(xcoms.map(({ value }) => Buffer.from(value!.data).toString())).toEqual(["42"]);
    expect((await tasks().readLogs(of)).tryNumber).toBe(1);
    expect((await tasks().explainTaskInstance(of)).reasons).toHaveLength(1);
    const unstarted = await tasks().getTaskInstance({ ...of, mapIndex: 1 });
    expect(unstarted).toMatchObject({ taskInstance: { mapIndex: 1, state: SCHEDULED } });
  });

  test("that is none is refused with what there is", async () => {
    const of = (mapIndex?: number) => ({
      ...{ runId, taskId: "load" },
      ...(mapIndex === undefined ? {} : { mapIndex }),
    });
    expect(await refusalOf(tasks().getTaskInstance(of(3)))).toMatchObject({
      reason: "TASK_NOT_FOUND",
      message: 'The mapped task "load" has no instance with map_index 3; it has 0 to 2.',
    });
    for (const call of [() => tasks().readLogs(of()), () => tasks().listXComs(of())])
      expect(await refusalOf(call())).toMatchObject({
        message: 'The task "load" is mapped; say which of its instances with map_index, 0 to 2.',
      });
    expect(await refusalOf(tasks().getTaskInstance(of(-2)))).toMatchObject({
      reason: "TASK_NOT_FOUND",
    });
    // What stands for all of them can be asked for.
    const { taskInstance } = await tasks().getTaskInstance(of());
    expect(taskInstance).toMatchObject({ mapIndex: -1, mapped: { length: 3 } });
  });

  test("that was removed is history, and can still be looked at", async () => {
    await put(1, 4, TaskState.REMOVED, { sessionKey: null, startedAt: null });
    const { taskInstance } = await tasks().getTaskInstance({ runId, taskId: "load", mapIndex: 4 });
    expect(taskInstance?.state).toBe(TaskState.REMOVED);
  });
});

test("the grid has one state for a mapped task", async () => {
  await expand(1, 100);
  await put(1, 0, SUCCESS);
  await put(1, 1, RUNNING);
  await put(1, 2, FAILED);
  const { columns } = await api.http(DagRunService).getDagGrid({ dagId: "wide", runCount: 1 });
  expect(columns[0]?.states).toEqual([SUCCESS, RUNNING, NONE]);
});

test("following a run tells a mapped task in numbers, and only what changed", async () => {
  await put(0, -1, RUNNING);
  const seen: [string, TaskState, number | undefined, [TaskState, number][]][][] = [];
  for await (const { taskInstances } of api.grpc(DagRunService).watchDagRun({ runId })) {
    if (taskInstances.length === 0) continue;
    seen.push(taskInstances.map((it) => [it.taskId, it.state, it.mapped?.length, counts(it)]));
    const heard = (taskId: string, mapIndex: number, state: TaskState) => ({
      ...{ runId, taskId, mapIndex, state, tryNumber: 1 },
    });
    const changed = (...taskInstances: ReturnType<typeof heard>[]) =>
      owner.changed({ runKey, revision: 2n, state: RunState.RUNNING, taskInstances });
    // Each step at once, as owners write: followers look at the rows from time to time, whatever they hear.
    if (seen.length === 1) {
      await api.db.prisma.$transaction(async (tx) => {
        await put(0, -1, SUCCESS, {}, tx);
        await expand(1, 3, tx);
        await put(1, 0, RUNNING, {}, tx);
      });
      changed(heard("list", -1, SUCCESS), heard("load", 0, RUNNING));
    } else if (seen.at(-1)?.some(([, state]) => state === RUNNING)) {
      await api.db.prisma.$transaction(async (tx) => {
        for (const index of [0, 1, 2]) await put(1, index, SUCCESS, {}, tx);
      });
      changed(...[0, 1, 2].map((index) => heard("load", index, SUCCESS)));
    } else if (seen.at(-1)?.some(([id, state]) => id === "sum" && state === SCHEDULED)) {
      const data = { state: RunState.SUCCESS, endedAt: new Date(), revision: 3 };
      await api.db.prisma.$transaction(async (tx) => {
        await put(2, -1, SUCCESS, {}, tx);
        await tx.run.update({ where: { id: runKey }, data });
      });
      owner.changed({ runKey, revision: 3n, state: RunState.SUCCESS });
    }
  }
  expect(seen.flat()).toEqual([
    ["list", RUNNING, undefined, []],
    ["list", SUCCESS, undefined, []],
    [
      ...["load", RUNNING, 3],
      [
        [SCHEDULED, 2],
        [RUNNING, 1],
      ],
    ],
    ["load", SUCCESS, 3, [[SUCCESS, 3]]],
    ["sum", SCHEDULED, undefined, []],
    ["sum", SUCCESS, undefined, []],
  ]);
});
