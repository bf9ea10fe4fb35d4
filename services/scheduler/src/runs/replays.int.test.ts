/** What the simulation found (docs/simulation.md), each told again on the smallest real parts. Others are beside what they are about. */

import { flush, type FlushAnswer, type FlushBatch, type Lane } from "@millrace/db";
import { MillraceError, TaskState } from "@millrace/engine";
import { expect, test } from "vitest";
import { aChain, aDag, registerDag } from "../testing/dags.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { success, type FakeApi } from "../testing/fake-api.ts";
import { aWorld, type World } from "../testing/world.ts";

/** Flushes that wait until they are let through, one by one. */
function turnstile() {
  const waiting: (() => void)[] = [];
  let isClosed = false;
  return {
    waiting,
    close: () => void (isClosed = true),
    /** Lets the next one through, which must be there. */
    next: () => waiting.shift()?.(),
    open() {
      isClosed = false;
      for (const pass of waiting.splice(0)) pass();
    },
    async flush(lane: Lane, batch: FlushBatch): Promise<FlushAnswer> {
      if (isClosed) await new Promise<void>((resolve) => waiting.push(resolve));
      return flush(lane, batch);
    },
  };
}

/** What the run's row says of its task instances, and what they are, by state from 1 on. */
async function counts(world: World, run: number): Promise<{ said: unknown; counted: unknown }> {
  const { rows } = await world.db.pool.query<{ state: number; said: number[]; counted: number[] }>(
    `SELECT state, counts AS said,
            (SELECT array_agg((SELECT count(*) FROM task_instance t WHERE t.run_id = run.id AND t.state = s)::int ORDER BY s)
             FROM generate_series(1, cardinality(counts)) s) AS counted
     FROM run WHERE id = $1`,
    [run],
  );
  return { said: rows[0]?.said, counted: rows[0]?.counted };
}

async function clear(api: FakeApi, dagId: string, run: number): Promise<unknown> {
  const value = { runKey: BigInt(run), selection: {} };
  return api.command(dagId, { requestId: "c", command: { case: "clearInstances", value } });
}

test("a run that is cleared before its end is written ends with the counts of its end", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("etl", 1));
  const gate = turnstile();
  await world.scheduler({ flush: gate.flush });
  await using api = await world.api({ body: () => null });
  const run = await api.trigger("etl");
  await expect.poll(() => api.assigned.length).toBe(1);

  // Another run's grant is on its way, so that what comes now waits behind it in the same lane.
  gate.close();
  await api.trigger("etl");
  await expect.poll(() => gate.waiting.length).toBe(1);
  const reported = api.report(api.assigned[0]?.attemptId ?? "", success());
  const cleared = clear(api, "etl", run);
  await expect.poll(() => stateInMemory(api, run)).toBe(TaskState.none);
  gate.next();
  await expect.poll(() => gate.waiting.length).toBe(1);
  gate.next();
  await expect.poll(() => world.runState(run)).toBe("success");
  const { said, counted } = await counts(world, run);
  expect(said).toEqual(counted);
  gate.open();
  await reported;
  expect(await cleared).toMatchObject({ reply: { case: "instancesChanged" } });
  await expect.poll(() => api.assigned.length).toBe(3);
});

async function stateInMemory(api: FakeApi, run: number): Promise<unknown> {
  const value = { runKey: BigInt(run), taskId: "t0", mapIndex: -1 };
  const { reply } = await api.command("etl", { command: { case: "explainTask", value } });
  return reply.case === "explanation" ? reply.value.state : reply;
}

test("what people change of a run that is over is in its counts, however quickly they do", async () => {
  await using world = await aWorld();
  const tasks = ["a", "b", "c", "d"];
  await registerDag(world.db, aDag("four", tasks, ["a>d", "b>d", "c>d"]));
  // No summary is due by time.
  await world.scheduler({ settings: { runFeedMs: 3_600_000 } });
  await using api = await world.api({
    body: ({ taskId }) =>
      taskId === "d" ? success() : { case: "skipped", value: { message: "not today" } },
  });
  const run = await api.trigger("four");
  expect(await world.untilFinal(run)).toBe("success");
  const mark = (taskId: string) =>
    api.command("four", {
      requestId: taskId,
      command: {
        case: "markInstances",
        value: {
          runKey: BigInt(run),
          selection: { instances: [{ taskId }] },
          state: TaskState.success,
        },
      },
    });
  await Promise.all(["a", "b", "c"].map(mark));
  await expect
    .poll(() => world.taskStates(run))
    .toEqual(["success", "success", "success", "skipped"]);
  const { said, counted } = await counts(world, run);
  expect(said).toEqual(counted);
});

test("inventories that waited and come together count as one: they may be older than the attempt", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("etl", 1));
  const clock = movingClock();
  // More than passes while the first of them come.
  const inventoryGapMs = 60_000;
  await world.scheduler({ clock, settings: { inventoryGapMs, ...unread } });
  await using api = await world.api({ body: () => null });
  const run = await api.trigger("etl");
  await expect.poll(() => api.assigned.length).toBe(1);
  for (let count = 0; count < 5; count++) await api.inventory([]);
  expect(await world.taskStates(run)).toEqual(["running"]);
  expect(api.assigned).toHaveLength(1);
  clock.advance(inventoryGapMs);
  await api.inventory([]);
  await expect.poll(() => api.assigned.length).toBe(2);
});

test("a flush that fails after its shard was lost gives back the slots that it had granted", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("etl", 1));
  const gate = turnstile();
  const scheduler = await world.scheduler({
    flush: gate.flush,
    settings: { shardRenewMs: 50, nodeBeatMs: 50 },
  });
  await using api = await world.api({ slots: 3, body: () => null });
  gate.close();
  await api.trigger("etl");
  await expect.poll(() => gate.waiting.length).toBe(1);
  await world.db.pool.query(
    `UPDATE shard SET owner = 'another', epoch = epoch + 1, expires_at = clock_timestamp() + interval '1 hour'
     WHERE owner = 'n0'`,
  );
  await expect.poll(() => scheduler.shards()).toEqual([]);
  gate.open();
  await expect.poll(() => api.freeSlots()).toBe(3);
});

test("what turns out to be granted is sent at once, though callbacks cannot be read yet", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("etl", 1));
  let isAnswerLost = false;
  let areCallbacksReadable = false;
  const pool = new Proxy(world.db.pool, {
    get(target, property, receiver) {
      if (property !== "query") return Reflect.get(target, property, receiver) as unknown;
      return (...asked: unknown[]) => {
        const { name = "" } = asked[0] as { readonly name?: string };
        if (isAnswerLost && !areCallbacksReadable && name === "owner_callback_list")
          return Promise.reject(new Error("Connection terminated unexpectedly"));
        return (target.query as (...all: unknown[]) => unknown).apply(target, asked);
      };
    },
  });
  await world.scheduler({
    db: { ...world.db, pool },
    async flush(lane, batch) {
      const answer = await flush(lane, batch);
      if (isAnswerLost || batch.started.length === 0) return answer;
      isAnswerLost = true;
      throw new MillraceError("UNAVAILABLE", "cut", { metadata: { outcome: "unknown" } });
    },
  });
  await using api = await world.api({ body: () => null });
  const run = await api.trigger("etl");
  await expect.poll(() => api.assigned.length).toBe(1);
  areCallbacksReadable = true;
  await api.report(api.assigned[0]?.attemptId ?? "", success());
  expect(await world.untilFinal(run)).toBe("success");
});
