import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  DagRunSchema,
  DagSpecSchema,
  RunState,
  TaskInstanceSchema,
  TaskState,
  type ClearTaskInstancesRequest,
  type MarkTaskInstancesRequest,
} from "@millrace/wire/v1";
import { describe, expect, expectTypeOf, test } from "vitest";
import { dag, each, task, type ClientRun, type TaskSnapshot } from "../index.ts";
import { encodeValue } from "../spec.ts";
import { serve, type TestServerApi } from "./test-server.ts";

const success = { run: create(DagRunSchema, { runId: "run_1", dagId: "etl", dagVersion: 3 }) };
success.run.state = RunState.SUCCESS;

/** A server with one run that has succeeded. */
function serveRun(api: TestServerApi = {}) {
  return serve({
    getDagRun: () => success,
    async *watchDagRun() {
      yield success;
    },
    ...api,
  });
}

const anEntry = (entry: MessageInitShape<typeof TaskInstanceSchema>) =>
  create(TaskInstanceSchema, { mapIndex: -1, ...entry });

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("what is cleared and marked", () => {
  test("is said by task, instance and direction, under an id of its own", async () => {
    const requests: ClearTaskInstancesRequest[] = [];
    await using server = await serveRun({
      clearTaskInstances(request) {
        requests.push(request);
        const affected = { runId: "run_1", taskId: "load", mapIndex: 3, state: TaskState.FAILED };
        return { affected: [{ ...affected, isImplied: true }], affectedCount: 2_000 };
      },
    });
    const run = await server.client.run("run_1");
    const changes = await run.clear({
      tasks: ["extract", { taskId: "load", mapIndex: 3 }],
      downstream: true,
      future: true,
    });
    expect(changes).toEqual({
      count: 2_000,
      tasks: [{ runId: "run_1", taskId: "load", mapIndex: 3, state: "failed", isImplied: true }],
    });
    expect(requests[0]).toMatchObject({
      runId: "run_1",
      selection: {
        instances: [{ taskId: "extract" }, { taskId: "load", mapIndex: 3 }],
        upstream: false,
        downstream: true,
        states: [],
      },
      past: false,
      future: true,
      dryRun: false,
    });
    expect(requests[0]?.selection?.instances[0]?.mapIndex).toBeUndefined();
    await run.retry({ dryRun: true });
    expect(requests[1]).toMatchObject({
      selection: { instances: [], states: [TaskState.FAILED, TaskState.UPSTREAM_FAILED] },
      dryRun: true,
    });
    expect(new Set(requests.map(({ requestId }) => requestId)).size).toBe(2);
  });

  test("may be task instances with an outcome, or the whole run", async () => {
    const requests: MarkTaskInstancesRequest[] = [];
    await using server = await serveRun({
      markTaskInstances(request) {
        requests.push(request);
        return {};
      },
      markDagRun: ({ runId, state }) => ({ run: { runId, state } }),
    });
    const run = await server.client.run("run_1");
    expect(await run.markTasks("skipped", { tasks: ["load"] })).toEqual({ count: 0, tasks: [] });
    expect(requests[0]).toMatchObject({ state: TaskState.SKIPPED });
    expect((await run.mark("failed")).snapshot.state).toBe("failed");
    // @ts-expect-error -- a task instance cannot be said to run
    await run.markTasks("running", { tasks: ["load"] }).catch(() => undefined);
    // @ts-expect-error -- marking names what it means
    await run.markTasks("success", {}).catch(() => undefined);
  });
});

describe("tasks", () => {
  test("are listed with mapped ones in numbers, and instances page by page", async () => {
    await using server = await serveRun({
      listTaskInstances({ taskId, pageToken, states }) {
        if (taskId === "") {
          const counts = [{ state: TaskState.SUCCESS, count: 2 }];
          const mapped = { length: 3, counts };
          return {
            taskInstances: [anEntry({ taskId: "extract" }), anEntry({ taskId: "load", mapped })],
          };
        }
        expect(states).toEqual([TaskState.SUCCESS]);
        const mapIndex = pageToken === "" ? 0 : 1;
        const entry = anEntry({ taskId, mapIndex, mapIndexLabel: mapIndex === 0 ? "eu" : "" });
        return { taskInstances: [entry], nextPageToken: mapIndex === 0 ? "2" : "" };
      },
    });
    const run = await server.client.run("run_1");
    const [extract, load] = await listed(run.tasks());
    expect(extract?.mapped).toBeNull();
    expect(load).toMatchObject({
      mapIndex: null,
      mapped: { length: 3, counts: { success: 2 } },
    } satisfies Partial<TaskSnapshot>);
    const instances = await listed(run.instances("load", { states: ["success"] }));
    expect(instances.map(({ mapIndex, mapIndexLabel }) => [mapIndex, mapIndexLabel])).toEqual([
      [0, "eu"],
      [1, null],
    ]);
  });
});

describe("the result of a run", () => {
  const spec = (resultTaskId: string) => ({ spec: create(DagSpecSchema, { resultTaskId }) });
  const returned = (value: unknown) => ({
    xcoms: [{ key: "return_value", value: { data: encodeValue(value) } }],
  });

  test("is the value of the task that its version names", async () => {
    const asked: number[] = [];
    await using server = await serveRun({
      getDagSpec({ version }) {
        asked.push(version);
        return spec("sum");
      },
      getTaskInstance: ({ taskId }) => ({ taskInstance: anEntry({ taskId }) }),
      listXComs: ({ taskId, mapIndex }) =>
        taskId === "sum" && mapIndex === -1 ? returned(new Map([["eu", 12n]])) : {},
    });
    const run = await server.client.run("run_1");
    expect(await run.result()).toEqual(new Map([["eu", 12n]]));
    expect(asked).toEqual([3]);
  });

  test("of a mapped task is the list of its values, without instances that left none", async () => {
    await using server = await serveRun({
      getDagSpec: () => spec("load"),
      getTaskInstance: () => ({ taskInstance: anEntry({ mapped: {} }) }),
      listTaskInstances({ pageToken }) {
        const from = pageToken === "" ? 0 : 20;
        const taskInstances = Array.from({ length: 20 }, (_, at) =>
          anEntry({ mapIndex: from + at }),
        );
        return { taskInstances, nextPageToken: from === 0 ? "20" : "" };
      },
      listXComs: ({ mapIndex }) => (mapIndex === 7 ? {} : returned(mapIndex)),
    });
    const run = await server.client.run("run_1");
    const expected = Array.from({ length: 40 }, (_, index) => index).filter((it) => it !== 7);
    expect(await run.result()).toEqual(expected);
  });

  test("is undefined for a DAG that has none", async () => {
    await using server = await serveRun({ getDagSpec: () => spec("") });
    expect(await (await server.client.run("run_1")).result()).toBeUndefined();
  });

  test("has the type of what the wire function returns", async () => {
    const add = task(function add(one: number): number {
      return one + 1;
    });
    const single = dag("single", {}, () => add(1));
    const mapped = dag("mapped", {}, () => add(each([1, 2])));
    const none = dag("none", {}, () => void add(1));
    await using server = await serveRun({ triggerDagRun: () => success });
    const { client } = server;
    expectTypeOf(await client.trigger(single)).toEqualTypeOf<ClientRun<number>>();
    expectTypeOf(await client.trigger(mapped)).toEqualTypeOf<ClientRun<number[]>>();
    expectTypeOf((await client.trigger(none)).result).returns.resolves.toBeUndefined();
    expectTypeOf(await client.trigger("single")).toEqualTypeOf<ClientRun>();
  });
});
