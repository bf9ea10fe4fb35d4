import { expect, test } from "vitest";
import { aChain, aFan, registerDag } from "./testing/dags.ts";
import { aWorld } from "./testing/world.ts";

test("a chain runs to success, one task after the other", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("chain", 5));
  await world.scheduler();
  const api = await world.api();
  const run = await api.trigger("chain");
  expect(await world.untilFinal(run)).toBe("success");
  expect(api.assigned.map((assignment) => assignment.taskId)).toEqual([
    "t0",
    "t1",
    "t2",
    "t3",
    "t4",
  ]);
  expect(await world.taskStates(run)).toEqual(Array(5).fill("success"));
});

test("a fan-out runs all at once, and its end only after them", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aFan("fan", 200));
  await world.scheduler();
  const api = await world.api({ slots: 500 });
  const run = await api.trigger("fan");
  expect(await world.untilFinal(run)).toBe("success");
  expect(api.assigned).toHaveLength(202);
  expect(api.assigned.at(-1)?.taskId).toBe("end");
  expect(await world.finalChanges(run)).toEqual(Array.from({ length: 202 }, (_, i) => i));
});
