/** Each callback is delivered at least once: semantics 1.7, and more than 12.1 promises. */

import { flush, type FlushAnswer, type FlushBatch } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import { TaskState } from "@millrace/wire/v1";
import { VerdictKind } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { failure, success, type FakeApi, type FakeApiOptions } from "../testing/fake-api.ts";
import { deliveries, handlers, tell, telling, told } from "../testing/callbacks.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { aWorld, type World } from "../testing/world.ts";

const onSuccess = { callbacks: [tell("success")] };
const tellsOnce = aDag("once", [aTask("a", onSuccess)]);

/** The clock is read once, so that it can be moved. */

const pending = { state: "pending", tries: 0 };

function worker(
  world: World,
  ofCallback: Parameters<typeof telling>[1],
  options: FakeApiOptions = {},
): Promise<FakeApi> {
  return world.api({ handlers, body: telling(() => success(), ofCallback), ...options });
}

function untilDelivered(world: World, tries: number): Promise<void> {
  return expect.poll(() => deliveries(world.db)).toEqual([{ state: "delivered", tries }]);
}

test("a callback whose worker dies in the middle of it is given to another, at once", async () => {
  await using world = await aWorld();
  await registerDag(world.db, tellsOnce);
  await world.scheduler();
  const dying = await worker(world, () => null, { name: "dying", slots: 1 });
  await world.untilFinal(await dying.trigger("once"));
  await expect.poll(() => told(dying)).toHaveLength(1);
  dying.die();
  const heir = await worker(world, undefined, { name: "heir" });
  await dying.inventory([], true);
  await untilDelivered(world, 2);
  expect(heir.assigned.map(({ callback }) => callback?.deliveryTry)).toEqual([2]);
  expect(heir.assigned[0]?.idempotencyKey).toBe(dying.assigned.at(-1)?.idempotencyKey);
});

test("a session that ended without a word loses its callbacks too", async () => {
  await using world = await aWorld();
  await registerDag(world.db, tellsOnce);
  await world.scheduler({ settings: { sweepMs: 20 } });
  const dying = await worker(world, () => null, { slots: 1 });
  await world.untilFinal(await dying.trigger("once"));
  await expect.poll(() => told(dying)).toHaveLength(1);
  dying.die();
  await world.db.pool.query("UPDATE worker_session SET ended_at = clock_timestamp()");
  await worker(world, undefined, { name: "heir" });
  await untilDelivered(world, 2);
});

test("a callback that two inventories leave out was never there: it is sent again, and its slot is free", async () => {
  await using world = await aWorld();
  await registerDag(world.db, tellsOnce);
  await world.scheduler();
  let isDeaf = true;
  const api = await worker(world, () => (isDeaf ? null : success()), { slots: 1 });
  await world.untilFinal(await api.trigger("once"));
  await expect.poll(() => told(api)).toHaveLength(1);
  const { attemptId = "" } = api.assigned.at(-1) ?? {};
  await api.inventory([attemptId]);
  await api.inventory([attemptId]);
  expect(told(api)).toHaveLength(1);
  isDeaf = false;
  await api.inventory([]);
  await api.inventory([]);
  await untilDelivered(world, 2);
});

test("a scheduler that dies after the commit and before it sends leaves nothing unsaid", async () => {
  await using world = await aWorld();
  await registerDag(world.db, tellsOnce);
  const dead = Promise.withResolvers<void>();
  const dying = await world.scheduler({
    flush: async (lane, batch) => {
      const answer = await flush(lane, batch);
      if (batch.callbacks.length === 0) return answer;
      dying.kill();
      dead.resolve();
      return new Promise(() => undefined);
    },
  });
  const api = await worker(world, undefined);
  const run = await api.trigger("once");
  await dead.promise;
  expect(await deliveries(world.db)).toEqual([pending]);
  await world.expireLeases();
  await world.scheduler();
  await untilDelivered(world, 1);
  expect(await world.untilFinal(run)).toBe("success");
  expect(told(api)).toEqual(["success of a, try 1"]);
});

test("a flush whose answer was lost has its callbacks made, once", async () => {
  await using world = await aWorld();
  await registerDag(world.db, tellsOnce);
  let isBroken = true;
  await world.scheduler({
    flush: async (lane, batch) => {
      const answer = await flush(lane, batch);
      if (batch.callbacks.length === 0 || !isBroken) return answer;
      isBroken = false;
      throw new MillraceError("UNAVAILABLE", "lost", { metadata: { outcome: "unknown" } });
    },
  });
  const api = await worker(world, undefined);
  await world.untilFinal(await api.trigger("once"));
  await untilDelivered(world, 1);
  expect(told(api)).toEqual(["success of a, try 1"]);
});

// A simulation found it: what people asked for took place behind the back of the owner, who had read the run before.
test("a flush that comes long after it was given up changes nothing, nor does what it called for", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("late", ["a"], [], onSuccess));
  let givenUp: FlushBatch | null = null;
  let late: FlushAnswer | null = null;
  await world.scheduler({
    flush: async (lane, batch) => {
      if (batch.callbacks.length === 0) return flush(lane, batch);
      // Its run has been read again, and what was asked for is asked for once more: now it comes.
      if (givenUp !== null) late ??= await flush(lane, givenUp);
      if (givenUp !== null) return flush(lane, batch);
      givenUp = batch;
      throw new MillraceError("UNAVAILABLE", "lost", { metadata: { outcome: "unknown" } });
    },
  });
  const api = await world.api({ handlers, body: telling(() => null) });
  const run = await api.trigger("late");
  await expect.poll(() => api.assigned).toHaveLength(1);
  await api.report(api.assigned[0]!.attemptId, failure("no", false));
  expect(await world.untilFinal(run)).toBe("failed");
  const selection = { instances: [{ taskId: "a" }] };
  const marked = { runKey: BigInt(run), selection, state: TaskState.SUCCESS };
  // Who asks is not answered, and asks again.
  await api.command("late", {
    requestId: "mark",
    command: { case: "markInstances", value: marked },
  });
  await untilDelivered(world, 1);
  expect(late).toMatchObject({ missed: { events: [{ runId: run }] } });
  expect(await world.taskStates(run)).toEqual(["success"]);
  expect(await world.untilFinal(run)).toBe("success");
});

test("a callback that fails is tried after 30 s, 1, 2 and 4 minutes, and then counts as failed", async () => {
  await using world = await aWorld();
  await registerDag(world.db, tellsOnce);
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  const api = await worker(world, ({ callback }) => failure(`no ${callback?.deliveryTry}`));
  await world.untilFinal(await api.trigger("once"));
  for (const [index, seconds] of [30, 60, 120, 240].entries()) {
    await expect.poll(() => deliveries(world.db)).toEqual([{ state: "pending", tries: index + 1 }]);
    clock.advance((seconds - 2) * 1000);
    expect(told(api)).toHaveLength(index + 1);
    clock.advance(2_500);
    await expect.poll(() => told(api)).toHaveLength(index + 2);
  }
  await expect.poll(() => deliveries(world.db)).toEqual([{ state: "failed", tries: 5 }]);
  const { rows } = await world.db.pool.query<{ failure: Buffer; next_try_at: Date | null }>(
    "SELECT failure, next_try_at FROM callback_delivery WHERE ended_at IS NOT NULL",
  );
  expect(rows[0]?.failure.toString()).toContain("no 5");
  expect(rows[0]?.next_try_at).toBeNull();
});

test("one that says no retry can help is not tried again", async () => {
  await using world = await aWorld();
  await registerDag(world.db, tellsOnce);
  await world.scheduler();
  const api = await worker(world, () => failure("never", false));
  await world.untilFinal(await api.trigger("once"));
  await expect.poll(() => deliveries(world.db)).toEqual([{ state: "failed", tries: 1 }]);
});

test("its next try outlives a take-over, and so does a delivery that nobody has taken", async () => {
  await using world = await aWorld();
  const both = { callbacks: [tell("success"), tell("success", { handler: "nobody" })] };
  await registerDag(world.db, aDag("waits", [aTask("a", both)]));
  const first = await world.scheduler();
  let isBroken = true;
  const api = await worker(world, () => (isBroken ? failure("no") : success()));
  await world.untilFinal(await api.trigger("waits"));
  await expect.poll(() => deliveries(world.db)).toEqual([{ state: "pending", tries: 1 }, pending]);
  await first.stop();
  isBroken = false;
  await world.db.pool.query(
    "UPDATE callback_delivery SET next_try_at = clock_timestamp() WHERE tries = 1",
  );
  await world.scheduler();
  await expect
    .poll(() => deliveries(world.db))
    .toEqual([{ state: "delivered", tries: 2 }, pending]);
  const late = await world.api({ name: "late", handlers: ["nobody"] });
  await expect
    .poll(() => deliveries(world.db))
    .toEqual([
      { state: "delivered", tries: 2 },
      { state: "delivered", tries: 1 },
    ]);
  expect(told(late)).toEqual(["success of a, try 1"]);
});

test("what a worker has done counts, whoever owns the run by then, and what a stranger could not do does not", async () => {
  await using world = await aWorld();
  await registerDag(world.db, tellsOnce);
  const first = await world.scheduler();
  const api = await worker(world, () => null, { slots: 1 });
  await world.untilFinal(await api.trigger("once"));
  await expect.poll(() => told(api)).toHaveLength(1);
  const { attemptId = "" } = api.assigned.at(-1) ?? {};
  const stranger = await world.api({ name: "stranger", queues: ["other"] });
  expect(await stranger.report(attemptId, failure("no"))).toMatchObject({
    kind: VerdictKind.STALE,
  });
  await first.stop();
  await world.scheduler();
  expect(await api.report(attemptId, success())).toMatchObject({ kind: VerdictKind.OK });
  expect(await api.report(attemptId, success())).toMatchObject({ kind: VerdictKind.STALE });
  await untilDelivered(world, 1);
});

test("deliveries have their turn beside tasks that never end coming", async () => {
  await using world = await aWorld();
  const many = Array.from({ length: 20 }, (_, index) => `t${index}`);
  const spec = aDag("busy", [aTask("a", { ...onSuccess, priorityWeight: 9 }), ...many]);
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await worker(world, undefined, { slots: 1 });
  await world.untilFinal(await api.trigger("busy"));
  await untilDelivered(world, 1);
  const place = api.assigned.findIndex(({ callback }) => callback !== undefined);
  expect(place).toBeGreaterThan(0);
  expect(place).toBeLessThan(10);
});

test("a delivery of a run that was deleted vanishes", async () => {
  await using world = await aWorld();
  const never = aDag("never", [aTask("a", { callbacks: [tell("success", { handler: "later" })] })]);
  await registerDag(world.db, never);
  await registerDag(world.db, tellsOnce);
  await world.scheduler();
  const api = await worker(world, undefined);
  await world.untilFinal(await api.trigger("never"));
  await expect.poll(() => deliveries(world.db)).toEqual([pending]);
  await api.command("never", {
    requestId: "delete",
    command: { case: "deleteDag", value: { dagId: "never" } },
  });
  await expect.poll(() => deliveries(world.db)).toEqual([]);
  const late = await world.api({ name: "late", handlers: ["later", "tell"] });
  await world.untilFinal(await api.trigger("once"));
  await untilDelivered(world, 1);
  expect(late.assigned.filter(({ handler }) => handler === "later")).toEqual([]);
});

test("a delivery of a version that cannot be read here waits, and holds up no other", async () => {
  await using world = await aWorld();
  const later = { callbacks: [tell("success", { handler: "later" })] };
  await registerDag(world.db, aDag("odd", [aTask("a", later)]));
  await registerDag(world.db, tellsOnce);
  const first = await world.scheduler();
  const api = await worker(world, undefined);
  await world.untilFinal(await api.trigger("odd"));
  await expect.poll(() => deliveries(world.db)).toEqual([pending]);
  await first.stop();
  await world.db.pool.query("UPDATE dag_version SET spec = 'x' WHERE dag_id = 'odd'");
  await world.scheduler();
  const late = await world.api({ name: "late", queues: ["other", "default"], handlers: ["later"] });
  await world.untilFinal(await api.trigger("once"));
  await expect
    .poll(() => deliveries(world.db))
    .toEqual([pending, { state: "delivered", tries: 1 }]);
  expect(late.assigned).toEqual([]);
});

test("very many deliveries are made, each once", async () => {
  await using world = await aWorld();
  const list = Array.from({ length: 2_000 }, (_, index) => index);
  const each = [{ sources: [JSON.stringify(list)] }];
  const spec = aDag("wide", [aTask("m", { ...onSuccess, each })], [], { maxActiveTasks: 2_000 });
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await worker(world, undefined, { slots: 500 });
  await world.untilFinal(await api.trigger("wide"));
  await expect
    .poll(
      async () => (await deliveries(world.db)).filter(({ state }) => state === "delivered").length,
      { timeout: 20_000 },
    )
    .toBe(list.length);
  expect(new Set(told(api)).size).toBe(list.length);
  expect(told(api)).toHaveLength(list.length);
});
