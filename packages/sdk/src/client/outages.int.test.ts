/** What a program sees while its server is away, with real sockets on a port that comes back. */

import diagnostics from "node:diagnostics_channel";
import { createServer as createHttpServer, type ClientRequest, type Server } from "node:http";
import { createServer, type Server as PlainServer } from "node:net";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import {
  DagRunSchema,
  DagRunService,
  DagService,
  ErrorInfoSchema,
  RunState,
  TaskInstanceService,
} from "@millrace/wire/v1";
import { describe, expect, test } from "vitest";
import { Client, type RunUpdate } from "../index.ts";
import { holdPort } from "../worker/testing/held-port.ts";

const testLimitMs = 120_000;
/** Tries that an outage lasts for. */
const triesMin = 3;

type Api = {
  readonly runs?: Partial<ServiceImpl<typeof DagRunService>>;
};

const aRun = (state: RunState) => create(DagRunSchema, { runId: "run_1", dagId: "etl", state });

/** Answers everything; `changes` are the ids of the requests that were carried out. */
function healthy(changes: Set<string>, { runs = {} }: Api = {}): Server {
  const change = ({ requestId }: { requestId: string }) => {
    changes.add(requestId);
    return { run: aRun(RunState.RUNNING) };
  };
  return createHttpServer(
    connectNodeAdapter({
      routes: (router) =>
        router
          .service(DagService, { listDags: () => ({ dags: [{ dagId: "etl" }] }) })
          .service(TaskInstanceService, { listXComs: () => ({ xcoms: [] }) })
          .service(DagRunService, {
            triggerDagRun: change,
            cancelDagRun: change,
            getDagRun: () => ({ run: aRun(RunState.RUNNING) }),
            listDagRuns: () => ({ runs: [aRun(RunState.RUNNING)] }),
            async *watchDagRun() {
              yield { run: aRun(RunState.SUCCESS) };
            },
            ...runs,
          }),
    }),
  );
}

/** A port that servers come to and leave; knows of the tries of clients to reach it. */
async function aPort() {
  let current: PlainServer | null = null;
  let tries = 0;
  const sockets = new Set<{ destroy(): void }>();
  const onRequest = (message: unknown) => {
    const { request } = message as { request: ClientRequest };
    if (request.getHeader("host") === `127.0.0.1:${port}`) tries += 1;
  };
  async function open(server: PlainServer): Promise<void> {
    server.on("connection", (socket) => sockets.add(socket));
    current = server;
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  }
  /** As a kill -9 of the process does. */
  async function close(): Promise<void> {
    const server = current;
    current = null;
    const closed = new Promise((resolve) => server?.close(resolve) ?? resolve(null));
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await closed;
  }
  const held = await holdPort();
  const { port } = held;
  diagnostics.subscribe("http.client.request.created", onRequest);
  return {
    url: `http://127.0.0.1:${port}`,
    ...{ open, close },
    tries: () => tries,
    /** Resolves once clients have tried so often from now on. */
    async tried(times = triesMin): Promise<void> {
      const before = tries;
      await expect
        .poll(() => tries, { timeout: testLimitMs })
        .toBeGreaterThanOrEqual(before + times);
    },
    async [Symbol.asyncDispose]() {
      diagnostics.unsubscribe("http.client.request.created", onRequest);
      await close();
      await held[Symbol.asyncDispose]();
    },
  };
}

/** Carries the request out, and dies before its answer leaves. */
function deafened(changes: Set<string>): PlainServer {
  const server = healthy(changes);
  server.prependListener("request", (request, response) => {
    const cut = () => {
      request.socket.destroy();
      return response;
    };
    response.writeHead = cut;
    response.write = () => cut().destroyed;
    response.end = cut;
  });
  return server;
}

function refusing(): PlainServer {
  const detail = {
    desc: ErrorInfoSchema,
    value: { reason: "NOT_OWNER", domain: "millrace", metadata: {} },
  };
  const refuse = () => {
    throw new ConnectError("nobody owns the shard", Code.Unavailable, undefined, [detail]);
  };
  return createHttpServer(
    connectNodeAdapter({
      routes: (router) =>
        router
          .service(DagService, { listDags: refuse })
          .service(TaskInstanceService, { listXComs: refuse })
          .service(DagRunService, {
            triggerDagRun: refuse,
            cancelDagRun: refuse,
            getDagRun: refuse,
            listDagRuns: refuse,
            watchDagRun: refuse,
          }),
    }),
  );
}

const outages: Record<string, (changes: Set<string>) => PlainServer | null> = {
  "nothing listens": () => null,
  "connections are cut": () => createServer((socket) => socket.destroy()),
  "requests are read, then the connection is cut": () =>
    createServer((socket) => socket.once("data", () => socket.destroy())),
  "requests are carried out, but their answers are lost": deafened,
  "a proxy answers in its place": () =>
    createHttpServer((_request, response) => response.writeHead(503).end("<h1>Bad luck</h1>")),
  "a proxy breaks": () =>
    createHttpServer((_request, response) => response.writeHead(500).end("<h1>Oops</h1>")),
  "nobody owns the shard": refusing,
};

async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}

describe.each(Object.keys(outages))("while %s", (name) => {
  test(
    "every call waits for the server, and what changes something is done once",
    { timeout: testLimitMs },
    async () => {
      await using port = await aPort();
      const changes = new Set<string>();
      await port.open(healthy(changes));
      const client = new Client({ url: port.url, key: "" });
      const run = await client.run("run_1");
      await port.close();
      const outage = outages[name]?.(changes) ?? null;
      if (outage !== null) await port.open(outage);
      const calls = [
        () => client.trigger("etl"),
        () => client.run("run_1"),
        () => first(client.dags()),
        () => first(client.runs()),
        () => run.refresh(),
        () => run.finished(),
        () => run.xcom("a"),
        () => run.cancel(),
      ].map((call) => call());
      await port.tried(calls.length * triesMin);
      await port.close();
      await port.open(healthy(changes));
      const [triggered, found, dag, listed, refreshed, result, value, cancelled] =
        await Promise.all(calls);
      for (const each of [triggered, found, listed, refreshed, cancelled])
        expect(each).toMatchObject({ id: "run_1" });
      expect(dag).toMatchObject({ id: "etl" });
      expect(result).toMatchObject({ state: "success" });
      expect(value).toBe(undefined);
      // One id for the trigger, one for the cancel, however often they were carried out.
      expect(changes.size).toBe(2);
    },
  );
});

test("a run is followed over one restart after the other", { timeout: testLimitMs }, async () => {
  await using port = await aPort();
  const running = (): Server =>
    healthy(new Set(), {
      runs: {
        async *watchDagRun(_request, { signal }) {
          yield { run: aRun(RunState.RUNNING) };
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      },
    });
  await port.open(running());
  const run = await new Client({ url: port.url, key: "" }).run("run_1");
  const updates: RunUpdate[] = [];
  const watched = (async () => {
    for await (const update of run.watch()) updates.push(update);
  })();
  const result = run.finished();
  for (const restarts of [1, 2, 3]) {
    await expect.poll(() => updates.length, { timeout: testLimitMs }).toBe(restarts);
    await port.close();
    await port.tried();
    await port.open(restarts < 3 ? running() : healthy(new Set()));
  }
  await watched;
  expect(updates.map((it) => it.run.state)).toEqual(["running", "running", "running", "success"]);
  await expect(result).resolves.toMatchObject({ state: "success" });
});

describe("a server that stays away", () => {
  test("fails the call after retryFor, with its address, how long it was tried, and why", async () => {
    await using port = await aPort();
    const client = new Client({ url: port.url, key: "", retryFor: "4s" });
    const began = performance.now();
    const error = await client.run("run_1").catch((reason: unknown) => reason);
    expect(performance.now() - began).toBeGreaterThanOrEqual(3_990);
    expect(error).toMatchObject({
      name: "MillraceError",
      reason: "UNAVAILABLE",
      metadata: { url: port.url, tries: String(port.tries()) },
    });
    expect(String(error)).toMatch(
      new RegExp(
        `${port.url} did not answer for \\d+\\.\\d s \\(\\d+ tries\\); last: .*ECONNREFUSED`,
      ),
    );
    expect(port.tries()).toBeGreaterThanOrEqual(triesMin);
  });

  test("is left alone as soon as the signal aborts, which is what the call throws", async () => {
    await using port = await aPort();
    await port.open(healthy(new Set()));
    const client = new Client({ url: port.url, key: "" });
    const run = await client.run("run_1");
    await port.close();
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const calls = [
      client.trigger("etl", { signal }),
      client.run("run_1", { signal }),
      first(client.dags({ signal })),
      first(client.runs({ signal })),
      run.refresh({ signal }),
      first(run.watch({ signal })),
      run.finished({ signal, timeout: "1h" }),
      run.xcom("a", { signal }),
      run.cancel({ signal }),
    ].map((call) => call.catch((reason: unknown) => reason));
    await port.tried(calls.length);
    giveUp.abort("enough");
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["enough"]));
  });

  test("does not outlast the time that result() waits", async () => {
    await using port = await aPort();
    await port.open(healthy(new Set()));
    const run = await new Client({ url: port.url, key: "" }).run("run_1");
    await port.close();
    await expect(run.finished({ timeout: "200ms" })).rejects.toMatchObject({
      reason: "WAIT_TIMED_OUT",
    });
  });
});

test("a retryFor that is no duration is refused with what it may be", () => {
  expect(() => new Client({ key: "", retryFor: "soon" })).toThrow(
    'retryFor is "soon"; it must be "30s"',
  );
});
