/** A triggerer against a fake server, with something to ask over HTTP and a folder to put files into. */

import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { TaskKind } from "@millrace/wire/v1";
import { encodeValue } from "../../codec/codec.ts";
import { runTriggerer, type TriggererOptions } from "../../triggerer/run-triggerer.ts";
import type { WorkerHandle } from "../start-session.ts";
import { FakeServer, type FakeServerOptions } from "./fake-server.ts";
import type { AssignmentInit, LoggedEvent } from "./worker-bench.ts";

export type TriggererBench = AsyncDisposable & {
  readonly server: FakeServer;
  readonly triggerer: WorkerHandle;
  readonly events: readonly LoggedEvent[];
  /** A folder of the test. */
  readonly dir: string;
  /** An assignment of a watch. */
  watch(
    attemptId: string,
    handler: string,
    config: unknown,
    more?: AssignmentInit,
  ): AssignmentInit & { readonly attemptId: string };
};

export type TriggererBenchOptions = Partial<TriggererOptions> & {
  readonly server?: never;
  readonly fake?: FakeServerOptions;
};

export async function startTriggererBench(
  options: TriggererBenchOptions = {},
): Promise<TriggererBench> {
  const { fake, ...rest } = options;
  const dir = await mkdtemp(path.join(tmpdir(), "millrace-test-"));
  const server = await new FakeServer(fake).start();
  const events: LoggedEvent[] = [];
  const note = (level: string) => (fields: object, event: string) =>
    void events.push({ level, event, fields });
  const triggerer = await runTriggerer({
    key: "key",
    name: "bench",
    handlesSignals: false,
    log: { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") },
    ...rest,
    server: server.address,
  });
  return {
    server,
    triggerer,
    events,
    dir,
    watch: (attemptId, handler, config, more) => ({
      attemptId,
      taskId: "t",
      handler: `trigger/${handler}`,
      kind: TaskKind.EXTERNAL,
      mapIndex: -1,
      args: encodeValue([config]),
      ...more,
    }),
    async [Symbol.asyncDispose]() {
      await triggerer.stop();
      server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export type Asked = AsyncDisposable & {
  readonly url: string;
  readonly server: Server;
  /** What came, with its body. */
  readonly requests: (Pick<IncomingMessage, "method" | "url" | "headers"> & { body: string })[];
};

/** Something to ask. */
export async function httpServer(answer: RequestListener): Promise<Asked> {
  const requests: Asked["requests"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text: string) => (body += text));
    request.on("end", () => {
      const { method, url, headers } = request;
      requests.push({ method, url, headers, body });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
