/** Consumers hear of events at once, whatever becomes of the flush that made them. */

import { flush, type FlushBatch } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import { expect, test } from "vitest";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { dagIdsOf } from "../testing/pools.ts";
import { aWorld, type World } from "../testing/world.ts";

const asset = { kind: "asset", uri: "a", name: "a", group: "asset", extra: "" } as const;
const producer = (dagId: string) => aDag(dagId, [aTask("make", { outlets: [asset] })]);
const consumer = (dagId: string) =>
  aDag(dagId, ["t"], [], {
    schedule: { kind: "assets", expression: { kind: "events", of: asset, count: 1 } },
  });

/** Nobody looks by himself during a test. */
const settings = { assetPollMs: 3_600_000 };

const makesEvents = ({ assetEvents }: FlushBatch): boolean => assetEvents.length > 0;

async function runsOf({ db }: World, dagId: string): Promise<number> {
  const { rows } = await db.pool.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM run WHERE dag_id = $1",
    [dagId],
  );
  return rows[0]!.n;
}

test("a success whose flush got no answer rings for what it made once it has been read again", async () => {
  await using world = await aWorld();
  await registerDag(world.db, producer("producer"));
  await registerDag(world.db, consumer("consumer"));
  let isLost = false;
  await world.scheduler({
    settings,
    async flush(lane, batch) {
      const answer = await flush(lane, batch);
      if (!makesEvents(batch) || isLost) return answer;
      isLost = true;
      throw new MillraceError("UNAVAILABLE", "lost", { metadata: { outcome: "unknown" } });
    },
  });
  const api = await world.api();
  expect(await world.untilFinal(await api.trigger("producer"))).toBe("success");
  await expect.poll(() => runsOf(world, "consumer")).toBe(1);
  expect(isLost).toBe(true);
});

test("an owner that dies between a success and its doorbell has it rung by the next one, for DAGs of others too", async () => {
  await using world = await aWorld();
  const dead = Promise.withResolvers<void>();
  const dying = await world.scheduler({
    settings,
    async flush(lane, batch) {
      const answer = await flush(lane, batch);
      if (!makesEvents(batch)) return answer;
      dying.kill();
      dead.resolve();
      return new Promise(() => undefined);
    },
  });
  const other = await world.scheduler({ settings });
  await expect.poll(() => [dying.shards().length, other.shards().length]).toEqual([32, 32]);
  const [made = ""] = dagIdsOf([dying], 1, "producer_");
  const [used = ""] = dagIdsOf([other], 1, "consumer_");
  await registerDag(world.db, producer(made));
  await registerDag(world.db, consumer(used));
  world.bus.publish("dags", new Uint8Array());
  const api = await world.api();
  const run = await api.trigger(made);
  await dead.promise;
  expect(await runsOf(world, used)).toBe(0);
  await world.expireLeases("n0");
  expect(await world.untilFinal(run)).toBe("success");
  await expect.poll(() => runsOf(world, used)).toBe(1);
});
