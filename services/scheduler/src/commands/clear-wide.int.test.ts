/** A clear that means a hundred thousand instances (semantics 11.2): many small steps, one answer, and nothing else stops. */

import { flush } from "@millrace/db";
import { RunState, TaskState } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { aChain, aDag, aTask, registerDag } from "../testing/dags.ts";
import { defaultSettings } from "../settings.ts";
import { aWorld } from "../testing/world.ts";

const width = 100_000;
/** What is asked for must end; how quickly is for benchmarks. */
const limitMs = 600_000;

test(
  "a hundred thousand instances are cleared in steps; what runs beside them goes on meanwhile",
  { timeout: limitMs },
  async () => {
    await using world = await aWorld();
    const path = '{"$":"run","path":["params","n"]}';
    await registerDag(world.db, aDag("wide", [aTask("m", { each: [{ sources: [path] }] })]));
    const other = aTask("t0", { queue: "other" });
    await registerDag(world.db, { ...aChain("narrow", 1), tasks: [other] });
    let isClearing = false;
    let mostRows = 0;
    const begun = Promise.withResolvers<void>();
    await world.scheduler({
      flush(lane, batch) {
        mostRows = Math.max(mostRows, batch.finished.length);
        if (isClearing && batch.finished.length > 0) begun.resolve();
        return flush(lane, batch);
      },
    });
    await using api = await world.api({ slots: 1, body: () => null });
    await using _beside = await world.api({ queues: ["other"] });
    const run = await api.trigger("wide", {
      params: { n: Array.from({ length: width }, () => 0) },
    });
    const runKey = BigInt(run);
    await expect.poll(() => api.assigned.length).toBe(1);
    await api.command("wide", {
      requestId: "mark",
      command: { case: "markRun", value: { runKey, state: RunState.SUCCESS } },
    });
    expect(await instances(world, run)).toEqual([{ state: TaskState.SUCCESS, n: width }]);

    const counts = [{ state: TaskState.SUCCESS, nextState: TaskState.NONE, count: width }];
    const preview = { runKey, selection: {}, dryRun: true };
    const { reply: planned } = await api.command("wide", {
      command: { case: "clearInstances", value: preview },
    });
    expect(planned).toMatchObject({ value: { affectedCount: width, counts } });
    const named = planned.case === "instancesChanged" ? planned.value.affected : [];
    expect(named).toHaveLength(1_000);
    expect(await world.runState(run)).toBe("success");

    // Nobody may take what is cleared: what it comes to is compared.
    api.die();
    isClearing = true;
    const request = {
      requestId: "clear",
      command: { case: "clearInstances", value: { runKey, selection: {} } },
    } as const;
    const ends: string[] = [];
    const cleared = api.command("wide", request).finally(() => ends.push("the clear"));
    await begun.promise;
    expect(await world.untilFinal(await api.trigger("narrow"))).toBe("success");
    ends.push("a run beside it");
    const { reply } = await cleared;
    expect(ends).toEqual(["a run beside it", "the clear"]);
    // On a busy machine a flush may fail: then the rest is carried out again, and it is the rest that is answered.
    expect(reply).toMatchObject({ case: "instancesChanged", value: { counts: [{}] } });
    expect(mostRows).toBeLessThan(2 * defaultSettings.flushRowsMax);
    expect(await instances(world, run)).toEqual([{ state: TaskState.NONE, n: width }]);
    // The answer is kept with what it answers.
    expect((await api.command("wide", request)).reply).toEqual(reply);
  },
);

test("a task that marks others is told of, however many instances stand before it in the answer", async () => {
  await using world = await aWorld();
  const each = [{ sources: [JSON.stringify(Array.from({ length: 1_500 }, () => 0))] }];
  const marks = [{ dagId: "other", taskIds: ["a"], groupIds: [] }];
  const spec = aDag("marking", [aTask("m", { each }), aTask("mark", { marks })], ["m>mark"]);
  await registerDag(world.db, { ...spec, maxActiveTasks: 1_500 });
  await world.scheduler();
  await using api = await world.api({ slots: 500 });
  const run = await api.trigger("marking");
  expect(await world.untilFinal(run)).toBe("success");
  const selection = { instances: [{ taskId: "m" }], downstream: true };
  for (const dryRun of [true, false]) {
    const value = { runKey: BigInt(run), selection, dryRun };
    const { reply } = await api.command("marking", {
      requestId: "clear",
      command: { case: "clearInstances", value },
    });
    const changed = reply.case === "instancesChanged" ? reply.value : null;
    expect(changed?.affected).toHaveLength(1_000);
    expect(changed?.affected.every(({ taskId }) => taskId === "m")).toBe(true);
    expect(changed?.markingTaskIds).toEqual(["mark"]);
  }
});

async function instances(
  { db }: Awaited<ReturnType<typeof aWorld>>,
  run: number,
): Promise<unknown[]> {
  const { rows } = await db.pool.query<{ state: number; n: number }>(
    "SELECT state, count(*)::int AS n FROM task_instance WHERE run_id = $1 GROUP BY state",
    [run],
  );
  return rows;
}
