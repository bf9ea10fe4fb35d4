import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  DagRunSchema,
  ErrorInfoSchema,
  FailureKind,
  RunState,
  RunType,
  TaskState,
  type DagRun,
  type TriggerDagRunRequest,
} from "@millrace/wire/v1";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Client, dag, task, type RunUpdate } from "../index.ts";
import { decodeValue, encodeValue } from "../spec.ts";
import { serve } from "./test-server.ts";

const etl = dag("etl", { params: z.object({ region: z.string().default("eu") }) }, (run) => {
  task(function extract(_region: string) {})(run.params.region);
});

function aRun(state: RunState, more: Partial<MessageInitShape<typeof DagRunSchema>> = {}): DagRun {
  const known = { runId: "run_1", dagId: "etl", runName: "manual__1", runType: RunType.MANUAL };
  return create(DagRunSchema, { ...known, state, ...more } as MessageInitShape<
    typeof DagRunSchema
  >);
}

function refused(code: Code, reason: string): ConnectError {
  const info = { reason, domain: "millrace", metadata: { dag_id: "nope" } };
  return new ConnectError("what the server says", code, undefined, [
    { desc: ErrorInfoSchema, value: info },
  ]);
}

describe("trigger", () => {
  test("sends params, date and key, and gives back the run", async () => {
    const requests: TriggerDagRunRequest[] = [];
    await using server = await serve({
      triggerDagRun(request) {
        requests.push(request);
        const { logicalDate } = request;
        const params = { data: encodeValue({ region: "us" }) };
        const counts = [{ state: TaskState.RUNNING, count: 1 }];
        return { run: aRun(RunState.QUEUED, { logicalDate, params, counts }) };
      },
    });
    const run = await server.client.trigger(etl, {
      params: { region: "us" },
      logicalDate: "2026-01-01T00:00Z",
      note: "by hand",
    });
    expect(run.snapshot).toMatchObject({
      id: "run_1",
      state: "queued",
      type: "manual",
      logicalDate: new Date("2026-01-01T00:00Z"),
      params: { region: "us" },
      counts: { running: 1 },
      endedAt: null,
    });
    expect(requests[0]).toMatchObject({ dagId: "etl", note: "by hand" });
    expect(decodeValue(requests[0]?.params?.data ?? "")).toEqual({ region: "us" });
    expect([...server.keys]).toEqual(["Bearer secret"]);
  });

  test("is made again under the same id while the server cannot be reached", async () => {
    const ids: string[] = [];
    await using server = await serve({
      triggerDagRun({ requestId }) {
        ids.push(requestId);
        if (ids.length < 3) throw refused(Code.Unavailable, "NOT_OWNER");
        return { run: aRun(RunState.QUEUED) };
      },
    });
    await server.client.trigger("etl");
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).not.toBe("");
  });

  test("fails with the server's reason, and is not made again", async () => {
    let calls = 0;
    await using server = await serve({
      triggerDagRun() {
        calls += 1;
        throw refused(Code.NotFound, "DAG_NOT_FOUND");
      },
    });
    await expect(server.client.trigger("nope")).rejects.toMatchObject({
      name: "MillraceError",
      reason: "DAG_NOT_FOUND",
      message: "what the server says",
      metadata: { dag_id: "nope" },
    });
    expect(calls).toBe(1);
  });

  test("refuses a date without a zone, and params that cannot be carried, before sending", async () => {
    const client = new Client({ url: "http://127.0.0.1:9", key: "" });
    await expect(client.trigger("etl", { logicalDate: "2026-01-01" })).rejects.toMatchObject({
      reason: "FIELD_INVALID",
    });
    await expect(client.trigger("etl", { params: { f: () => 1 } })).rejects.toThrow(
      'the params of DAG "etl".f is a function',
    );
  });
});

describe("a run", () => {
  test("is followed until it is final, across a broken connection", async () => {
    let opened = 0;
    await using server = await serve({
      getDagRun: () => ({ run: aRun(RunState.RUNNING) }),
      async *watchDagRun() {
        opened += 1;
        yield {
          run: aRun(RunState.RUNNING),
          taskInstances: [{ taskId: "a", mapIndex: -1, state: 4 }],
        };
        if (opened === 1) throw new ConnectError("gone", Code.Unavailable);
        yield {
          run: aRun(RunState.SUCCESS),
          taskInstances: [{ taskId: "a", mapIndex: -1, state: 6 }],
        };
      },
    });
    const run = await server.client.run("run_1");
    const updates: RunUpdate[] = [];
    for await (const update of run.watch()) updates.push(update);
    expect(updates.map(({ run: { state }, tasks }) => [state, tasks[0]?.state])).toEqual([
      ["running", "running"],
      ["running", "running"],
      ["success", "success"],
    ]);
    expect(updates[0]?.tasks[0]?.mapIndex).toBeNull();
    await expect(run.finished()).resolves.toMatchObject({ state: "success" });
  });

  test("that fails rejects its result with why", async () => {
    const failure = { kind: FailureKind.APPLICATION, message: 'task "load" failed' };
    await using server = await serve({
      getDagRun: () => ({ run: aRun(RunState.RUNNING) }),
      async *watchDagRun() {
        yield { run: aRun(RunState.FAILED, { failure }) };
      },
    });
    const run = await server.client.run("run_1");
    await expect(run.result()).rejects.toMatchObject({
      reason: "RUN_FAILED",
      message: 'run run_1 of DAG "etl" failed: task "load" failed',
    });
  });

  test("that goes on longer than the caller waits rejects its result, and is left alone", async () => {
    await using server = await serve({
      getDagRun: () => ({ run: aRun(RunState.RUNNING) }),
      async *watchDagRun(_request, { signal }) {
        yield { run: aRun(RunState.RUNNING) };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    });
    const run = await server.client.run("run_1");
    await expect(run.result({ timeout: "50ms" })).rejects.toMatchObject({
      reason: "WAIT_TIMED_OUT",
    });
    await expect(run.result({ timeout: "soon" })).rejects.toMatchObject({
      reason: "FIELD_INVALID",
    });
  });

  test("is cancelled under an id of its own", async () => {
    const ids: string[] = [];
    await using server = await serve({
      getDagRun: () => ({ run: aRun(RunState.RUNNING) }),
      cancelDagRun({ requestId }) {
        ids.push(requestId);
        return { run: aRun(RunState.FAILED) };
      },
    });
    const cancelled = await (await server.client.run("run_1")).cancel();
    expect(cancelled.snapshot.state).toBe("failed");
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("in a state of a newer server is unknown, not final", async () => {
    await using server = await serve({ getDagRun: () => ({ run: aRun(99 as RunState) }) });
    expect((await server.client.run("run_1")).snapshot.state).toBe("unknown");
  });
});

describe("lists", () => {
  test("are read page by page, only as far as they are asked for", async () => {
    const tokens: string[] = [];
    await using server = await serve({
      listDags({ pageToken, tags }) {
        tokens.push(pageToken);
        const next = { "": "2", "2": "3", "3": "" }[pageToken] ?? "";
        return { dags: [{ dagId: `dag ${pageToken}`, tags }], nextPageToken: next };
      },
    });
    const ids: string[] = [];
    for await (const { id } of server.client.dags({ tags: ["a"] })) ids.push(id);
    expect(ids).toEqual(["dag ", "dag 2", "dag 3"]);
    tokens.length = 0;
    for await (const { tags } of server.client.dags({ tags: ["a"] })) {
      expect(tags).toEqual(["a"]);
      break;
    }
    expect(tokens).toEqual([""]);
  });

  test("of runs take a DAG and states", async () => {
    await using server = await serve({
      listDagRuns: ({ dagId, states }) => ({ runs: states.map((state) => aRun(state, { dagId })) }),
    });
    const found: string[] = [];
    for await (const run of server.client.runs({ dag: etl, states: ["failed"] })) {
      found.push(`${run.dagId} ${run.snapshot.state}`);
    }
    expect(found).toEqual(["etl failed"]);
  });
});
