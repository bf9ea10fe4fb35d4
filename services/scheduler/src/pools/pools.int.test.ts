import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Bus } from "@millrace/bus";
import { compileDag, shardOf } from "@millrace/engine";
import { VerdictKind } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { deferred, success } from "../testing/fake-api.ts";
import type { RunningScheduler } from "../scheduler.ts";
import { mostInPool } from "../testing/pool-history.ts";
import { alike, dagIdsOf, makePool } from "../testing/pools.ts";
import { aWorld, type World } from "../testing/world.ts";

const inPool = (count: number, pool: string, poolSlots = 1) => alike(count, { pool, poolSlots });
async function slotsGranted({ db }: World): Promise<number | undefined> {
  const { rows } = await db.pool.query<{ slots: number }>(
    "SELECT coalesce(sum(slots), 0)::int AS slots FROM pool_grant",
  );
  return rows[0]?.slots;
}
const quick = async () => {
  await new Promise((resolve) => setTimeout(resolve, 3));
  return success();
};

test("a pool is never exceeded, over DAGs of different shards, and everything runs (semantics 5.3)", async () => {
  await using world = await aWorld();
  await makePool(world, "small", 3);
  const dagIds = ["red", "green", "blue", "grey"];
  for (const id of dagIds)
    await registerDag(world.db, aDag(id, inPool(10, "small"), [], { maxActiveTasks: 100 }));
  await world.scheduler();
  const api = await world.api({ slots: 50, body: quick });
  const runs = [];
  for (const id of dagIds) runs.push(await api.trigger(id));
  for (const run of runs) expect(await world.untilFinal(run)).toBe("success");
  expect(await mostInPool(world.db, () => 1)).toBe(3);
});

test("tasks of several slots get them although smaller ones could go on for ever", async () => {
  await using world = await aWorld();
  await makePool(world, "mixed", 4);
  const tasks = [...inPool(60, "mixed"), aTask("wide", { pool: "mixed", poolSlots: 4 })];
  await registerDag(world.db, aDag("mixed", tasks, [], { maxActiveTasks: 100 }));
  await world.scheduler();
  const api = await world.api({ slots: 50, body: quick });
  expect(await world.untilFinal(await api.trigger("mixed"))).toBe("success");
  const at = api.assigned.findIndex(({ taskId }) => taskId === "wide");
  expect(at).toBeLessThan(40);
  const wideIx = 60;
  expect(await mostInPool(world.db, (ix) => (ix === wideIx ? 4 : 1))).toBeLessThanOrEqual(4);
});

test("a pool that is missing, too small or shrunk holds its tasks until it fits", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("late", inPool(6, "later", 2), [], { maxActiveTasks: 100 }));
  await world.scheduler();
  const api = await world.api({ slots: 50, body: () => null });
  const run = await api.trigger("late");
  await expect.poll(() => world.runState(run)).toBe("running");
  expect(api.assigned).toHaveLength(0);
  await makePool(world, "later", 1);
  await makePool(world, "later", 4);
  await expect.poll(() => api.assigned.length).toBe(2);
  const { rows } = await world.db.pool.query<{ now: Date }>("SELECT clock_timestamp() AS now");
  await makePool(world, "later", 2);
  const isHeard = () =>
    world.db.pool
      .query<{ ok: boolean }>("SELECT bool_or(at > $1) AS ok FROM pool_grant", [rows[0]?.now])
      .then((answer) => answer.rows[0]?.ok);
  await expect.poll(isHeard).toBe(true);
  await api.report(api.assigned[0]?.attemptId ?? "", success());
  await api.report(api.assigned[1]?.attemptId ?? "", success());
  for (let nth = 2; nth < 6; nth += 1) {
    await expect.poll(() => api.assigned.length).toBe(nth + 1);
    await api.report(api.assigned[nth]?.attemptId ?? "", success());
  }
  expect(await world.untilFinal(run)).toBe("success");
});

test("the default pool counts only once it has a limit, and what runs then counts", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("plain", alike(8, {}), [], { maxActiveTasks: 2 }));
  await registerDag(world.db, aDag("other", alike(8, {}), [], { maxActiveTasks: 100 }));
  await world.scheduler();
  const api = await world.api({ slots: 50, body: () => null });
  const first = await api.trigger("plain");
  await expect.poll(() => api.assigned.length).toBe(2);
  await makePool(world, "default_pool", 3);
  await expect.poll(() => slotsGranted(world)).toBe(2);
  const second = await api.trigger("other");
  await expect.poll(() => api.assigned.length).toBe(3);
  await makePool(world, "default_pool", null);
  await expect.poll(() => api.assigned.length).toBe(10);
  for (let nth = 0; nth < 16; nth += 1) {
    await expect.poll(() => api.assigned.length).toBeGreaterThan(nth);
    await api.report(api.assigned[nth]?.attemptId ?? "", success());
  }
  for (const run of [first, second]) expect(await world.untilFinal(run)).toBe("success");
});

test("a shard gets slots that one which was taken over does not use, though the message about it was lost", async () => {
  await using world = await aWorld();
  await makePool(world, "shared", 1);
  let lost = 0;
  const deaf = (nodeId: string): Bus => ({
    ...world.bus,
    nodeId,
    publish(subject, data) {
      if (subject !== "pool_grants" || lost > 0) return world.bus.publish(subject, data);
      lost += 1;
    },
  });
  const settings = { poolAskMs: 100 };
  await registerDag(world.db, aDag("first", inPool(1, "shared")));
  const before = await world.scheduler({ settings });
  const api = await world.api({ slots: 50, body: quick });
  expect(await world.untilFinal(await api.trigger("first"))).toBe("success");
  // Whoever takes the shard finds a slot that nothing there uses.
  before.kill();
  await world.db.pool.query("UPDATE shard SET expires_at = clock_timestamp()");
  const nodes: RunningScheduler[] = [];
  for (const nodeId of ["one", "two"])
    nodes.push(await world.scheduler({ bus: deaf(nodeId), nodeId, settings }));
  await expect.poll(() => nodes.map((node) => node.shards().length)).toEqual([32, 32]);
  const other = nodes.find((node) => !node.shards().includes(shardOf("first")))!;
  const some = Array.from({ length: 200 }, (_, at) => `t${at}`);
  const id = some.find((dagId) => other.shards().includes(shardOf(dagId)))!;
  await registerDag(world.db, aDag(id, inPool(1, "shared")));
  await api.inventory([]);
  expect(await world.untilFinal(await api.trigger(id))).toBe("success");
  expect(lost).toBe(1);
});

/** Two owners of whom the first hears nothing of pools but what it reads when it takes over from the second. */
async function twoOwners(world: World): Promise<RunningScheduler[]> {
  const settings = { shardRenewMs: 100, dagPollMs: 60_000 };
  const owners = [await world.scheduler({ settings }), await world.scheduler({ settings })];
  await expect.poll(() => owners.map((owner) => owner.shards().length)).toEqual([32, 32]);
  return owners;
}

const untold = ({ db }: World) => ({ db, bus: { publish: () => undefined } });

test("tasks that wait for a pool start although their owner learns only from a take-over that somebody has made it", async () => {
  await using world = await aWorld();
  const owners = await twoOwners(world);
  const [id] = dagIdsOf(owners, 1, "late_");
  await registerDag(world.db, aDag(id!, inPool(1, "late")));
  const api = await world.api({ body: quick });
  const run = await api.trigger(id!);
  await expect.poll(() => world.runState(run)).toBe("running");
  await makePool(untold(world), "late", 1);
  await owners[1]!.stop();
  expect(await world.untilFinal(run)).toBe("success");
});

test("a limit of the default pool counts what runs although its owner learns of it only from a take-over", async () => {
  await using world = await aWorld();
  const owners = await twoOwners(world);
  const [id] = dagIdsOf(owners, 1, "plain_");
  await registerDag(world.db, aDag(id!, alike(2, {})));
  const api = await world.api({ body: () => null });
  await api.trigger(id!);
  await expect.poll(() => api.assigned.length).toBe(2);
  await makePool(untold(world), "default_pool", 3);
  await owners[1]!.stop();
  await expect.poll(() => slotsGranted(world)).toBe(2);
});

test("two schedulers share a pool without exceeding it", async () => {
  await using world = await aWorld();
  await makePool(world, "shared", 2);
  const dagIds = ["d1", "d2", "d3", "d4", "d5", "d6"];
  for (const id of dagIds)
    await registerDag(world.db, aDag(id, inPool(6, "shared"), [], { maxActiveTasks: 100 }));
  const one = await world.scheduler();
  const two = await world.scheduler();
  await expect.poll(() => [one.shards().length, two.shards().length]).toEqual([32, 32]);
  const api = await world.api({ slots: 50, body: quick });
  const runs = [];
  for (const id of dagIds) runs.push(await api.trigger(id));
  for (const run of runs) expect(await world.untilFinal(run)).toBe("success");
  expect(await mostInPool(world.db, () => 1)).toBe(2);
});

test("shards that could not use their slots while all workers were busy do not ask in turns: a worker gets a task once it is free", async () => {
  await using world = await aWorld();
  await makePool(world, "narrow", 2);
  const [first, second] = ["red", "green"] as const;
  for (const id of [first, second]) await registerDag(world.db, aDag(id, inPool(3, "narrow")));
  await registerDag(world.db, aDag("long", ["only"]));
  const settings = { poolKeepMs: 1, poolTellMs: 10, poolMuteMs: { first: 60_000, most: 60_000 } };
  await world.scheduler({ settings });
  const busy = Promise.withResolvers<void>();
  const api = await world.api({
    slots: 1,
    body: ({ taskId }) =>
      (taskId === "only" ? busy.promise : Promise.resolve()).then(() => success()),
  });
  const runs = [await api.trigger("long")];
  await expect.poll(() => api.assigned.length).toBe(1);
  const holds = async (dagId: string) => {
    const { rows } = await world.db.pool.query<{ slots: number }>(
      "SELECT slots FROM pool_grant WHERE shard = $1",
      [shardOf(dagId)],
    );
    return rows[0]?.slots ?? 0;
  };
  for (const id of [first, second]) {
    runs.push(await api.trigger(id));
    await expect.poll(() => holds(id)).toBeGreaterThan(0);
  }
  busy.resolve();
  for (const run of runs) expect(await world.untilFinal(run)).toBe("success");
});

test.each([
  { losses: 1, state: "scheduled" },
  { losses: 2, state: "up_for_retry" },
])(
  "a deferral that comes after its lease was lost, and is $state, takes no slot again of a pool that counts deferred tasks",
  async ({ losses, state }) => {
    await using world = await aWorld();
    await makePool(world, "single", 1, true);
    const tasks = [
      aTask("waits", { pool: "single", priorityWeight: 10 }),
      aTask("first"),
      aTask("works", { pool: "single", priorityWeight: 20 }),
    ];
    const spec = aDag("late", tasks, ["first>works"]);
    await registerDag(world.db, spec);
    await world.scheduler();
    const api = await world.api({ body: () => null });
    const run = await api.trigger("late");
    const attempts = (taskId: string) => api.assigned.filter((one) => one.taskId === taskId);
    const attempt = async (taskId: string, nth = 1) => {
      await expect.poll(() => attempts(taskId).length).toBe(nth);
      return attempts(taskId).at(-1)!.attemptId;
    };
    const first = await attempt("first");
    // Each is lost with the second inventory without it: what was sent since the first is not missed yet.
    for (let nth = 1; nth < losses; nth += 1) {
      await attempt("waits", nth);
      for (let times = 0; times < 2; times += 1) await api.inventory([first]);
    }
    const late = await attempt("waits", losses);
    await api.report(first, success());
    await expect.poll(() => world.states(run, spec)).toMatchObject({ first: "success" });
    for (let times = 0; times < 2; times += 1) await api.inventory([]);
    const working = await attempt("works");
    expect(await world.states(run, spec)).toMatchObject({ waits: state });
    const moment = { case: "at", value: timestampFromMs(Date.now() + 1) } as const;
    const verdict = await api.report(late, deferred({ case: "time", value: { moment } }));
    expect(verdict).toMatchObject({ kind: VerdictKind.STALE });
    const { tasks: inOrder } = compileDag(spec);
    const slotsOf = (ix: number) => (inOrder[ix]?.pool === "single" ? 1 : 0);
    expect(await mostInPool(world.db, slotsOf, { includesDeferred: true })).toBe(1);
    await api.report(working, success());
    // After the second loss only once its wait is over.
    if (losses > 1) return;
    await api.report(await attempt("waits", 2), success());
    expect(await world.untilFinal(run)).toBe("success");
  },
);
