/** Values that are stored elsewhere: the scheduler hands on references, and never needs what is behind them. */

import { writeBlobRef } from "@millrace/wire";
import type { Assignment } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { aDag, aTask, argsOf, itemRef, registerDag, taskRef } from "../testing/dags.ts";
import { failure, success, textOf, type Outcome } from "../testing/fake-api.ts";
import { aWorld } from "../testing/world.ts";

const key = `run_1/${"0".repeat(64)}`;
const size = 5_000_000;
const refTo = (...path: (string | number)[]) => textOf(writeBlobRef({ key, size, path }));
const ref = (id: string) => ({ $: "task", id, path: [] });

/** As a worker reports a value that it has stored. */
function stored(lengths: number[] = []): Outcome {
  const returnValue = { data: writeBlobRef({ key, size, path: [] }) };
  return { case: "succeeded", value: { returnValue, lengths } };
}

const values = (of: Assignment["inputs"]): Record<string, string> =>
  Object.fromEntries(Object.entries(of).map(([name, { data }]) => [name, textOf(data)]));

/** list → score (mapped over its rows) → total */
const spec = aDag(
  "large",
  [
    "list",
    aTask("score", {
      each: [{ sources: [taskRef("list", ["rows"])] }],
      args: argsOf(itemRef("score"), ref("list")),
    }),
    aTask("total", { args: argsOf(ref("score")) }),
  ],
  ["list>score>total"],
);

function body({ taskId, mapIndex }: Assignment): Outcome {
  if (taskId === "list") return stored([3]);
  if (taskId === "total") return stored();
  return mapIndex === 1 ? stored() : success(mapIndex);
}

test("references go to those that take the value, are mapped over it, or gather it", async () => {
  await using world = await aWorld();
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({ body });
  const run = await api.trigger("large");
  expect(await world.untilFinal(run)).toBe("success");
  const given = api.assigned.map(({ items, inputs }) => [values(items), values(inputs)]);
  const list = { list: refTo() };
  expect(given).toEqual([
    [{}, {}],
    [{ "score/0": refTo("rows", 0) }, list],
    [{ "score/0": refTo("rows", 1) }, list],
    [{ "score/0": refTo("rows", 2) }, list],
    [{}, { score: `[0,${refTo()},2]` }],
  ]);
  const { rows } = await world.db.pool.query<{ out: Buffer }>(
    "SELECT out FROM task_instance WHERE run_id = $1 AND ix = 2",
    [run],
  );
  expect(textOf(rows[0]?.out)).toBe(refTo());
});

test("after a take-over they are taken from the rows", async () => {
  await using world = await aWorld();
  await registerDag(world.db, spec);
  const first = await world.scheduler();
  const gate = Promise.withResolvers<void>();
  const api = await world.api({
    async body(assignment) {
      if (assignment.taskId === "list") await gate.promise;
      return body(assignment);
    },
  });
  const run = await api.trigger("large");
  await expect.poll(() => api.assigned.length).toBe(1);
  await first.stop();
  gate.resolve();
  await world.scheduler();
  expect(await world.untilFinal(run)).toBe("success");
  expect(values(api.assigned.at(-1)!.inputs)).toEqual({ score: `[0,${refTo()},2]` });
});

test("a length that a worker cannot tell of a stored value fails the task that returned it", async () => {
  await using world = await aWorld();
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({ body: () => stored([-1]) });
  const run = await api.trigger("large");
  expect(await world.untilFinal(run)).toBe("failed");
  expect(api.assigned).toHaveLength(1);
  expect((await world.states(run, spec))["list"]).toBe("failed");
});

test("a retry of one instance gets its element again", async () => {
  await using world = await aWorld();
  const retried = aTask("score", {
    each: [{ sources: [taskRef("list", ["rows"])] }],
    args: argsOf(itemRef("score")),
    retries: 1,
    retryDelayMs: 0,
  });
  await registerDag(world.db, aDag("again", ["list", retried], ["list>score"]));
  await world.scheduler();
  let failures = 0;
  const api = await world.api({
    body: (assignment) =>
      assignment.mapIndex === 2 && failures++ === 0 ? failure("once") : body(assignment),
  });
  const run = await api.trigger("again");
  expect(await world.untilFinal(run)).toBe("success");
  const tries = api.assigned.filter(({ mapIndex }) => mapIndex === 2);
  const element = refTo("rows", 2);
  expect(tries.map(({ items }) => values(items)["score/0"])).toEqual([element, element]);
});
