import { expect, test } from "vitest";
import { aDag, aTask, argsOf, itemRef, registerDag, taskRef } from "../testing/dags.ts";
import { success, textOf } from "../testing/fake-api.ts";
import { aWorld } from "../testing/world.ts";

const wide = (dagId: string, width: number) =>
  aDag(
    dagId,
    [
      "list",
      aTask("m", { each: [{ sources: [taskRef("list")] }], args: argsOf(itemRef("m")) }),
      aTask("sum", { args: argsOf({ $: "task", id: "m", path: [] }) }),
    ],
    ["list>m>sum"],
    { maxActiveTasks: width },
  );

test("ten thousand instances run once each, in order, and their values come together", async () => {
  await using world = await aWorld();
  const count = 10_000;
  await registerDag(world.db, wide("tenthousand", count));
  await world.scheduler();
  const elements = Array.from({ length: count }, (_, index) => index);
  const api = await world.api({
    slots: 2_000,
    body: ({ taskId, mapIndex, inputs }) => {
      if (taskId === "list") return success(elements);
      return success(
        taskId === "m" ? mapIndex : (JSON.parse(textOf(inputs["m"]?.data)) as []).length,
      );
    },
  });
  const run = await api.trigger("tenthousand");
  expect(await world.untilFinal(run)).toBe("success");
  const instances = api.assigned.filter(({ taskId }) => taskId === "m");
  expect(instances.map(({ mapIndex }) => mapIndex)).toEqual(elements);
  expect(
    instances.every(({ items, mapIndex }) => textOf(items["m/0"]?.data) === String(mapIndex)),
  ).toBe(true);
  const { rows } = await world.db.pool.query<{ out: Buffer }>(
    "SELECT out FROM task_instance WHERE run_id = $1 AND ix = 2",
    [run],
  );
  expect(rows[0]?.out.toString()).toBe("10000");
}, 180_000);

test("a take-over in the middle of a mapped run goes on where it was, and runs nothing twice", async () => {
  await using world = await aWorld();
  const count = 60;
  const spec = wide("middle", 10);
  await registerDag(world.db, spec);
  const first = await world.scheduler();
  const released = Promise.withResolvers<void>();
  const api = await world.api({
    slots: 10,
    async body({ taskId, mapIndex, inputs }) {
      if (taskId === "list") return success(Array.from({ length: count }, (_, index) => index));
      if (taskId === "sum") return success(JSON.parse(textOf(inputs["m"]?.data)));
      // Some are done, some are running, and the others wait.
      if (mapIndex >= 20) await released.promise;
      return success(mapIndex);
    },
  });
  const run = await api.trigger("middle");
  await expect.poll(() => api.assigned.length).toBe(31);
  first.kill();
  await world.expireLeases();
  await world.scheduler();
  released.resolve();
  expect(await world.untilFinal(run)).toBe("success");
  const started = api.assigned.filter(({ taskId }) => taskId === "m").map((each) => each.mapIndex);
  expect(started.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  const { rows } = await world.db.pool.query<{ out: Buffer }>(
    "SELECT out FROM task_instance WHERE run_id = $1 AND ix = 2",
    [run],
  );
  expect(JSON.parse(rows[0]?.out.toString() ?? "")).toHaveLength(count);
});
