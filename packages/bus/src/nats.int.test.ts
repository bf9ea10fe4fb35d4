import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BusUnavailable, type Bus } from "./bus.ts";
import { busContract } from "./contract.ts";
import { natsOptions } from "./nats-link.ts";
import { connectNatsBus } from "./nats.ts";
import { freePort, startTestNatsServer, type TestNatsServer } from "./testing.ts";

let server: TestNatsServer;
beforeAll(async () => {
  server = await startTestNatsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const empty = new Uint8Array();
const isConnected = (bus: Bus) => () => bus.status().connected;
const within = { timeout: 30_000 };

async function connected(nodeId: string): Promise<Bus> {
  const bus = await connectNatsBus({ url: server.url, nodeId });
  await expect.poll(isConnected(bus), within).toBe(true);
  return bus;
}

busContract("the NATS bus", async () => ({ a: await connected("a"), b: await connected("b") }));

describe("a NATS bus outlives its server", () => {
  test("while NATS is down a node serves itself; when it is back, others are reached again", async () => {
    const a = await connected("a");
    const b = await connected("b");
    const gotByA: string[] = [];
    const gotByB: string[] = [];
    const note = (list: string[]) => (data: Uint8Array) =>
      list.push(new TextDecoder().decode(data));
    a.subscribe("demand", note(gotByA));
    b.subscribe("demand", note(gotByB));
    a.respond("owner.a.command", (data) => Promise.resolve(data));
    const say = (text: string) => a.publish("demand", new TextEncoder().encode(text));

    await server.stop();
    await expect.poll(isConnected(a), within).toBe(false);
    await expect.poll(isConnected(b), within).toBe(false);
    for (let i = 0; i < 100; i++) say(`down ${i}`);
    await expect.poll(() => gotByA).toHaveLength(100);
    await expect(a.request("owner.a.command", empty, { timeoutMs: 1_000 })).resolves.toHaveProperty(
      "byteLength",
      0,
    );
    const refused = b.request("owner.a.command", empty, { timeoutMs: 60_000 });
    await expect(refused).rejects.toBeInstanceOf(BusUnavailable);
    // What is subscribed while the link is down works once it is up.
    b.subscribe("late.>", note(gotByB));

    await server.start();
    await expect.poll(isConnected(a), within).toBe(true);
    await expect.poll(isConnected(b), within).toBe(true);
    await expect
      .poll(() => b.request("owner.a.command", empty, { timeoutMs: 500 }).catch(() => null), within)
      .toHaveProperty("byteLength", 0);
    say("up");
    a.publish("late.one", new TextEncoder().encode("late"));
    await expect.poll(() => gotByB).toEqual(["up", "late"]);
    expect(gotByA).toHaveLength(101);
    await Promise.all([a.close(), b.close()]);
  });

  test("a request that waits when the link breaks is rejected at once", async () => {
    const a = await connected("a");
    const b = await connected("b");
    let isAsked = false;
    a.respond("owner.a.silent", () => {
      isAsked = true;
      return new Promise(() => undefined);
    });
    await expect
      .poll(() => {
        void b.request("owner.a.silent", empty, { timeoutMs: 100 }).catch(() => null);
        return isAsked;
      }, within)
      .toBe(true);
    const open = expect(b.request("owner.a.silent", empty, { timeoutMs: 60_000 })).rejects.toThrow(
      "broke",
    );
    await server.stop();
    await open;
    await server.start();
    await Promise.all([a.close(), b.close()]);
  });

  test("a bus opens while NATS is down, serves its node, connects later, and closes either way", async () => {
    const port = await freePort();
    const alone = await connectNatsBus({ url: `nats://127.0.0.1:${port}`, nodeId: "alone" });
    alone.respond("owner.alone.command", (data) => Promise.resolve(data));
    expect(alone.status()).toEqual({ kind: "nats", connected: false });
    await expect(
      alone.request("owner.alone.command", empty, { timeoutMs: 1_000 }),
    ).resolves.toHaveProperty("byteLength", 0);
    await alone.close();

    await server.stop();
    const early = await connectNatsBus({ url: server.url, nodeId: "early" });
    early.respond("owner.early.command", (data) => Promise.resolve(data));
    await server.start();
    await expect.poll(isConnected(early), within).toBe(true);
    const other = await connected("other");
    await expect
      .poll(
        () => other.request("owner.early.command", empty, { timeoutMs: 500 }).catch(() => null),
        within,
      )
      .toHaveProperty("byteLength", 0);
    await Promise.all([early.close(), other.close()]);
  });
});

test("a NATS URL gives addresses, credentials and TLS", () => {
  expect(natsOptions("nats://127.0.0.1:4222")).toEqual({ servers: ["127.0.0.1:4222"] });
  expect(natsOptions("tls://u:p%40@a:1, tls://b:2")).toEqual({
    servers: ["a:1", "b:2"],
    user: "u",
    pass: "p@",
    tls: {},
  });
  expect(natsOptions("nats://secret@a:1")).toEqual({ servers: ["a:1"], token: "secret" });
  expect(() => natsOptions("localhost")).toThrow(TypeError);
});
