import { expect, test } from "vitest";
import { createLocalBus } from "@millrace/bus";
import { aDag, registerDag } from "./testing/dags.ts";
import { success } from "./testing/fake-api.ts";
import { movingClock } from "./testing/moving-clock.ts";
import { aWorld, type World } from "./testing/world.ts";

const everyHour = {
  schedule: { kind: "cron", expression: "0 * * * *", timezone: "UTC" },
} as const;
/** Long enough that the wall clock hardly ever begins a new one during a test. */
const hour = 3_600_000;
/** The clock is read once, so that it can be moved. */
const unread = { shardTtlMs: 36_000_000, shardRenewMs: 36_000_000 };

async function ticks(world: World, dagId: string): Promise<string[]> {
  const { rows } = await world.db.pool.query<{
    run_name: string;
    logical_at: Date;
    run_type: number;
  }>("SELECT run_name, logical_at, run_type FROM run WHERE dag_id = $1 ORDER BY logical_at", [
    dagId,
  ]);
  for (const row of rows) {
    expect(row.run_type).toBe(1);
    expect(row.run_name).toBe(
      `scheduled__${row.logical_at.toISOString().replace(".000Z", "+00:00")}`,
    );
  }
  return rows.map((row) => row.logical_at.toISOString());
}

const lastHour = (at = Date.now()) => Math.floor(at / hour) * hour;

test("each tick becomes one run, with the next one noted in the DAG's row", async () => {
  await using world = await aWorld();
  const clock = movingClock();
  const params = JSON.stringify({
    type: "object",
    properties: { region: { type: "string", default: "eu" } },
  });
  await registerDag(world.db, aDag("ticking", ["a"], [], { ...everyHour, paramsSchema: params }));
  await world.scheduler({ clock, settings: unread });
  const api = await world.api();
  for (const count of [1, 2, 3]) {
    clock.advance(hour);
    await expect.poll(() => ticks(world, "ticking")).toHaveLength(count);
  }
  const made = (await ticks(world, "ticking")).map((at) => Date.parse(at));
  expect(new Set(made.map((at) => at % hour))).toEqual(new Set([0]));
  const { rows } = await world.db.pool.query<{ scheduled_through: Date; next_run_at: Date }>(
    "SELECT scheduled_through, next_run_at FROM dag",
  );
  expect(rows).toEqual([
    { scheduled_through: new Date(made[2] ?? 0), next_run_at: new Date((made[2] ?? 0) + hour) },
  ]);
  await expect.poll(() => api.assigned.length).toBe(3);
  expect(Buffer.from(api.assigned[0]?.run?.params?.data ?? []).toString()).toBe('{"region":"eu"}');
});

test("after a time without schedulers only the newest missed tick becomes a run", async () => {
  await using world = await aWorld();
  const scheduledThrough = new Date(lastHour() - 10 * hour);
  await registerDag(world.db, aDag("missed", ["a"], [], everyHour), { scheduledThrough });
  const before = lastHour();
  await world.scheduler();
  await expect.poll(() => ticks(world, "missed")).toHaveLength(1);
  const [made = ""] = await ticks(world, "missed");
  expect([before, lastHour()]).toContain(Date.parse(made));
});

test("a paused DAG has no ticks, and those that passed meanwhile are not made up but for the newest", async () => {
  await using world = await aWorld();
  const scheduledThrough = new Date(lastHour() - 10 * hour);
  await registerDag(world.db, aDag("resting", ["a"], [], everyHour), {
    scheduledThrough,
    isPaused: true,
  });
  await world.scheduler();
  await world.db.pool.query("UPDATE dag SET changed_seq = nextval('dag_changed_seq')");
  world.bus.publish("dags", new Uint8Array());
  await registerDag(world.db, aDag("marker", ["a"], [], everyHour), { scheduledThrough });
  world.bus.publish("dags", new Uint8Array());
  await expect.poll(() => ticks(world, "marker")).toHaveLength(1);
  expect(await ticks(world, "resting")).toEqual([]);
  await world.db.pool.query(
    "UPDATE dag SET is_paused = false, changed_seq = nextval('dag_changed_seq') WHERE dag_id = 'resting'",
  );
  world.bus.publish("dags", new Uint8Array());
  await expect.poll(() => ticks(world, "resting")).toHaveLength(1);
});

test("a DAG registered while schedulers run is noticed without a doorbell", async () => {
  await using world = await aWorld();
  await world.scheduler({ settings: { dagPollMs: 50 } });
  const scheduledThrough = new Date(lastHour() - 2 * hour);
  await registerDag(world.db, aDag("quiet", ["a"], [], everyHour), { scheduledThrough });
  await expect.poll(() => ticks(world, "quiet")).toHaveLength(1);
});

test("a tick at max_active_runs makes no run; the newest that passed meanwhile does once a run has ended", async () => {
  await using world = await aWorld();
  const scheduledThrough = new Date(lastHour() - 3 * hour);
  await registerDag(world.db, aDag("full", ["a"], [], { ...everyHour, maxActiveRuns: 1 }), {
    scheduledThrough,
  });
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  const released = Promise.withResolvers<void>();
  const api = await world.api({ body: () => released.promise.then(() => success()) });
  await expect.poll(() => ticks(world, "full")).toHaveLength(1);
  clock.advance(3 * hour);
  await api.inventory([]);
  expect(await ticks(world, "full")).toHaveLength(1);
  released.resolve();
  await expect.poll(() => ticks(world, "full")).toHaveLength(2);
  const [first = "", second = ""] = await ticks(world, "full");
  expect(Date.parse(second) - Date.parse(first)).toBeGreaterThanOrEqual(3 * hour);
  await expect.poll(() => api.assigned.length).toBe(2);
});

test("two schedulers that both believe to own a DAG make one run of each of its ticks", async () => {
  await using world = await aWorld();
  const dags = Array.from({ length: 16 }, (_, i) => `race${i}`);
  for (const dagId of dags) await registerDag(world.db, aDag(dagId, ["a"], [], everyHour));
  const clocks = [movingClock(), movingClock()] as const;
  await world.scheduler({ clock: clocks[0], settings: unread });
  // The leases run out unnoticed, and the other node is on a bus that this one does not hear.
  await world.db.pool.query("UPDATE shard SET expires_at = clock_timestamp()");
  const alone = { bus: createLocalBus("n1"), clock: clocks[1], settings: unread };
  const second = await world.scheduler(alone);
  expect(second.shards()).toHaveLength(64);
  for (const count of [1, 2, 3]) {
    for (const clock of clocks) clock.advance(hour);
    for (const dagId of dags) await expect.poll(() => ticks(world, dagId)).toHaveLength(count);
  }
});
