/** Against a real server, with JetStream. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { holdPort, type HeldPort } from "@millrace/sdk/worker/testing";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findNatsServer } from "../../../../scripts/nats-server.mjs";
import { toldBy, type Told } from "../testing/fired.ts";
import { natsTrigger, readNatsWatch, type NatsEvent, type NatsWatch } from "./trigger.ts";
import { watchNats } from "./watch.ts";

const never = new AbortController().signal;
let server: ChildProcess;
let held: HeldPort;
let dir: string;
let url: string;
let nats: NatsConnection;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "millrace-nats-"));
  held = await holdPort();
  url = `nats://127.0.0.1:${held.port}`;
  const args = ["-a", "127.0.0.1", "-p", String(held.port), "-js", "-sd", dir];
  server = spawn(await findNatsServer(), args, { stdio: "ignore" });
  nats = await connect({
    ...{ servers: url, waitOnFirstConnect: true, maxReconnectAttempts: -1 },
    ...{ reconnectTimeWait: 25, reconnectJitter: 0 },
  });
  const streams = (await jetstreamManager(nats)).streams;
  await streams.add({ name: "ORDERS", subjects: ["orders.>"] });
}, 60_000);
afterAll(async () => {
  await nats.close();
  const gone = once(server, "exit");
  server.kill("SIGKILL");
  await gone;
  await held[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const keep = (subject: string, text: string) => jetstream(nats).publish(subject, text);

/** What is told from a cursor on, once there is so much of it: messages need not be told together. */
async function told(watch: NatsWatch, cursor: unknown, count: number): Promise<Told<NatsEvent>> {
  const events: NatsEvent[] = [];
  for (;;) {
    const next = toldBy<NatsEvent>(await watchNats(watch, { signal: never, cursor }));
    events.push(...next.events);
    if (events.length >= count) return { events, cursor: next.cursor };
    cursor = next.cursor;
  }
}

test("of a stream, each message is told once, also those that came when nobody listened", async () => {
  await keep("orders.eu", "not told");
  const watch = readNatsWatch({ servers: url, subject: "orders.*", stream: "ORDERS" }, "test");
  const begun = toldBy<NatsEvent>(await watchNats(watch, { signal: never, cursor: null }));
  expect(begun).toEqual({ events: [], cursor: { sequence: 1 } });
  await keep("orders.eu", "1");
  await keep("orders.us", "2");
  const first = await told(watch, begun.cursor, 2);
  expect(first.events).toMatchObject([
    { subject: "orders.eu", data: "1", sequence: 2 },
    { subject: "orders.us", data: "2", sequence: 3 },
  ]);
  await keep("orders.eu", "3");
  const elsewhere = { ...watch, servers: [url, url] };
  const next = await told(elsewhere, first.cursor, 1);
  expect(next).toMatchObject({ events: [{ data: "3" }], cursor: { sequence: 4 } });
  const again = await told(watch, begun.cursor, 3);
  expect(again.events.map(({ data }) => data)).toEqual(["1", "2", "3"]);
});

test("a task that waits on a stream gets what came after its body asked", async () => {
  const since = Date.now();
  await keep("orders.late", "early bird");
  const watch = { servers: url, subject: "orders.late", stream: "ORDERS", since };
  expect(await watchNats(watch, { signal: never })).toMatchObject({ data: "early bird" });
});

test("of a plain subject, nothing is missed between what was told and what is asked next", async () => {
  const watch = readNatsWatch({ servers: url, subject: "news" }, "test");
  const begun = toldBy<NatsEvent>(await watchNats(watch, { signal: never, cursor: null }));
  nats.publish("news", "1");
  await nats.flush();
  const first = toldBy<NatsEvent>(await watchNats(watch, { signal: never, cursor: begun.cursor }));
  nats.publish("news", "2");
  await nats.flush();
  const next = toldBy<NatsEvent>(await watchNats(watch, { signal: never, cursor: first.cursor }));
  const told = [...first.events, ...next.events].map(({ data, sequence }) => [data, sequence]);
  expect(told).toEqual([
    ["1", null],
    ["2", null],
  ]);
});

test("what cannot be reached, and a stream that is not there, fail the watch", async () => {
  const nowhere = { servers: "nats://127.0.0.1:1", subject: "a" };
  await expect(watchNats(nowhere, { signal: never })).rejects.toThrow();
  const none = { servers: url, subject: "a", stream: "NONE" };
  await expect(watchNats(none, { signal: never, cursor: null })).rejects.toThrow();
});

test("stops when nobody waits any more", async () => {
  const stopping = new AbortController();
  const watching = watchNats({ servers: url, subject: "silence" }, { signal: stopping.signal });
  stopping.abort(new Error("over"));
  await expect(watching).rejects.toThrow("over");
});

test.each([
  [{ subject: "a" }, "natsTrigger: servers is undefined"],
  [
    { servers: "nats://h", subject: "a b" },
    'natsTrigger: subject is "a b"; it must be without spaces',
  ],
  [{ servers: "nats://h", subject: "a", token: "secret" }, 'natsTrigger: token is "string"'],
])("a wrong option is refused: %j", (options, message) => {
  expect(() => natsTrigger(options as never)).toThrow(message);
});
