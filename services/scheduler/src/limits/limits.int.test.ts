import { describe, expect, test } from "vitest";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { success } from "../testing/fake-api.ts";
import { mostInPool } from "../testing/pool-history.ts";
import { alike } from "../testing/pools.ts";
import { excessOf, noteStarts } from "../testing/rate-history.ts";
import { aWorld } from "../testing/world.ts";
import { nameOfReason, reasonsFor } from "../testing/reasons.ts";

const quick = async () => {
  await new Promise((resolve) => setTimeout(resolve, 3));
  return success();
};

/** By name and message. */
async function textsFor(...asked: Parameters<typeof reasonsFor>): Promise<string[]> {
  return (await reasonsFor(...asked)).map((reason) => `${nameOfReason(reason)}: ${reason.message}`);
}

test("limits of instances hold over runs and within a run (semantics 5.2), and all run", async () => {
  await using world = await aWorld();
  const each = [{ sources: [JSON.stringify(Array.from({ length: 8 }, (_, at) => at))] }];
  const args = '[{"$":"item","of":"many","n":0,"path":[]}]';
  const inAll = [aTask("many", { each, args, maxActiveTis: 3 })];
  const inRun = [aTask("many", { each, args, maxActiveTisPerRun: 2 })];
  const wide = { maxActiveTasks: 100 };
  await registerDag(world.db, aDag("in_all", inAll, [], wide));
  await registerDag(world.db, aDag("in_run", inRun, [], wide));
  await registerDag(
    world.db,
    aDag("per_dag", alike(8, {}), [], { ...wide, maxActiveTasksPerDag: 4 }),
  );
  await world.scheduler();
  const api = await world.api({ slots: 100, body: quick });
  const runs: { dagId: string; key: number }[] = [];
  for (const dagId of ["in_all", "in_run", "per_dag"])
    for (let nth = 0; nth < 3; nth += 1) runs.push({ dagId, key: await api.trigger(dagId) });
  for (const { key } of runs) expect(await world.untilFinal(key)).toBe("success");
  const most = (dagId: string, only = (_key: number) => true) => {
    const keys = new Set(
      runs.filter((run) => run.dagId === dagId && only(run.key)).map(({ key }) => key),
    );
    return mostInPool(world.db, (_ix, runId) => Number(keys.has(runId)));
  };
  expect(await most("in_all")).toBe(3);
  expect(await most("per_dag")).toBe(4);
  const [first] = runs.filter(({ dagId }) => dagId === "in_run");
  expect(await most("in_run", (key) => key === first?.key)).toBe(2);
});

test("explain names the limit, the pool and who holds it", async () => {
  await using world = await aWorld();
  await world.db.pool.query("INSERT INTO pool (name, slots, changed_seq) VALUES ('one', 1, 1)");
  const list = [
    aTask("a", { pool: "one", priorityWeight: 9 }),
    aTask("b", { pool: "one" }),
    aTask("c", { pool: "none" }),
    aTask("d", { pool: "one", poolSlots: 2 }),
  ];
  await registerDag(world.db, aDag("why", list));
  await world.scheduler();
  const api = await world.api({ slots: 10, body: () => null });
  const run = await api.trigger("why");
  await expect.poll(() => api.assigned.map(({ taskId }) => taskId)).toEqual(["a"]);
  const told = async (taskId: string) => (await textsFor(api, "why", run, taskId)).join(" ");
  await expect.poll(() => told("b")).toContain("0 of 1 are open");
  expect(await told("b")).toMatch(
    /^POOL: Waits for a slot of the pool "one".* Held by why run_\w+ a\./,
  );
  expect(await told("c")).toContain('NO_POOL: There is no pool "none"');
  expect(await told("d")).toContain('It takes 2 slots of the pool "one", which has 1');
});

test("no stretch of its length has more starts than a rate allows, over DAGs, and all start", async () => {
  await using world = await aWorld();
  const rateLimit = { key: "api", limit: 3, perMs: 1_000 };
  for (const id of ["r1", "r2"]) await registerDag(world.db, aDag(id, alike(4, { rateLimit })));
  await world.scheduler();
  const history = await noteStarts(world.db);
  const api = await world.api({ slots: 20, body: quick });
  const runs = [await api.trigger("r1"), await api.trigger("r2")];
  for (const run of runs) expect(await world.untilFinal(run)).toBe("success");
  const { rows } = await world.db.pool.query<{ at: Date }>(
    "SELECT started_at AS at FROM task_instance ORDER BY started_at",
  );
  const starts = rows.map(({ at }) => at);
  expect(starts).toHaveLength(8);
  expect(excessOf(rateLimit, await history.parts(), starts)).toEqual([]);
});

test("explain says that a rate limit holds a task, and how many have started", async () => {
  await using world = await aWorld();
  // None of it is over during a test.
  const rateLimit = { key: "api", limit: 3, perMs: 3_600_000 };
  await registerDag(world.db, aDag("rated", alike(4, { rateLimit })));
  await world.scheduler();
  const api = await world.api({ slots: 20, body: quick });
  const run = await api.trigger("rated");
  await expect.poll(() => api.assigned.length).toBe(3);
  const told = await Promise.all(
    ["t0", "t1", "t2", "t3"].map((id) => textsFor(api, "rated", run, id)),
  );
  expect(told.flat().join(" ")).toMatch(
    /RATE_LIMIT: 3 tasks with the key "api" have started within 1 h/,
  );
});

describe("one run at a time for a concurrency key", () => {
  const expression = '{"$":"run","path":["params","customer"]}';
  async function world3(whenBusy: "queue" | "cancel_newest" | "cancel_oldest") {
    const world = await aWorld();
    const concurrencyKey = { expression, whenBusy };
    await registerDag(world.db, aDag("keyed", ["a"], [], { concurrencyKey }));
    await world.scheduler();
    const api = await world.api({ slots: 20, body: () => null });
    return { world, api };
  }
  const params = (customer: unknown) => ({ params: { customer } });

  test("queue: the next waits, other keys pass it, and explain names who has the key", async () => {
    const { world, api } = await world3("queue");
    await using _ = world;
    const [one, two] = [
      await api.trigger("keyed", params("x")),
      await api.trigger("keyed", params("x")),
    ];
    const other = await api.trigger("keyed", params("y"));
    await expect.poll(() => api.assigned.length).toBe(2);
    expect(await world.runState(two)).toBe("queued");
    expect(await world.runState(other)).toBe("running");
    expect((await textsFor(api, "keyed", two, "a")).join(" ")).toContain(
      `CONCURRENCY_KEY: The run run_${one.toString(36)} has the same concurrency key`,
    );
    for (const { attemptId } of api.assigned) await api.report(attemptId, success());
    await expect.poll(() => api.assigned.length).toBe(3);
    await api.report(api.assigned[2]?.attemptId ?? "", success());
    for (const run of [one, two, other]) expect(await world.untilFinal(run)).toBe("success");
  });

  test("cancelNewest: the later run is cancelled", async () => {
    const { world, api } = await world3("cancel_newest");
    await using _ = world;
    const [one, two] = [
      await api.trigger("keyed", params(1)),
      await api.trigger("keyed", params(1)),
    ];
    expect(await world.untilFinal(two)).toBe("failed");
    await expect.poll(() => api.assigned.length).toBe(1);
    await api.report(api.assigned[0]?.attemptId ?? "", success());
    expect(await world.untilFinal(one)).toBe("success");
  });

  test("cancelOldest: the earlier run is cancelled, and the later one starts when it has ended", async () => {
    const { world, api } = await world3("cancel_oldest");
    await using _ = world;
    const one = await api.trigger("keyed", params(null));
    await expect.poll(() => api.assigned.length).toBe(1);
    const two = await api.trigger("keyed", params(null));
    await expect.poll(() => world.runState(two)).toBe("queued");
    await api.report(api.assigned[0]?.attemptId ?? "", success());
    expect(await world.untilFinal(one)).toBe("failed");
    await expect.poll(() => api.assigned.length).toBe(2);
    await api.report(api.assigned[1]?.attemptId ?? "", success());
    expect(await world.untilFinal(two)).toBe("success");
  });
});
