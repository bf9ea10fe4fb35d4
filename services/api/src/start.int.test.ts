import { createLocalBus } from "@millrace/bus";
import { createLogger } from "@millrace/service";
import { DagRunService, DagService, SystemService } from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainSpec, requestId } from "./testing/dag-specs.ts";
import { reasonOf } from "./testing/errors.ts";
import { startFakeOwner } from "./testing/fake-owner.ts";
import { startTestApi, type TestApi } from "./testing/test-api.ts";
import { startApi } from "./start.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

test("the parts of the installation are healthy when they work", async () => {
  const before = await api.http(SystemService).getHealth({});
  expect(before.isHealthy).toBe(false);
  expect(Object.fromEntries(before.parts.map((part) => [part.name, part.isHealthy]))).toEqual({
    database: true,
    bus: true,
    shards: false,
    workers: false,
  });
  const owner = startFakeOwner(api);
  const after = await api.http(SystemService).getHealth({});
  expect(after.parts.find((part) => part.name === "shards")).toMatchObject({
    isHealthy: true,
    message: "64 of 64 shards have an owner, on 1 node.",
  });
  owner.stop();
});

test("a public address without TLS is refused", async () => {
  const starting = startApi({
    db: api.db,
    bus: createLocalBus("x"),
    log: createLogger({ name: "x", level: "silent" }),
    nodeId: "x",
    host: "0.0.0.0",
    grpcPort: 0,
    httpPort: 0,
  });
  await expect(starting).rejects.toThrow("--insecure-bind");
});

test("a call over plain HTTP is answered for curl", async () => {
  const answer = await fetch(`${api.httpUrl}/millrace.v1.DagRunService/ListDagRuns`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${api.keys.adminKey}` },
    body: "{}",
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({});
  expect(answer.headers.get("cache-control")).toBe("no-store");
});

test("a stopping server ends streams at once, and tells those who follow to ask another", async () => {
  const own = await startTestApi();
  await own
    .grpc(DagService)
    .registerDags({ requestId: requestId(), folder: "f", dags: [chainSpec("d", ["a"])] });
  const owner = startFakeOwner(own);
  const { run } = await own
    .grpc(DagRunService)
    .triggerDagRun({ requestId: requestId(), dagId: "d" });
  const runId = run!.runId;
  const follow = async (transport: "http" | "grpc", started: () => void): Promise<void> => {
    for await (const _ of own[transport](DagRunService).watchDagRun({ runId })) started();
  };
  const started = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const reasons = Promise.all([
    reasonOf(follow("http", started[0].resolve)),
    reasonOf(follow("grpc", started[1].resolve)),
  ]);
  await Promise.all(started.map(({ promise }) => promise));
  const stopping = own.api.stop();
  // Streams that are cut off, once it has waited for them in vain, are told no reason.
  expect(await reasons).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
  await stopping;
  owner.stop();
  await own[Symbol.asyncDispose]();
});
