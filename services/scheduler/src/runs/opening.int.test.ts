/** A run that is being read when its shard is lost, and taken again by the same node; and one that is read for two reasons. */

import { flush as writeFlush } from "@millrace/db";
import { MillraceError, shardOf } from "@millrace/engine";
import { createLogger } from "@millrace/service";
import { expect, test } from "vitest";
import { aChain, aDag, registerDag } from "../testing/dags.ts";
import { success } from "../testing/fake-api.ts";
import { statementTrouble } from "../testing/statement-trouble.ts";
import { aWorld, type World } from "../testing/world.ts";

/** The shard of `etl` is somebody else's for a moment. */
async function loseAndRetake(
  world: World,
  scheduler: { shards(): readonly number[] },
): Promise<void> {
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
}

test("a queued run that was being read then starts all the same", async () => {
  await using world = await aWorld();
  const spec = aChain("etl", 1, { maxActiveRuns: 1 });
  await registerDag(world.db, spec);
  const held = statementTrouble(world.db, "owner_run_get", "held");
  const settings = { shardRenewMs: 30 };
  const scheduler = await world.scheduler({ db: held.db, settings });
  await using api = await world.api({ body: () => null });
  await api.trigger("etl");
  const second = await api.trigger("etl");
  await expect.poll(() => api.assigned.length).toBe(1);
  const value = { runKey: BigInt(second), selection: { instances: [{ taskId: "t0" }] } };
  const clear = { requestId: "c", command: { case: "clearInstances", value } } as const;
  const cleared = api.command("etl", clear).catch(() => undefined);
  await held.met;

  await loseAndRetake(world, scheduler);
  await expect
    .poll(() =>
      api.report(api.assigned[0]!.attemptId, success()).then(() => world.runState(second)),
    )
    .toBe("running");
  held.letGo();
  await cleared;
  expect(await world.runState(second)).toBe("running");
});

test("a run that is read again after a failed flush, and is to be cancelled meanwhile, comes into memory once", async () => {
  await using world = await aWorld();
  const expression = '{"$":"run","path":["params","customer"]}';
  const concurrencyKey = { expression, whenBusy: "cancel_oldest" } as const;
  await registerDag(world.db, aChain("etl", 1, { concurrencyKey }));
  await registerDag(world.db, aChain("busy", 1));
  const reload = statementTrouble(world.db, "owner_run_list", "held", { isArmed: false });
  const opening = statementTrouble(reload.db, "owner_run_get", "held", { isArmed: false });
  let isLost = false;
  const failed: string[] = [];
  const write = (line: string) => void (line.includes("flush.failed") && failed.push(line));
  await world.scheduler({
    log: createLogger({ name: "test", level: "warn", pretty: false, write }),
    db: opening.db,
    async flush(lane, batch) {
      const answer = await writeFlush(lane, batch);
      if (!isLost) return answer;
      isLost = false;
      reload.arm();
      throw new Error("Connection terminated unexpectedly");
    },
  });
  await using api = await world.api({ slots: 1, body: () => null });
  await api.trigger("busy");
  await expect.poll(() => api.assigned.length).toBe(1);
  isLost = true;
  const params = { customer: "x" };
  const first = await api.trigger("etl", { params });
  await reload.met;
  opening.arm();
  const second = await api.trigger("etl", { params });
  reload.letGo();
  // Once this is made, what was let go is there.
  await api.trigger("busy");
  opening.letGo();
  expect(await world.untilFinal(first)).toBe("failed");
  await expect.poll(() => world.runState(second)).toBe("running");
  api.addSlots(3);
  await expect.poll(() => api.assigned.length).toBe(3);
  for (const { attemptId } of api.assigned.slice(1)) await api.report(attemptId, success());
  expect(await world.untilFinal(second)).toBe("success");
  // A twin would have gone on with tasks of a run that is over.
  expect(failed.length).toBe(1);
});

// A simulation found it: the reading of before saw the attempt bound to its session, and took that for what it had written.
test("an attempt that is granted again after that is sent only once the new grant is durable", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("etl", ["a", "b"]));
  const reload = statementTrouble(world.db, "owner_run_list", "held", { isArmed: false });
  const again = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  let grants = 0;
  const scheduler = await world.scheduler({
    db: reload.db,
    settings: { shardRenewMs: 30 },
    async flush(lane, batch) {
      if (batch.started.length === 0) return writeFlush(lane, batch);
      grants += 1;
      if (grants === 2) {
        reload.arm();
        throw new MillraceError("UNAVAILABLE", "refused", { metadata: { outcome: "none" } });
      }
      if (grants === 3) {
        again.resolve();
        await written.promise;
      }
      return writeFlush(lane, batch);
    },
  });
  await using api = await world.api({ slots: 1, body: () => null });
  const run = await api.trigger("etl");
  await expect.poll(() => api.assigned.length).toBe(1);
  api.addSlots(1);
  await reload.met;
  await loseAndRetake(world, scheduler);
  api.addSlots(1);
  await again.promise;
  reload.letGo();
  // What was let go has been carried out by the time all of these are answered.
  const value = { runKey: BigInt(run), taskId: "b", mapIndex: -1 };
  for (let round = 0; round < 20; round += 1)
    await api.command("etl", { command: { case: "explainTask", value } });
  expect(api.assigned.length).toBe(1);
  written.resolve();
  await expect.poll(() => api.assigned.length).toBe(2);
  for (const { attemptId } of api.assigned) await api.report(attemptId, success());
  expect(await world.untilFinal(run)).toBe("success");
});
