import { createLocalBus } from "@millrace/bus";
import { createLogger } from "@millrace/service";
import { SystemService } from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
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
