/** Pools that become smaller than their use, and those that count deferred tasks: from rows, over several owners. */

import { listPoolPage } from "@millrace/db";
import type { Assignment } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { aDag, registerDag } from "../testing/dags.ts";
import { attemptOf, success, type FakeApi } from "../testing/fake-api.ts";
import { mostInPool } from "../testing/pool-history.ts";
import { alike, dagIdsOf, makePool } from "../testing/pools.ts";
import { bring, forToken, succeeds } from "../testing/waiting.ts";
import { aWorld, type World } from "../testing/world.ts";

/** Bodies that end when they are told to, the oldest first. */
function answering() {
  const open: Assignment[] = [];
  return {
    open,
    body(assignment: Assignment) {
      open.push(assignment);
      return null;
    },
    async end(api: FakeApi, count: number): Promise<void> {
      await expect.poll(() => open.length).toBeGreaterThanOrEqual(count);
      for (const { attemptId } of open.splice(0, count)) await api.report(attemptId, success());
    },
  };
}

async function nowOf({ db }: World): Promise<Date> {
  const { rows } = await db.pool.query<{ now: Date }>("SELECT clock_timestamp() AS now");
  return rows[0]!.now;
}

test("a pool made smaller than what two owners use of it admits nobody before it fits, and never more afterwards", async () => {
  await using world = await aWorld();
  await makePool(world, "shrunk", 6);
  const owners = [await world.scheduler(), await world.scheduler()];
  await expect.poll(() => owners.map((owner) => owner.shards().length)).toEqual([32, 32]);
  const ids = dagIdsOf(owners, 1, "shrunk_");
  const tasks = alike(6, { pool: "shrunk" });
  for (const id of ids) await registerDag(world.db, aDag(id, tasks));
  const work = answering();
  const api = await world.api({ slots: 50, body: work.body });
  const runs = [];
  for (const id of ids) runs.push(await api.trigger(id));
  await expect.poll(() => work.open.length).toBe(6);
  const asked = await nowOf(world);
  await makePool(world, "shrunk", 2);
  const haveHeard = async () => {
    const { rows } = await world.db.pool.query<{ ok: boolean }>(
      "SELECT bool_and(at > $1) AS ok FROM pool_grant WHERE slots > 0",
      [asked],
    );
    return rows[0]?.ok;
  };
  await expect.poll(haveHeard).toBe(true);
  const lowered = await nowOf(world);
  await work.end(api, 4);
  expect(api.assigned).toHaveLength(6);
  await work.end(api, 1);
  await expect.poll(() => api.assigned.length).toBe(7);
  for (let left = 12 - 5; left > 0; left -= 1) await work.end(api, 1);
  for (const run of runs) expect(await world.untilFinal(run)).toBe("success");
  expect(await mostInPool(world.db, () => 1, { after: lowered })).toBeLessThanOrEqual(2);
  expect(await mostInPool(world.db, () => 1)).toBe(6);
});

test("deferred tasks count where the pool includes them, also for a new owner, and give their slots back elsewhere (semantics 5.3)", async () => {
  await using world = await aWorld();
  await makePool(world, "counts", 2, true);
  await makePool(world, "frees", 2, false);
  for (const pool of ["counts", "frees"])
    await registerDag(world.db, aDag(pool, alike(4, { pool })));
  const first = await world.scheduler();
  const work = answering();
  const api = await world.api({
    slots: 50,
    body: (assignment) =>
      assignment.taskId === "t0" && attemptOf(assignment) === 1
        ? forToken({ resumes: true })
        : work.body(assignment),
  });
  const run = await api.trigger("counts");
  const other = await api.trigger("frees");
  const begun = (dagId: string) =>
    api.assigned.flatMap(({ taskId, run: of }) => (of?.dagId === dagId ? [taskId] : []));
  await expect.poll(() => begun("frees")).toEqual(["t0", "t1", "t2"]);
  const shown = async () =>
    (await listPoolPage(world.db, { after: "", limit: 1, only: "counts" }))[0];
  await expect.poll(shown).toMatchObject({ running: 1, deferred: 1, waiting: 2 });
  expect(begun("counts")).toEqual(["t0", "t1"]);
  await first.stop();
  await world.scheduler();
  await expect.poll(shown).toMatchObject({ running: 1, deferred: 1, waiting: 2 });
  expect(begun("counts")).toEqual(["t0", "t1"]);
  const endWait = (dagId: string, of: number) => bring(api, { dagId, run: of, news: succeeds(1) });
  expect(await endWait("counts", run)).toBe("done");
  expect(await endWait("frees", other)).toBe("done");
  // Each task once, and the one that waited once more.
  for (let left = 2 * 4; left > 0; left -= 1) await work.end(api, 1);
  for (const each of [run, other]) expect(await world.untilFinal(each)).toBe("success");
  const slotsOf = (of: number) => (_ix: number, runId: number) => Number(runId === of);
  const all = { includesDeferred: true };
  expect(await mostInPool(world.db, slotsOf(run), all)).toBe(2);
  expect(await mostInPool(world.db, slotsOf(other))).toBe(2);
  expect(await mostInPool(world.db, slotsOf(other), all)).toBe(3);
});
