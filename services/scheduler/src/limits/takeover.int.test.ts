/** Limits that several owners share, or one inherits: rates by key over two nodes, concurrency keys after a take-over. */

import { ReasonKind } from "@millrace/wire/v1";
import { runIdOf } from "@millrace/wire";
import { describe, expect, test } from "vitest";
import { aDag, registerDag } from "../testing/dags.ts";
import { apart, success } from "../testing/fake-api.ts";
import { alike, dagIdsOf } from "../testing/pools.ts";
import { excessOf, noteStarts } from "../testing/rate-history.ts";
import { aWorld } from "../testing/world.ts";
import { reasonsFor } from "../testing/reasons.ts";

test("a rate holds over the DAGs of two nodes, and goes on to hold when one of them dies", async () => {
  await using world = await aWorld();
  // Looks often enough to find a dead node's shards soon after its leases are over.
  const settings = { shardRenewMs: 100, nodeBeatMs: 50, nodeSilenceMs: 1_500, ...apart };
  const one = await world.scheduler({ settings });
  const two = await world.scheduler({ settings });
  await expect.poll(() => [one.shards().length, two.shards().length]).toEqual([32, 32]);
  const rateLimit = { key: "api", limit: 4, perMs: 2_000 };
  const history = await noteStarts(world.db);
  const ids = dagIdsOf([one, two], 2, "rated_");
  for (const id of ids) await registerDag(world.db, aDag(id, alike(3, { rateLimit })));
  const api = await world.api({ slots: 50, body: () => success() });
  const runs: number[] = [];
  for (const id of ids) runs.push(await api.trigger(id));
  await expect.poll(() => api.assigned.length).toBeGreaterThanOrEqual(4);
  one.kill();
  await world.expireLeases("n0");
  // What was written and not sent when it died is sent again to a worker that does not name it.
  const states = async () => {
    await api.inventory(api.assigned.map(({ attemptId }) => attemptId));
    return Promise.all(runs.map((run) => world.runState(run)));
  };
  await expect.poll(states, { interval: 200, timeout: 40_000 }).toEqual(runs.map(() => "success"));
  const { rows } = await world.db.pool.query<{ at: Date; run_id: number }>(
    "SELECT started_at AS at, run_id FROM task_instance ORDER BY started_at",
  );
  expect(rows).toHaveLength(12);
  // Both nodes had some of the first ones, or could have.
  expect(new Set(rows.map(({ run_id }) => run_id)).size).toBe(4);
  const starts = rows.map(({ at }) => at);
  expect(excessOf(rateLimit, await history.parts(), starts)).toEqual([]);
});

describe("after a take-over a concurrency key is still that of the run that had it", () => {
  const expression = '{"$":"run","path":["params","customer"]}';
  const params = { params: { customer: "x" } };
  const anotherParams = { params: { customer: "y" } };

  /** A run that has the key, under a second owner; the first one died. `before`: what is asked of the first besides. */
  async function inherited(whenBusy: "queue" | "cancel_newest" | "cancel_oldest", waiting = 0) {
    const world = await aWorld();
    await registerDag(
      world.db,
      aDag("keyed", ["a"], [], { concurrencyKey: { expression, whenBusy } }),
    );
    const first = await world.scheduler();
    const api = await world.api({ slots: 20, body: () => null });
    const holder = await api.trigger("keyed", params);
    await expect.poll(() => api.assigned.length).toBe(1);
    const others: number[] = [];
    for (let n = 0; n < waiting; n += 1) others.push(await api.trigger("keyed", params));
    first.kill();
    await world.expireLeases();
    await world.scheduler();
    const end = (nth: number) => api.report(api.assigned[nth]?.attemptId ?? "", success());
    const use = { [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
    return { ...use, world, api, holder, others, end };
  }

  test("queue: those that waited wait on, one after the other, and others pass", async () => {
    await using it = await inherited("queue", 2);
    const [second = 0, third = 0] = it.others;
    const passing = await it.api.trigger("keyed", anotherParams);
    await expect.poll(() => it.world.runState(passing)).toBe("running");
    const reasons = await reasonsFor(it.api, "keyed", third, "a");
    expect(reasons.find(({ kind }) => kind === ReasonKind.CONCURRENCY_KEY)?.message).toContain(
      runIdOf(it.holder),
    );
    expect(await it.world.runState(second)).toBe("queued");
    await it.end(0);
    await expect.poll(() => it.world.runState(second)).toBe("running");
    expect(await it.world.runState(third)).toBe("queued");
    for (const nth of [1, 2, 3]) {
      await expect.poll(() => it.api.assigned.length).toBeGreaterThan(nth);
      await it.end(nth);
    }
    for (const run of [it.holder, second, third, passing])
      expect(await it.world.untilFinal(run)).toBe("success");
  });

  test("cancelNewest: the later run is cancelled", async () => {
    await using it = await inherited("cancel_newest");
    const later = await it.api.trigger("keyed", params);
    expect(await it.world.untilFinal(later)).toBe("failed");
    await it.end(0);
    expect(await it.world.untilFinal(it.holder)).toBe("success");
    expect(it.api.assigned).toHaveLength(1);
  });

  test("cancelOldest: the run that has it is cancelled, and the later one starts when that has ended", async () => {
    await using it = await inherited("cancel_oldest");
    const later = await it.api.trigger("keyed", params);
    const isBeingCancelled = async () => {
      const { rows } = await it.world.db.pool.query<{ is: boolean }>(
        "SELECT cancel_requested_at IS NOT NULL AS is FROM run WHERE id = $1",
        [it.holder],
      );
      return rows[0]?.is;
    };
    await expect.poll(isBeingCancelled).toBe(true);
    expect(await it.world.runState(later)).toBe("queued");
    await it.end(0);
    expect(await it.world.untilFinal(it.holder)).toBe("failed");
    await expect.poll(() => it.api.assigned.length).toBe(2);
    await it.end(1);
    expect(await it.world.untilFinal(later)).toBe("success");
  });
});
