/** Partitions: from a schedule, a trigger or a body to events, and from events by key to runs (semantics 10.6). */

import { create, toBinary } from "@bufbuild/protobuf";
import { createAssetEvent, type Database, type Lane } from "@millrace/db";
import type { AssetExpression, PartitionMapper, Schedule } from "@millrace/engine";
import { AssetEventsPendingSchema } from "@millrace/wire/internal";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aDag, assetIdOf, aTask, registerDag } from "../testing/dags.ts";
import type { Outcome } from "../testing/fake-api.ts";
import { success } from "../testing/fake-api.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { statementTrouble } from "../testing/statement-trouble.ts";
import { aWorld, type World } from "../testing/world.ts";

const asset = (uri: string) =>
  ({ kind: "asset", uri, name: uri, group: "asset", extra: "" }) as const;
const events = (uri: string): AssetExpression => ({ kind: "events", of: asset(uri), count: 1 });
const allOf = (...uris: readonly string[]): AssetExpression => ({
  ...{ kind: "all_of", expressions: uris.map(events) },
});
const by = (
  expression: AssetExpression,
  mappers: Readonly<Record<string, PartitionMapper>> = {},
): { readonly schedule: Schedule } => ({
  schedule: {
    ...{ kind: "partitioned_assets", expression },
    mappings: Object.entries(mappers).map(([uri, mapper]) => ({ uri, name: "", mapper })),
  },
});
const dates = { inputFormat: "", outputFormat: "", timezone: "UTC", inputTimezone: "" };
const toDay: PartitionMapper = { kind: "start_of", unit: "day", dates };
const hoursOfDay = (atLeast: number | null): PartitionMapper => ({
  ...{ kind: "rollup", window: "day", step: "hour", dates, atLeast },
});

type Made = { partition_key: string | null; keys: (string | null)[] };

/** Runs of a DAG, oldest first: their keys, and those of the events that each was made of. */
async function runsOf(world: World, dagId: string): Promise<Made[]> {
  const { rows } = await world.db.pool.query<Made>(
    `SELECT r.partition_key,
       ARRAY(SELECT e.partition_key FROM run_asset_event AS m JOIN asset_event AS e ON e.id = m.event_id
             WHERE m.run_id = r.id ORDER BY e.id) AS keys
     FROM run AS r WHERE r.dag_id = $1 ORDER BY r.id`,
    [dagId],
  );
  return rows;
}

const keysOf = async (world: World, dagId: string) =>
  (await runsOf(world, dagId)).map((run) => run.partition_key);

async function emit(world: World, uri: string, key: string | null): Promise<void> {
  const assetId = await assetIdOf(world.db, uri);
  const { consumers } = await world.db.prisma.$transaction((tx) =>
    createAssetEvent(tx, {
      ...{ assetId, extra: null, source: 2, createdBy: "test", partitionKey: key },
    }),
  );
  const message = create(AssetEventsPendingSchema, { dagIds: [...consumers] });
  world.bus.publish("assets", toBinary(AssetEventsPendingSchema, message));
}

const count = async (world: World, table: string): Promise<number> =>
  (await world.db.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).rows[0]!.n;

async function setPaused(world: World, dagId: string, isPaused: boolean): Promise<void> {
  await world.db.pool.query(
    "UPDATE dag SET is_paused = $2, changed_seq = nextval('dag_changed_seq') WHERE dag_id = $1",
    [dagId, isPaused],
  );
  world.bus.publish("dags", new Uint8Array());
}

const daily = (format: string, offset = 0): Schedule => ({
  ...{ kind: "cron", expressions: ["0 0 * * *"], timezone: "UTC" },
  ...{ intervalMs: 0, jitterMs: 0, runImmediately: 0, partition: { format, offset } },
});

test("a schedule's date goes with its run, the run's event, and the run that the event makes", async () => {
  await using world = await aWorld();
  const producer = aDag("producer", [aTask("make", { outlets: [asset("a")] })], [], {
    schedule: daily("YYYY-MM-DD", -1),
  });
  await registerDag(world.db, producer);
  await registerDag(world.db, aDag("consumer", ["t"], [], by(events("a"))));
  await registerDag(
    world.db,
    aDag("plain", ["t"], [], { schedule: { kind: "assets", expression: events("a") } }),
  );
  const clock = movingClock();
  const settings = unread;
  await world.scheduler({ clock, settings });
  const told: string[] = [];
  await using _api = await world.api({
    body: (assignment) => {
      told.push(`${assignment.run?.dagId} ${assignment.run?.partitionKey}`);
      return success();
    },
  });
  const before = new Date().toISOString().slice(0, 10);
  clock.advance(86_400_000);
  await expect.poll(() => keysOf(world, "consumer")).toEqual([before]);
  expect(await runsOf(world, "producer")).toEqual([{ partition_key: before, keys: [] }]);
  expect((await runsOf(world, "consumer"))[0]!.keys).toEqual([before]);
  await expect.poll(() => told).toEqual([`producer ${before}`, `consumer ${before}`]);
  const { rows } = await world.db.pool.query<{ run_name: string; logical_at: Date | null }>(
    "SELECT run_name, logical_at FROM run ORDER BY id",
  );
  expect(rows[0]!.run_name).toMatch(
    new RegExp(String.raw`^scheduled__.*\+00:00__${before}__[0-9a-z]{8}$`),
  );
  expect(rows[0]!.logical_at).not.toBeNull();
  expect(rows[1]!.run_name).toMatch(/^asset_triggered__.*\+00:00_[0-9a-z]{8}$/);
  expect(rows[1]!.logical_at).toBeNull();
  // An event with a key is none for a DAG that does not wait by partition.
  expect(await runsOf(world, "plain")).toEqual([]);
});

describe("an event", () => {
  test("has the key of its run, or those that the body says", async () => {
    await using world = await aWorld();
    const task = aTask("make", { outlets: [asset("a"), asset("b")] });
    await registerDag(world.db, aDag("producer", [task]));
    await registerDag(world.db, aDag("consumer", ["t"], [], by(allOf("a", "b"))));
    await world.scheduler();
    const body = (): Outcome => ({
      case: "succeeded",
      value: {
        outletEvents: ["mon", "tue"].map((partitionKey) => ({ asset: { uri: "a" }, partitionKey })),
      },
    });
    await using api = await world.api({ body });
    await world.untilFinal(await api.trigger("producer", { partitionKey: "tue" }));
    await expect.poll(() => keysOf(world, "consumer")).toEqual(["tue"]);
    const { rows } = await world.db.pool.query(
      "SELECT a.uri, e.partition_key FROM asset_event AS e JOIN asset AS a ON a.id = e.asset_id ORDER BY e.id",
    );
    expect(rows).toEqual([
      { uri: "a", partition_key: "mon" },
      { uri: "a", partition_key: "tue" },
      { uri: "b", partition_key: "tue" },
    ]);
    // "mon" waits for b.
    expect(await count(world, "asset_partition")).toBe(1);
  });

  test("without a key is none for a DAG that waits by partition", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("consumer", ["t"], [], by(events("a"))));
    await registerDag(
      world.db,
      aDag("plain", ["t"], [], { schedule: { kind: "assets", expression: events("a") } }),
    );
    await world.scheduler();
    await using _api = await world.api();
    await emit(world, "a", null);
    await expect.poll(() => keysOf(world, "plain")).toEqual([null]);
    await emit(world, "a", "x");
    await expect.poll(() => keysOf(world, "consumer")).toEqual(["x"]);
    expect(await keysOf(world, "plain")).toEqual([null]);
    expect(await count(world, "asset_pending")).toBe(0);
  });

  test("without a key that was pending while the schedule was changed is forgotten", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("consumer", ["t"], [], by(events("a"))));
    await world.scheduler();
    await using _api = await world.api();
    await emit(world, "a", "x");
    await expect.poll(() => keysOf(world, "consumer")).toEqual(["x"]);
    await emit(world, "a", null);
    await world.db.pool.query(
      "INSERT INTO asset_pending SELECT 'consumer', asset_id, id FROM asset_event WHERE partition_key IS NULL",
    );
    await emit(world, "a", "y");
    await expect.poll(() => keysOf(world, "consumer")).toEqual(["x", "y"]);
    expect(await count(world, "asset_pending")).toBe(0);
    expect(await count(world, "asset_partition")).toBe(0);
  });

  test("whose key is mapped to none makes no run, stops no other, and is mapped anew by another version", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("consumer", ["t"], [], by(events("a"), { a: toDay })));
    await world.scheduler();
    await using _api = await world.api();
    await emit(world, "a", "yesterday");
    await emit(world, "a", "2026-01-02T03:00:00");
    await expect.poll(() => keysOf(world, "consumer")).toEqual(["2026-01-02"]);
    const { rows } = await world.db.pool.query<{ problem: string }>(
      "SELECT problem FROM asset_partition",
    );
    expect(rows.map(({ problem }) => problem)).toEqual([
      expect.stringContaining('"yesterday" is no date'),
    ]);
    await registerDag(world.db, aDag("consumer", ["t"], [], by(events("a"))));
    world.bus.publish("dags", new Uint8Array());
    await expect.poll(() => keysOf(world, "consumer")).toEqual(["2026-01-02", "yesterday"]);
  });
});

describe("a DAG that waits by partition", () => {
  test("has a run of each key for which all has come, with just the events of the key", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("consumer", ["t"], [], by(allOf("a", "b"), { b: toDay })));
    await world.scheduler();
    await using _api = await world.api();
    await emit(world, "a", "2026-01-01");
    await emit(world, "b", "2026-01-02T05:00:00");
    await emit(world, "a", "2026-01-02");
    await expect.poll(() => keysOf(world, "consumer")).toEqual(["2026-01-02"]);
    await emit(world, "b", "2026-01-01T01:00:00");
    await expect
      .poll(() => runsOf(world, "consumer"))
      .toEqual([
        { partition_key: "2026-01-02", keys: ["2026-01-02T05:00:00", "2026-01-02"] },
        { partition_key: "2026-01-01", keys: ["2026-01-01", "2026-01-01T01:00:00"] },
      ]);
  });

  test("waits for all hours of a day, however often some come", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("daily", ["t"], [], by(events("a"), { a: hoursOfDay(null) })));
    await world.scheduler();
    await using _api = await world.api();
    const hour = (n: number) => `2026-01-02T${String(n).padStart(2, "0")}:00:00`;
    for (let n = 1; n < 24; n += 1) await emit(world, "a", hour(n));
    await emit(world, "a", hour(1));
    await expect.poll(() => count(world, "asset_partition")).toBe(24);
    expect(await keysOf(world, "daily")).toEqual([]);
    await emit(world, "a", hour(0));
    await expect
      .poll(async () => (await runsOf(world, "daily")).map((run) => run.keys.length))
      .toEqual([25]);
    expect(await keysOf(world, "daily")).toEqual(["2026-01-02"]);
  });

  test("has a run of each key that one event is mapped to", async () => {
    await using world = await aWorld();
    const mapper: PartitionMapper = { kind: "fan_out", window: "week", step: "day", dates };
    await registerDag(world.db, aDag("daily", ["t"], [], by(events("a"), { a: mapper })));
    await world.scheduler();
    await using _api = await world.api();
    await emit(world, "a", "2026-W10");
    await expect
      .poll(async () => new Set(await keysOf(world, "daily")))
      .toEqual(new Set([2, 3, 4, 5, 6, 7, 8].map((day) => `2026-03-0${day}`)));
    expect(await keysOf(world, "daily")).toHaveLength(7);
    expect((await runsOf(world, "daily")).every(({ keys }) => keys.join() === "2026-W10")).toBe(
      true,
    );
  });

  test("has no more runs at a time than it may; the other keys have theirs when one ends", async () => {
    await using world = await aWorld();
    await registerDag(
      world.db,
      aDag("narrow", ["t"], [], { ...by(events("a")), maxActiveRuns: 1 }),
    );
    await world.scheduler();
    const released = Promise.withResolvers<void>();
    await using _api = await world.api({ body: () => released.promise.then(() => success()) });
    for (const key of ["x", "y", "z"]) await emit(world, "a", key);
    await expect.poll(() => keysOf(world, "narrow")).toEqual(["x"]);
    released.resolve();
    await expect.poll(() => keysOf(world, "narrow")).toEqual(["x", "y", "z"]);
  });

  test("makes its runs once it is unpaused, one for each key", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("waiting", ["t"], [], by(events("a"))), { isPaused: true });
    await world.scheduler();
    await using _api = await world.api();
    for (const key of ["x", "y", "x"]) await emit(world, "a", key);
    // People see them sorted meanwhile.
    await expect.poll(() => count(world, "asset_partition")).toBe(3);
    expect(await keysOf(world, "waiting")).toEqual([]);
    await setPaused(world, "waiting", false);
    await expect
      .poll(async () => (await runsOf(world, "waiting")).sort(byKey))
      .toEqual([
        { partition_key: "x", keys: ["x", "x"] },
        { partition_key: "y", keys: ["y"] },
      ]);
  });

  test("that is scheduled in another way now forgets what it waited for", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("changing", ["t"], [], by(allOf("a", "b"))));
    await world.scheduler();
    await using _api = await world.api();
    await emit(world, "a", "x");
    await expect.poll(() => count(world, "asset_partition")).toBe(1);
    await registerDag(
      world.db,
      aDag("changing", ["t"], [], { schedule: { kind: "assets", expression: events("a") } }),
    );
    world.bus.publish("dags", new Uint8Array());
    await expect.poll(() => count(world, "asset_partition")).toBe(0);
    await emit(world, "a", null);
    await expect
      .poll(() => runsOf(world, "changing"))
      .toEqual([{ partition_key: null, keys: [null] }]);
  });
});

const byKey = (a: Made, b: Made) => String(a.partition_key).localeCompare(String(b.partition_key));

type Loss = "none" | "before" | "after";

/** A database whose lane for making runs breaks: before the server hears of it, or once it has done what it was asked. */
function breaking(db: Database, losses: Loss[]): Database {
  const makingLane: Lane = {
    ...db.makingLane,
    async send(statements) {
      const loss = losses.shift() ?? "none";
      if (loss === "before") throw new Error("Connection terminated unexpectedly");
      const rows = await db.makingLane.send(statements);
      if (loss === "after") throw new Error("Connection terminated unexpectedly");
      return rows;
    },
  };
  return { ...db, makingLane };
}

/** `uri` and `key` are those of what is emitted. */
type Step = {
  readonly kind: "emit" | "kill" | "stop";
  readonly uri: string;
  readonly key: string;
};

test("random events, kills of schedulers and lost answers: each event is used once for each of its keys", async () => {
  const steps = fc.array(
    fc.record<Step>({
      kind: fc.constantFrom("emit", "emit", "emit", "emit", "emit", "kill", "stop"),
      uri: fc.constantFrom("a", "b"),
      key: fc.constantFrom("2026-01-01", "2026-01-02", "2026-W01", "none"),
    }),
    { minLength: 3, maxLength: 14 },
  );
  const losses = fc.array(fc.constantFrom<Loss>("none", "before", "after"), { maxLength: 4 });
  // "2026-W01" is seven keys of a; of b it is none.
  const weekly: PartitionMapper = { kind: "fan_out", window: "week", step: "day", dates };
  const strict: PartitionMapper = { ...toDay, dates: { ...dates, inputFormat: "YYYY-MM-DD" } };
  await fc.assert(
    fc.asyncProperty(steps, losses, async (plan, lost) => {
      await using world = await aWorld();
      await registerDag(
        world.db,
        aDag("consumer", ["t"], [], by(allOf("a", "b"), { a: weekly, b: strict })),
      );
      const db = breaking(world.db, [...lost]);
      let node = 0;
      const start = () =>
        world.scheduler({
          ...{ db, nodeId: `n${node++}` },
          settings: { assetPollMs: 100, reloadDelayMs: { first: 10, max: 50 } },
        });
      let scheduler = await start();
      await using _api = await world.api();
      for (const step of plan) {
        if (step.kind === "emit") await emit(world, step.uri, step.key);
        else {
          if (step.kind === "kill") {
            scheduler.kill();
            // Nobody renews it: its time is over.
            await world.db.pool.query("UPDATE shard SET expires_at = clock_timestamp()");
          } else await scheduler.stop();
          scheduler = await start();
        }
      }
      await expectEachUsedOnce(world);
    }),
    { numRuns: 10 },
  );
}, 180_000);

test("an event whose run got no number, since the connection broke, makes one all the same", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("consumer", ["t"], [], by(events("a"))));
  const { db, met } = statementTrouble(world.db, "run_id_take", "before");
  await world.scheduler({ db, settings: { reloadDelayMs: { first: 10, max: 50 } } });
  await using _api = await world.api();
  await emit(world, "a", "2026-01-01");
  await met;
  await expect.poll(() => keysOf(world, "consumer")).toEqual(["2026-01-01"]);
});

test("events whose sorting was not answered make their run", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("consumer", ["t"], [], by(events("a"))));
  const sorting = "COMMIT of asset_partition_sort";
  const trouble = statementTrouble(world.db, sorting, "after", { isArmed: false });
  await world.scheduler({
    ...{ db: trouble.db, settings: { reloadDelayMs: { first: 10, max: 50 }, assetPollMs: 100 } },
  });
  await using _api = await world.api();
  await emit(world, "a", "mon");
  await expect
    .poll(() => world.db.pool.query("SELECT id FROM run WHERE state = 3"))
    .toMatchObject({ rowCount: 1 });
  trouble.arm();
  await emit(world, "a", "tue");
  await trouble.met;
  await expect.poll(() => keysOf(world, "consumer")).toEqual(["mon", "tue"]);
});

test("a look that fails at one DAG does not begin another look at one that is being looked at", async () => {
  await using world = await aWorld();
  const dagIds = ["one", "two"];
  for (const dagId of dagIds) await registerDag(world.db, aDag(dagId, ["t"], [], by(events("a"))));
  const later = { isArmed: false };
  const failing = statementTrouble(world.db, "asset_partition_unsorted", "before", later);
  const slow = statementTrouble(failing.db, "asset_partition_count", "held", later);
  await world.scheduler({
    ...{ db: slow.db, settings: { reloadDelayMs: { first: 10, max: 50 } } },
  });
  await using _api = await world.api();
  await emit(world, "a", "mon");
  await expect
    .poll(() => world.db.pool.query("SELECT id FROM run WHERE state = 3"))
    .toMatchObject({ rowCount: 2 });
  failing.arm();
  slow.arm();
  await emit(world, "a", "tue");
  await Promise.all([failing.met, slow.met]);
  // The other look would make a run, and then this one another, without events.
  const early = expect.poll(() => count(world, "run"), { timeout: 500 }).toBeGreaterThan(2);
  expect((await Promise.allSettled([early]))[0].status).toBe("rejected");
  slow.letGo();
  for (const dagId of dagIds)
    await expect
      .poll(() => runsOf(world, dagId))
      .toEqual(["mon", "tue"].map((key) => ({ partition_key: key, keys: [key] })));
});

async function expectEachUsedOnce(world: World): Promise<void> {
  // A key that has events of both assets has a run, in the end.
  await expect
    .poll(
      async () => {
        const { rows } = await world.db.pool.query<{ n: number }>(
          `SELECT (SELECT count(*) FROM asset_pending)::int + (
             SELECT count(*) FROM (
               SELECT target_key FROM asset_partition WHERE target_key <> ''
               GROUP BY target_key HAVING count(DISTINCT asset_id) = 2
             ) AS holding
           )::int AS n`,
        );
        return rows[0]!.n;
      },
      { timeout: 20_000 },
    )
    .toBe(0);
  // Each event once for each of its keys: with a run of the key, or waiting for it.
  const { rows } = await world.db.pool.query<{ event_id: number; key: string; uses: number }>(
    `SELECT event_id, key, count(*)::int AS uses
     FROM (
       SELECT m.event_id, r.partition_key AS key FROM run_asset_event AS m JOIN run AS r ON r.id = m.run_id
       UNION ALL
       SELECT event_id, target_key FROM asset_partition
     ) AS used
     GROUP BY event_id, key`,
  );
  expect(rows.filter(({ uses }) => uses !== 1)).toEqual([]);
  const keys = new Map<number, Set<string>>();
  for (const { event_id, key } of rows)
    keys.set(event_id, (keys.get(event_id) ?? new Set()).add(key));
  const { rows: all } = await world.db.pool.query<{
    id: number;
    uri: string;
    partition_key: string;
  }>(
    "SELECT e.id, a.uri, e.partition_key FROM asset_event AS e JOIN asset AS a ON a.id = e.asset_id",
  );
  for (const { id, uri, partition_key: key } of all) {
    const isWeek = key === "2026-W01";
    const isMapped = key !== "none" && !(isWeek && uri === "b");
    expect(keys.get(id)?.size ?? 0).toBe(uri === "a" && isMapped ? 7 : 1);
    if (!isMapped) expect([...keys.get(id)!]).toEqual([""]);
  }
  // Every run has both.
  const { rows: half } = await world.db.pool.query(
    `SELECT r.id FROM run AS r JOIN run_asset_event AS m ON m.run_id = r.id JOIN asset_event AS e ON e.id = m.event_id
     WHERE r.dag_id = 'consumer' GROUP BY r.id HAVING count(DISTINCT e.asset_id) <> 2`,
  );
  expect(half).toEqual([]);
}
