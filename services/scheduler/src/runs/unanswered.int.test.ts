/** What an owner was never answered, and what it read only in part. */

import type { Database, Lane } from "@millrace/db";
import { shardOf } from "@millrace/engine";
import { expect, test } from "vitest";
import { aChain, registerDag } from "../testing/dags.ts";
import { aWorld } from "../testing/world.ts";

/** A database whose lane for making runs breaks, once it may, after the server has done what it was asked. */
function losingAnAnswer(db: Database, mayLose = async () => true): Database {
  let isLost = false;
  const makingLane: Lane = {
    ...db.makingLane,
    async send(statements) {
      const rows = await db.makingLane.send(statements);
      if (isLost || !(await mayLose())) return rows;
      isLost = true;
      throw new Error("Connection terminated unexpectedly");
    },
  };
  return { ...db, makingLane };
}

test("a run whose making was not answered starts all the same", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("etl", 1));
  await world.scheduler({ db: losingAnAnswer(world.db) });
  await using api = await world.api();
  const runKey = await api.trigger("etl");
  expect(await world.untilFinal(runKey)).toBe("success");
  const { rows } = await world.db.pool.query("SELECT id FROM run");
  expect(rows).toHaveLength(1);
});

test("a run whose making was not answered starts, though the shard of one made with it was lost", async () => {
  await using world = await aWorld();
  for (const dagId of ["kept", "lost"]) await registerDag(world.db, aChain(dagId, 1));
  const isMade = async () => {
    const { rows } = await world.db.pool.query("SELECT id FROM run");
    if (rows.length === 2)
      await world.db.pool.query(
        "UPDATE shard SET owner = NULL, epoch = epoch + 1, expires_at = now() WHERE id = $1",
        [shardOf("lost")],
      );
    return rows.length === 2;
  };
  await world.scheduler({
    db: losingAnAnswer(world.db, isMade),
    settings: { shardRenewMs: 100 },
  });
  await using api = await world.api();
  const runKeys = await Promise.all(["kept", "lost"].map((dagId) => api.trigger(dagId)));
  expect(await Promise.all(runKeys.map(world.untilFinal))).toEqual(["success", "success"]);
});

test("a run that the database refuses keeps no run that was asked for with it from being made", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("etl", 1));
  await world.db.pool.query("ALTER TABLE run ADD CHECK (partition_key <> 'refused')");
  await world.scheduler();
  await using api = await world.api();
  // The first goes alone; those that come meanwhile are made together.
  const keys = ["first", "second", "refused", "third"];
  const asked = await Promise.allSettled(
    keys.map((partitionKey) => api.trigger("etl", { partitionKey })),
  );
  expect(asked.map((made) => (made.status === "rejected" ? String(made.reason) : "made"))).toEqual([
    ...["made", "made", "Error: INTERNAL", "made"],
  ]);
  for (const made of asked)
    if (made.status === "fulfilled") expect(await world.untilFinal(made.value)).toBe("success");
});

test("a clear that changes nothing harms no run, also after a take-over", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("etl", 2));
  const first = await world.scheduler();
  await using api = await world.api({ body: () => null });
  const runKey = await api.trigger("etl");
  await expect.poll(() => world.taskStates(runKey)).toEqual(["running"]);
  await first.stop();
  await world.scheduler();
  const selection = { instances: [{ taskId: "t1" }] };
  for (const requestId of ["one", "two", "three", "four"]) {
    const value = { runKey: BigInt(runKey), selection };
    const { reply } = await api.command("etl", {
      requestId,
      command: { case: "clearInstances", value },
    });
    expect(reply.case).toBe("instancesChanged");
  }
  await api.report(api.assigned[0]!.attemptId, { case: "succeeded", value: {} });
  await expect.poll(() => world.taskStates(runKey)).toEqual(["success", "running"]);
});

/** A database that fails once behind the reading of DAGs. */
function failingOnce(db: Database, name: string): Database {
  let hasFailed = false;
  const pool = new Proxy(db.pool, {
    get(target, property, receiver) {
      if (property !== "query") return Reflect.get(target, property, receiver) as unknown;
      return (asked: { readonly name?: string }) => {
        if (asked.name !== name || hasFailed) return target.query(asked as never);
        hasFailed = true;
        return Promise.reject(new Error("Connection terminated unexpectedly"));
      };
    },
  });
  return { ...db, pool };
}

test("queued runs of shards whose reading failed half-way start once it works", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("etl", 1, { maxActiveRuns: 1 }));
  const first = await world.scheduler();
  await using api = await world.api({ body: () => null });
  await api.trigger("etl");
  const second = await api.trigger("etl");
  await expect.poll(() => api.assigned.length).toBe(1);
  await world.db.pool.query(
    "UPDATE run SET state = 3, started_at = now(), ended_at = now() WHERE id <> $1",
    [second],
  );
  first.kill();
  await world.db.pool.query("UPDATE shard SET owner = NULL, expires_at = now()");
  await world.scheduler({ db: failingOnce(world.db, "owner_run_list") });
  await expect.poll(() => world.runState(second)).toBe("running");
});
