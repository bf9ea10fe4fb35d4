import { describe, expect, test } from "vitest";
import { createLocalBus } from "@millrace/bus";
import { setDagPaused } from "@millrace/db";
import type { DagSpec } from "@millrace/engine";
import { aDag, registerDag } from "../testing/dags.ts";
import { failure, success, type FakeApiOptions } from "../testing/fake-api.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { aWorld, type World } from "../testing/world.ts";

const plain = { timezone: "UTC", intervalMs: 0, jitterMs: 0, runImmediately: null } as const;
/** The minute of an hour at which its tick is: half an hour from now, so that the wall clock meets none during a test. */
const minuteOfTick = (new Date().getUTCMinutes() + 30) % 60;
const cron = `${minuteOfTick} * * * *`;
const everyHour = { schedule: { kind: "cron", expressions: [cron], ...plain } } as const;
const hour = 3_600_000;
const minute = 60_000;
/** The clock is read once, so that it can be moved. */

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

/** When the newest tick was. */
const lastHour = (at = Date.now()) => {
  const offset = minuteOfTick * minute;
  return Math.floor((at - offset) / hour) * hour + offset;
};

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
  expect(new Set(made.map((at) => at % hour))).toEqual(new Set([minuteOfTick * minute]));
  const rowOf = async () =>
    (await world.db.pool.query("SELECT scheduled_through, next_run_at FROM dag")).rows[0] as object;
  await expect.poll(rowOf).toEqual({
    scheduled_through: new Date(made[2] ?? 0),
    next_run_at: new Date((made[2] ?? 0) + hour),
  });
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

test("a paused DAG has no ticks, and those that passed meanwhile are not made up", async () => {
  await using world = await aWorld();
  const scheduledThrough = new Date(lastHour() - 10 * hour);
  await registerDag(world.db, aDag("resting", ["a"], [], everyHour), {
    scheduledThrough,
    isPaused: true,
  });
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  await world.db.pool.query("UPDATE dag SET changed_seq = nextval('dag_changed_seq')");
  world.bus.publish("dags", new Uint8Array());
  await registerDag(world.db, aDag("marker", ["a"], [], everyHour), { scheduledThrough });
  world.bus.publish("dags", new Uint8Array());
  await expect.poll(() => ticks(world, "marker")).toHaveLength(1);
  expect(await ticks(world, "resting")).toEqual([]);
  await world.db.prisma.$transaction((tx) => setDagPaused(tx, "resting", false));
  world.bus.publish("dags", new Uint8Array());
  const next = async () =>
    (await world.db.pool.query("SELECT FROM dag WHERE dag_id = 'resting' AND next_run_at > now()"))
      .rowCount;
  await expect.poll(next).toBe(1);
  expect(await ticks(world, "resting")).toEqual([]);
  clock.advance(hour);
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

describe("timetables", () => {
  type Made = { logical_at: Date; interval_start_at: Date; interval_end_at: Date };

  async function madeRuns(world: World, dagId: string): Promise<Made[]> {
    const { rows } = await world.db.pool.query<Made>(
      "SELECT logical_at, interval_start_at, interval_end_at FROM run WHERE dag_id = $1 AND run_type = 1 ORDER BY id",
      [dagId],
    );
    return rows;
  }
  const dates = async (world: World, dagId: string) =>
    (await madeRuns(world, dagId)).map((run) => run.logical_at.getTime());

  /** A world whose runs end at once, with a DAG of this schedule. */
  async function ticking(world: World, spec: Partial<DagSpec>, options: FakeApiOptions = {}) {
    const clock = movingClock();
    await registerDag(world.db, aDag("ticking", ["a"], [], spec));
    const scheduler = await world.scheduler({ clock, settings: unread });
    const api = await world.api(options);
    return { clock, scheduler, api };
  }

  test("with catch-up every tick since the start date is made up, in order, as far as max_active_runs lets it", async () => {
    await using world = await aWorld();
    const start = lastHour() - 20 * hour;
    await ticking(world, { ...everyHour, startDate: start, catchup: true, maxActiveRuns: 2 });
    const expected = Array.from({ length: 21 }, (_, n) => start + n * hour);
    await expect
      .poll(async () => (await dates(world, "ticking")).slice(0, 21), { timeout: 40_000 })
      .toEqual(expected);
  });

  test("catch-up goes on where it was, after a crash in the middle and after a pause", async () => {
    await using world = await aWorld();
    const start = lastHour() - 15 * hour;
    const spec = { ...everyHour, startDate: start, catchup: true, maxActiveRuns: 1 };
    const { scheduler, api } = await ticking(world, spec);
    await expect.poll(async () => (await dates(world, "ticking")).length).toBeGreaterThan(5);
    scheduler.kill();
    await world.expireLeases();
    await world.db.pool.query("UPDATE dag SET scheduled_through = clock_timestamp()");
    await world.scheduler();
    await api.inventory([]);
    await expect
      .poll(async () => (await dates(world, "ticking")).slice(0, 16), { timeout: 40_000 })
      .toEqual(Array.from({ length: 16 }, (_, n) => start + n * hour));
  });

  test("an interval is run when it has ended, under the date of its start", async () => {
    await using world = await aWorld();
    const schedule = { kind: "cron_interval", expression: cron, timezone: "UTC" } as const;
    const { clock } = await ticking(world, { schedule });
    const begun = lastHour();
    clock.advance(hour);
    await expect.poll(() => madeRuns(world, "ticking")).toHaveLength(1);
    const [run] = await madeRuns(world, "ticking");
    expect([begun, begun + hour]).toContain(run?.logical_at.getTime());
    expect(run?.interval_start_at).toEqual(run?.logical_at);
    expect(run!.interval_end_at.getTime() - run!.interval_start_at.getTime()).toBe(hour);
  });

  test("a length of time counts from the run before, whatever happens in between", async () => {
    await using world = await aWorld();
    const everyMs = 90 * minute;
    const { clock, api } = await ticking(
      world,
      { schedule: { kind: "delta", everyMs } },
      // At the end of a run the next is planned anew, and one that is due then moves to now.
      { body: () => null },
    );
    for (const count of [1, 2, 3]) {
      // Once it has granted a task of a run, the owner has planned the next.
      await expect.poll(() => api.assigned.length).toBe(count);
      clock.advance(everyMs);
    }
    const [first = 0, second, third] = await dates(world, "ticking");
    expect([second, third]).toEqual([first + everyMs, first + 2 * everyMs]);
  });

  test("once is once, also for the schedulers after", async () => {
    await using world = await aWorld();
    const { clock, scheduler } = await ticking(world, { schedule: { kind: "once" } });
    await expect.poll(() => dates(world, "ticking")).toHaveLength(1);
    await scheduler.stop();
    await registerDag(world.db, aDag("marker", ["a"], [], { schedule: { kind: "once" } }));
    await world.scheduler({ clock, settings: unread });
    clock.advance(2 * hour);
    await expect.poll(() => dates(world, "marker")).toHaveLength(1);
    expect(await dates(world, "ticking")).toHaveLength(1);
  });

  test("without a pause the next run begins where the one before ended", async () => {
    await using world = await aWorld();
    await ticking(world, { schedule: { kind: "continuous" }, maxActiveRuns: 1 });
    await expect.poll(async () => (await dates(world, "ticking")).length).toBeGreaterThan(4);
    const runs = await madeRuns(world, "ticking");
    for (const [n, run] of runs.entries()) {
      const before = runs[n - 1];
      if (before === undefined) continue;
      const gap = run.interval_start_at.getTime() - before.interval_end_at.getTime();
      // A run about one moment leaves that moment to itself.
      expect(gap).toBeLessThanOrEqual(1);
      expect(run.logical_at > before.logical_at).toBe(true);
    }
  });

  test("named moments are run one by one", async () => {
    await using world = await aWorld();
    const at = [1, 2, 5].map((n) => Date.now() + n * hour);
    const { clock } = await ticking(world, { schedule: { kind: "events", at } });
    for (const count of [1, 2]) {
      clock.advance(hour);
      await expect.poll(() => dates(world, "ticking")).toHaveLength(count);
    }
    clock.advance(3 * hour);
    await expect.poll(() => dates(world, "ticking")).toEqual(at);
  });

  test("jitter moves when a run is due, and not what it is about", async () => {
    await using world = await aWorld();
    const schedule = { ...everyHour.schedule, jitterMs: 30 * minute };
    const { clock } = await ticking(world, { schedule });
    clock.advance(2 * hour);
    await expect.poll(async () => (await dates(world, "ticking")).length).toBeGreaterThan(0);
    const { rows } = await world.db.pool.query<{ late: number; at: Date }>(
      "SELECT extract(epoch FROM run_after - logical_at)::float8 * 1000 AS late, logical_at AS at FROM run",
    );
    expect(rows[0]!.at.getTime() % hour).toBe(minuteOfTick * minute);
    expect(rows[0]!.late).toBeGreaterThan(0);
    expect(rows[0]!.late).toBeLessThan(30 * minute);
  });
});

describe("a tick while an automated run goes on", () => {
  async function held(overlap: DagSpec["overlap"]) {
    const world = await aWorld();
    const clock = movingClock();
    await registerDag(world.db, aDag("busy", ["a"], [], { ...everyHour, overlap }));
    await world.scheduler({ clock, settings: unread });
    const released = Promise.withResolvers<void>();
    const api = await world.api({ body: () => released.promise.then(() => success()) });
    clock.advance(hour);
    await expect.poll(() => api.assigned.length).toBe(1);
    return { world, clock, api, release: released.resolve };
  }
  const rows = async (world: World) => {
    const { rows } = await world.db.pool.query<{ id: number; at: Date; state: number }>(
      "SELECT id, logical_at AS at, state FROM run ORDER BY id",
    );
    return rows;
  };
  const moved = (world: World, to: number) =>
    expect
      .poll(async () => {
        const { rows } = await world.db.pool.query<{ end: Date }>(
          'SELECT last_interval_end AS "end" FROM dag',
        );
        return rows[0]?.end.getTime();
      })
      .toBe(to);

  test("makes another one, unless told otherwise", async () => {
    const { world, clock, release } = await held("allow");
    await using _ = world;
    clock.advance(hour);
    await expect.poll(async () => (await rows(world)).length).toBe(2);
    release();
  });

  test("is left out for good where overlap is forbidden", async () => {
    const { world, clock, release } = await held("forbid");
    await using _ = world;
    const [first] = await rows(world);
    clock.advance(hour);
    await moved(world, first!.at.getTime() + hour);
    release();
    expect(await world.untilFinal(first!.id)).toBe("success");
    expect(await rows(world)).toHaveLength(1);
    clock.advance(hour);
    await expect
      .poll(async () => (await rows(world)).map(({ at }) => at.getTime() - first!.at.getTime()))
      .toEqual([0, 2 * hour]);
  });

  test("cancels that run where it is to be replaced, and makes its own", async () => {
    const { world, clock, api, release } = await held("replace");
    await using _ = world;
    clock.advance(hour);
    await expect.poll(() => api.cancelled.length).toBe(1);
    release();
    await expect.poll(async () => (await rows(world)).map(({ state }) => state)).toEqual([4, 3]);
  });
});

test("so many automated runs that fail in a row pause the DAG; a success in between does not count", async () => {
  await using world = await aWorld();
  const clock = movingClock();
  const spec = { ...everyHour, maxConsecutiveFailedRuns: 2 };
  await registerDag(world.db, aDag("failing", ["a"], [], spec));
  await world.scheduler({ clock, settings: unread });
  const fates = [failure("no"), success(), failure("no"), failure("no")];
  const api = await world.api({ body: () => Promise.resolve(fates[api.assigned.length - 1]!) });
  const isPaused = async () => {
    const { rows } = await world.db.pool.query<{ is_paused: boolean }>("SELECT is_paused FROM dag");
    return rows[0]!.is_paused;
  };
  for (let count = 1; count <= 4; count += 1) {
    expect(await isPaused()).toBe(false);
    clock.advance(hour);
    await expect.poll(() => ticks(world, "failing")).toHaveLength(count);
    const { rows } = await world.db.pool.query<{ id: number }>("SELECT max(id) AS id FROM run");
    await world.untilFinal(rows[0]!.id);
  }
  await expect.poll(isPaused).toBe(true);
});
