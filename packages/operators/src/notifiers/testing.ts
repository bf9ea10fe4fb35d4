/** Runs notifiers as a worker would, for tests. */

import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { dag, decodeValue, task, type CallbackEvent, type Notifier } from "@millrace/sdk";
import type { TaskContext } from "@millrace/sdk";
import { callbackOf, runInContext, valueOfRun } from "@millrace/sdk/spec";

export const run = valueOfRun({
  id: "run_7",
  name: "scheduled__2026-01-01T00:00:00+00:00",
  dagId: "etl",
  type: "scheduled",
  dagVersion: 1,
  logicalDate: new Date("2026-01-01T00:00:00Z"),
  dataInterval: { start: null, end: null },
  runAfter: new Date("2026-01-02T00:00:00Z"),
  partitionKey: null,
  params: {},
});

export function anEvent(event: Partial<CallbackEvent> = {}): CallbackEvent {
  return {
    ...{ event: "failure", run, task: { id: "load", mapIndex: null }, tryNumber: 2 },
    failure: {
      kind: "application",
      type: "TypeError",
      message: "no <rows> & more",
      stack: "at load",
    },
    deadline: null,
    ...{ runState: "running", happenedAt: new Date("2026-01-02T03:04:05Z"), deliveryTry: 1 },
    ...event,
  };
}

/** Calls a notifier with its settings as the spec carries them. */
export async function notify(given: Notifier, event = anEvent()): Promise<void> {
  const definition = dag("etl", { onFailure: given }, () => void task(function load() {})());
  const [callback] = definition.spec().callbacks;
  const config = decodeValue(callback?.config ?? "null");
  const context: Partial<TaskContext> = {
    run,
    params: { region: "eu" },
    signal: new AbortController().signal,
    idempotencyKey: "run_7/load/failure/2/0",
  };
  const call = callbackOf(definition, callback?.handler ?? "") as (
    event: CallbackEvent,
    config: unknown,
  ) => Promise<void>;
  await runInContext(context as TaskContext, () => call(event, config));
}

export type Received = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type Answer = {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
};

/** A real HTTP server that keeps what it gets, and answers in turn; 200 when the answers are used up. */
export async function anHttpServer(...answers: Answer[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      received.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
      const { status, headers: extra, body } = answers.shift() ?? { status: 200 };
      response.writeHead(status, extra).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    received,
    url: `http://127.0.0.1:${port}/hook/secret-part`,
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
