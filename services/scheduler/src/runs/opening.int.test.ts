/** A run that is being read when its shard is lost, and taken again by the same node. */

import { shardOf } from "@millrace/engine";
import { expect, test } from "vitest";
import { aChain, registerDag } from "../testing/dags.ts";
import { success } from "../testing/fake-api.ts";
import { statementTrouble } from "../testing/statement-trouble.ts";
import { aWorld } from "../testing/world.ts";

test("a queued run that was being read then starts all the same", async () => {
  await using world = await aWorld();
  const spec = aChain("etl", 1, { maxActiveRuns: 1 });
  await registerDag(world.db, spec);
  const held = statementTrouble(world.db, "owner_run_get", "held");
  const settings = { shardTtlMs: 2_000, shardRenewMs: 30 };
  const scheduler = await world.scheduler({ db: held.db, settings });
  await using api = await world.api({ body: () => null });
  await api.trigger("etl");
  const second = await api.trigger("etl");
  await expect.poll(() => api.assigned.length).toBe(1);
  const value = { runKey: BigInt(second), selection: { instances: [{ taskId: "t0" }] } };
  const clear = { requestId: "c", command: { case: "clearInstances", value } } as const;
  const cleared = api.command("etl", clear).catch(() => undefined);
  await held.met;

  const shard = shardOf("etl");
  await world.db.pool.query(
    `UPDATE shard SET owner = 'other', epoch = epoch + 1, expires_at = clock_timestamp() + interval '1 hour'
     WHERE id = $1`,
    [shard],
  );
  await expect.poll(() => scheduler.shards()).not.toContain(shard);
  await world.db.pool.query(
    "UPDATE shard SET owner = NULL, expires_at = clock_timestamp() WHERE id = $1",
    [shard],
  );
  await expect.poll(() => scheduler.shards()).toContain(shard);
  await expect
    .poll(() =>
      api.report(api.assigned[0]!.attemptId, success()).then(() => world.runState(second)),
    )
    .toBe("running");
  held.letGo();
  await cleared;
  expect(await world.runState(second)).toBe("running");
});
