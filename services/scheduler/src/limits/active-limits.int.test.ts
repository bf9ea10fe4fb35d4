import { expect, test } from "vitest";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { success } from "../testing/fake-api.ts";
import { aWorld, type World } from "../testing/world.ts";
import { nameOfReason, reasonsFor } from "../testing/reasons.ts";

const wide = (dagId: string, width: number, changes: Parameters<typeof aDag>[3] = {}) =>
  aDag(
    dagId,
    Array.from({ length: width }, (_, i) => `w${String(i).padStart(2, "0")}`),
    [],
    changes,
  );

/** By name. */
async function namesFor(...asked: Parameters<typeof reasonsFor>): Promise<string[]> {
  return (await reasonsFor(...asked)).map(nameOfReason);
}

async function setPaused(world: World, dagId: string, isPaused: boolean): Promise<void> {
  await world.db.pool.query(
    "UPDATE dag SET is_paused = $2, changed_seq = nextval('dag_changed_seq') WHERE dag_id = $1",
    [dagId, isPaused],
  );
  world.bus.publish("dags", new Uint8Array());
}

test("never more tasks of a run are out than max_active_tasks, and all of them run", async () => {
  await using world = await aWorld();
  await registerDag(world.db, wide("narrow", 12, { maxActiveTasks: 3 }));
  await world.scheduler();
  let running = 0;
  let most = 0;
  const api = await world.api({
    async body() {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return success();
    },
  });
  expect(await world.untilFinal(await api.trigger("narrow"))).toBe("success");
  expect(most).toBe(3);
});

test("runs above max_active_runs wait, oldest first, and start as others end", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("single", ["a"], [], { maxActiveRuns: 1 }));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const runs: number[] = [];
  for (let i = 0; i < 3; i++) runs.push(await api.trigger("single"));
  for (const [i, run] of runs.entries()) {
    await expect.poll(() => api.assigned.length).toBe(i + 1);
    const later = runs[i + 1];
    if (later !== undefined) {
      expect(await world.runState(later)).toBe("queued");
      expect(await namesFor(api, "single", later, "a")).toContain("MAX_ACTIVE_RUNS");
    }
    await api.report(api.assigned[i]?.attemptId ?? "", success());
    expect(await world.untilFinal(run)).toBe("success");
  }
});

test("a paused DAG starts nothing, also of runs that have begun, and goes on when it is unpaused", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("pausing", ["a", "b"], ["a>b"]));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("pausing");
  await expect.poll(() => api.assigned.length).toBe(1);
  await setPaused(world, "pausing", true);
  await expect.poll(() => namesFor(api, "pausing", run, "b")).toContain("DAG_PAUSED");
  await api.report(api.assigned[0]?.attemptId ?? "", success());
  const waiting = await api.trigger("pausing");
  expect(await namesFor(api, "pausing", run, "b")).toEqual(["DAG_PAUSED"]);
  expect(await world.runState(waiting)).toBe("queued");
  expect(api.assigned).toHaveLength(1);
  await setPaused(world, "pausing", false);
  await expect.poll(() => api.assigned.length).toBe(3);
  expect(await world.runState(waiting)).toBe("running");
});

test("higher priority goes first within a DAG, and DAGs take turns", async () => {
  await using world = await aWorld();
  const tasks = [1, 2, 3].map((priorityWeight) => aTask(`p${priorityWeight}`, { priorityWeight }));
  await registerDag(world.db, aDag("one", tasks));
  await registerDag(world.db, aDag("two", tasks));
  await world.scheduler();
  const api = await world.api({ slots: 1 });
  api.addSlots(-1);
  const runs = [await api.trigger("one"), await api.trigger("two")];
  await expect.poll(() => world.runState(runs[1] ?? 0)).toBe("running");
  api.addSlots(1);
  for (const run of runs) expect(await world.untilFinal(run)).toBe("success");
  const order = api.assigned.map(({ taskId, run }) => `${run?.dagId} ${taskId}`);
  expect(order.filter((each) => each.startsWith("one"))).toEqual(["one p3", "one p2", "one p1"]);
  expect(order.filter((each) => each.startsWith("two"))).toEqual(["two p3", "two p2", "two p1"]);
  expect(
    order
      .slice(0, 2)
      .map((each) => each.slice(0, 3))
      .toSorted(),
  ).toEqual(["one", "two"]);
});

test("explain tells a missing queue from a missing handler, from taken slots, and names what runs", async () => {
  await using world = await aWorld();
  const tasks = [
    aTask("gpu", { queue: "gpu" }),
    aTask("score", { handler: "score" }),
    aTask("a"),
    aTask("b", { priorityWeight: 0 }),
  ];
  await registerDag(world.db, aDag("why", tasks));
  await world.scheduler();
  const api = await world.api({ slots: 1, body: () => null });
  const run = await api.trigger("why");
  await expect.poll(() => api.assigned.length).toBe(1);
  expect(await namesFor(api, "why", run, "gpu")).toEqual(["NO_WORKER_FOR_QUEUE"]);
  expect(await namesFor(api, "why", run, "score")).toEqual(["NO_WORKER_FOR_HANDLER"]);
  expect(await namesFor(api, "why", run, "a")).toEqual(["RUNNING"]);
  expect(await namesFor(api, "why", run, "b")).toEqual(["NO_FREE_SLOT"]);
});

test("slots that nothing waits for are given back", async () => {
  await using world = await aWorld();
  await registerDag(world.db, wide("few", 2));
  await world.scheduler();
  const api = await world.api({ slots: 50 });
  expect(await world.untilFinal(await api.trigger("few"))).toBe("success");
  await expect.poll(() => api.freeSlots()).toBe(50);
});
