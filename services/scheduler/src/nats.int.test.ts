import { connectNatsBus } from "@millrace/bus";
import { startTestNatsServer } from "@millrace/bus/testing";
import { createLogger } from "@millrace/service";
import { shardOf } from "@millrace/engine";
import { expect, test } from "vitest";
import { startScheduler } from "./scheduler.ts";
import { aChain, registerDag } from "./testing/dags.ts";
import { fakeApi } from "./testing/fake-api.ts";
import { aWorld } from "./testing/world.ts";

test("nodes on NATS share shards and run each other's work; while NATS is down each runs its own", async () => {
  await using world = await aWorld();
  await using server = await startTestNatsServer();
  const dags = ["a", "b", "c", "d", "e", "f"];
  for (const dagId of dags) await registerDag(world.db, aChain(dagId, 3));
  const log = createLogger({ name: "scheduler", level: "silent" });
  const nodes = await Promise.all(
    ["n1", "n2"].map(async (nodeId) => {
      const bus = await connectNatsBus({ url: server.url, nodeId });
      await expect.poll(() => bus.status().connected).toBe(true);
      return { bus, scheduler: await startScheduler({ db: world.db, bus, log, nodeId }) };
    }),
  );
  const [first, second] = nodes;
  if (first === undefined || second === undefined) throw new Error("Two nodes were started.");
  await expect
    .poll(() => nodes.map(({ scheduler }) => scheduler.shards().length))
    .toEqual([32, 32]);

  // A worker at the first node gets work of both.
  const api = await fakeApi(world.db, first.bus);
  for (const run of await Promise.all(dags.map((dagId) => api.trigger(dagId)))) {
    expect(await world.untilFinal(run)).toBe("success");
  }

  await server.stop();
  await expect.poll(() => first.bus.status().connected).toBe(false);
  const own = dags.find((dagId) => first.scheduler.shards().includes(shardOf(dagId)));
  if (own !== undefined) expect(await world.untilFinal(await api.trigger(own))).toBe("success");

  await server.start();
  await expect.poll(() => nodes.every(({ bus }) => bus.status().connected)).toBe(true);
  for (const run of await Promise.all(dags.map((dagId) => api.trigger(dagId)))) {
    expect(await world.untilFinal(run)).toBe("success");
  }
  await api[Symbol.asyncDispose]();
  for (const { scheduler, bus } of nodes) {
    await scheduler.stop();
    await bus.close();
  }
}, 60_000);
