import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createCalls } from "./calls.ts";
import { startHttpServer } from "./http-server.ts";
import { createLogger } from "./logger.ts";
import { anonymous } from "./principal.ts";
import type { RunningServer } from "./grpc-server.ts";

const log = createLogger({ name: "test", level: "silent" });
const gate = {
  authenticate: () => Promise.resolve({ principal: anonymous, deriveSecret: () => "" }),
  authorize: () => undefined,
};

let server: RunningServer;
let upstream: Server;
let consoleUrl: string | null;
let isReady: boolean;
let base: string;

beforeEach(async () => {
  consoleUrl = null;
  isReady = true;
  upstream = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      response.setHeader("x-upstream", "yes");
      response.end(
        JSON.stringify({
          url: request.url,
          method: request.method,
          body,
          headers: request.headers,
        }),
      );
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    services: [],
    calls: createCalls({ gate, log }),
    log,
    version: { version: "1.2.3" },
    isReady: () => Promise.resolve(isReady),
    consoleUrl: () => consoleUrl,
  });
  base = `http://127.0.0.1:${server.port}`;
});

afterEach(async () => {
  await server.stop();
  upstream.close();
});

test("probes answer without a credential", async () => {
  expect(await (await fetch(`${base}/healthz`)).text()).toBe("ok\n");
  expect((await fetch(`${base}/readyz`)).status).toBe(200);
  isReady = false;
  expect((await fetch(`${base}/readyz`)).status).toBe(503);
  expect(await (await fetch(`${base}/version`)).json()).toEqual({ version: "1.2.3" });
});

test("while there is no console, a page says so and looks again by itself", async () => {
  const answer = await fetch(`${base}/dags/x`);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toContain('http-equiv="refresh"');
});

test("everything that is no rpc goes to the console, both ways", async () => {
  consoleUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const answer = await fetch(`${base}/dags/x?y=1`, {
    method: "POST",
    body: "hello",
    headers: { "x-forwarded-for": "1.2.3.4" },
  });
  expect(answer.headers.get("x-upstream")).toBe("yes");
  const seen = (await answer.json()) as {
    url: string;
    method: string;
    body: string;
    headers: Record<string, string>;
  };
  expect(seen).toMatchObject({ url: "/dags/x?y=1", method: "POST", body: "hello" });
  expect(seen.headers["x-forwarded-for"]).toBe("127.0.0.1");
});

test("a console that has gone away shows the waiting page", async () => {
  consoleUrl = "http://127.0.0.1:1";
  expect((await fetch(`${base}/`)).status).toBe(503);
});

test("unknown rpcs are not the console's", async () => {
  consoleUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const answer = await fetch(`${base}/millrace.v1.DagService/Nope`, { method: "POST", body: "{}" });
  expect(answer.status).toBe(404);
  expect(answer.headers.get("x-upstream")).toBeNull();
});

test("every answer carries the security headers", async () => {
  const { headers } = await fetch(`${base}/healthz`);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("x-frame-options")).toBe("DENY");
});

test("a body over the limit is refused before it is read", async () => {
  const answer = await fetch(`${base}/upload`, {
    method: "POST",
    body: new Uint8Array(37 * 1024 * 1024),
  }).catch(() => null);
  expect(answer === null || answer.status === 413).toBe(true);
});
