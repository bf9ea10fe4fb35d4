import { flush, type FlushAnswer, type FlushBatch, type Lane } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import { expect, test } from "vitest";
import { aDag, aTask, argsOf, itemRef, registerDag, taskRef } from "../testing/dags.ts";
import { success, textOf } from "../testing/fake-api.ts";
import { aWorld } from "../testing/world.ts";

const spec = aDag(
  "mapped",
  [
    "list",
    aTask("m", { each: [{ sources: [taskRef("list")] }], args: argsOf(itemRef("m")) }),
    aTask("n", { each: [{ sources: [taskRef("m")] }], args: argsOf(itemRef("n")) }),
    aTask("sum", { args: argsOf({ $: "task", id: "n", path: [] }) }),
  ],
  ["list>m>n>sum"],
);
const elements = Array.from({ length: 40 }, (_, index) => index);
const body = ({ taskId, items, inputs }: Parameters<typeof itemOf>[0]) => {
  if (taskId === "list") return success(elements);
  return success(
    JSON.parse(taskId === "sum" ? textOf(inputs["n"]?.data) : itemOf({ taskId, items, inputs })),
  );
};

function itemOf({
  taskId,
  items,
}: {
  taskId: string;
  items: Record<string, { data: Uint8Array }>;
  inputs: Record<string, { data: Uint8Array }>;
}): string {
  return textOf(items[`${taskId}/0`]?.data);
}

/** Every `nth` flush fails: before it is written, or only its answer. */
function failing(nth: number, outcome: "none" | "unknown") {
  let count = 0;
  return async (lane: Lane, batch: FlushBatch): Promise<FlushAnswer> => {
    const isLost = ++count % nth === 0;
    const error = new MillraceError("UNAVAILABLE", "cut", { metadata: { outcome } });
    if (isLost && outcome === "none") throw error;
    const answer = await flush(lane, batch);
    if (isLost) throw error;
    return answer;
  };
}

test.each(["none", "unknown"] as const)(
  "a mapped run goes on after flushes that fail (%s), no instance ends twice, and no value is lost",
  async (outcome) => {
    await using world = await aWorld();
    await registerDag(world.db, spec);
    await world.scheduler({ flush: failing(3, outcome) });
    const api = await world.api({ slots: 7, body });
    const run = await api.trigger("mapped");
    expect(await world.untilFinal(run)).toBe("success");
    const ended = await world.finalChanges(run);
    expect(ended).toEqual([0, ...elements.map(() => 1), ...elements.map(() => 2), 3]);
    const { rows } = await world.db.pool.query<{ out: Buffer }>(
      "SELECT out FROM task_instance WHERE ix = 3",
    );
    expect(JSON.parse(rows[0]?.out.toString() ?? "")).toEqual(elements);
  },
);

test.each(["none", "unknown"] as const)(
  "a clear whose flush fails (%s) is carried out once",
  async (outcome) => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("cleared", ["a", "b"], ["a>b"]));
    let isFailing = false;
    const fail = failing(1, outcome);
    await world.scheduler({
      async flush(lane, batch) {
        if (!isFailing || batch.answers.length === 0) return flush(lane, batch);
        isFailing = false;
        return fail(lane, batch);
      },
    });
    const api = await world.api();
    const run = await api.trigger("cleared");
    expect(await world.untilFinal(run)).toBe("success");
    isFailing = true;
    const { reply } = await api.command("cleared", {
      requestId: "r",
      command: { case: "clearInstances", value: { runKey: BigInt(run) } },
    });
    expect(reply).toMatchObject({ case: "instancesChanged", value: { affectedCount: 2 } });
    await expect.poll(() => api.assigned.length).toBe(4);
    await expect.poll(() => world.runState(run)).toBe("success");
    const { rows } = await world.db.pool.query("SELECT attempt FROM task_instance");
    expect(rows).toEqual([{ attempt: 2 }, { attempt: 2 }]);
    expect(api.assigned).toHaveLength(4);
  },
);

test("a cancel that was cut short between two flushes is finished by the next owner", async () => {
  await using world = await aWorld();
  const path = '{"$":"run","path":["params","n"]}';
  await registerDag(world.db, aDag("wide", [aTask("m", { each: [{ sources: [path] }] })]));
  let isCut = false;
  const first = await world.scheduler({
    async flush(lane, batch) {
      if (isCut) throw new MillraceError("UNAVAILABLE", "cut", { metadata: { outcome: "none" } });
      const answer = await flush(lane, batch);
      isCut = batch.runs.some((run) => run.isCancelRequested);
      return answer;
    },
  });
  const api = await world.api({ slots: 1, body: () => null });
  const run = await api.trigger("wide", { params: { n: Array.from({ length: 2_500 }, () => 0) } });
  await expect.poll(() => api.assigned.length).toBe(1);
  const cancelled = api.command("wide", {
    requestId: "c",
    command: { case: "cancelRun", value: { runKey: BigInt(run) } },
  });
  await expect.poll(() => isCut).toBe(true);
  first.kill();
  await world.expireLeases();
  await world.scheduler();
  await cancelled;
  await expect.poll(() => api.cancelled.length).toBeGreaterThan(0);
  await api.report(api.assigned[0]?.attemptId ?? "", success());
  expect(await world.untilFinal(run)).toBe("failed");
  const { rows } = await world.db.pool.query<{ state: number; n: number }>(
    "SELECT state, count(*)::int AS n FROM task_instance GROUP BY state ORDER BY state",
  );
  expect(rows).toEqual([
    { state: 7, n: 1 },
    { state: 8, n: 2_499 },
  ]);
});

test("values that memory has no room for are read from their rows", async () => {
  await using world = await aWorld();
  await registerDag(world.db, spec);
  await world.scheduler({ settings: { outputCacheBytesMax: 300, valuesPerReadMax: 3 } });
  const api = await world.api({ slots: 7, body });
  const run = await api.trigger("mapped");
  expect(await world.untilFinal(run)).toBe("success");
  const { rows } = await world.db.pool.query<{ out: Buffer }>(
    "SELECT out FROM task_instance WHERE ix = 3",
  );
  expect(JSON.parse(rows[0]?.out.toString() ?? "")).toEqual(elements);
});
