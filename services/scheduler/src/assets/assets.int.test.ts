import { create, toBinary } from "@bufbuild/protobuf";
import { createAssetEvent } from "@millrace/db";
import type { AssetExpression, AssetOrAlias, Schedule } from "@millrace/engine";
import { TaskState as WireTaskState } from "@millrace/wire/v1";
import { AssetEventsPendingSchema } from "@millrace/wire/internal";
import { describe, expect, test } from "vitest";
import { aDag, assetIdOf, aTask, registerDag } from "../testing/dags.ts";
import { failure, success, type Outcome } from "../testing/fake-api.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { aWorld, type World } from "../testing/world.ts";

const asset = (uri: string): AssetOrAlias => ({
  ...{ kind: "asset", uri, name: uri, group: "asset", extra: "" },
});
const alias = (name: string): AssetOrAlias => ({ kind: "alias", name, group: "asset" });
const events = (uri: string, count = 1): AssetExpression => ({
  ...{ kind: "events", of: asset(uri), count },
});
const on = (expression: AssetExpression): { readonly schedule: Schedule } => ({
  schedule: { kind: "assets", expression },
});

type Made = {
  id: number;
  run_type: number;
  run_name: string;
  logical_at: Date | null;
  uris: string[];
};

/** Runs of a DAG, oldest first, with the assets of the events that each was made of. */
async function runsOf(world: World, dagId: string): Promise<Made[]> {
  const { rows } = await world.db.pool.query<Made>(
    `SELECT r.id, r.run_type, r.run_name, r.logical_at,
       ARRAY(SELECT a.uri FROM run_asset_event AS m JOIN asset_event AS e ON e.id = m.event_id
             JOIN asset AS a ON a.id = e.asset_id WHERE m.run_id = r.id ORDER BY e.id) AS uris
     FROM run AS r WHERE r.dag_id = $1 ORDER BY r.id`,
    [dagId],
  );
  return rows;
}

const madeOf = async (world: World, dagId: string) =>
  (await runsOf(world, dagId)).map(({ uris }) => uris);

/** As CreateAssetEvent does it. */
async function emit(world: World, uri: string, isQuiet = false): Promise<number> {
  const assetId = await assetIdOf(world.db, uri);
  const made = await world.db.prisma.$transaction((tx) =>
    createAssetEvent(tx, { assetId, extra: null, source: 2, createdBy: "test" }),
  );
  if (!isQuiet) ring(world, made.consumers);
  return made.id;
}

function ring(world: World, dagIds: readonly string[]): void {
  const message = create(AssetEventsPendingSchema, { dagIds: [...dagIds] });
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

describe("a success", () => {
  const producer = aDag("producer", [aTask("make", { outlets: [asset("a"), asset("b")] })]);

  test("makes an event of each outlet, and of these a run of each DAG that waits, named after semantics 3.10", async () => {
    await using world = await aWorld();
    await registerDag(world.db, producer);
    await registerDag(world.db, aDag("on_a", ["t"], [], on(events("a"))));
    await registerDag(world.db, aDag("on_c", ["t"], [], on(events("c"))));
    await world.scheduler();
    await using api = await world.api();
    const runKey = await api.trigger("producer");
    await expect.poll(() => runsOf(world, "on_a")).toHaveLength(1);
    const [made] = await runsOf(world, "on_a");
    expect(made).toMatchObject({ run_type: 4, logical_at: null, uris: ["a"] });
    expect(made?.run_name).toMatch(/^asset_triggered__\d{4}-.*\+00:00_[0-9a-z]{8}$/);
    expect(await world.untilFinal(made!.id)).toBe("success");
    expect(await runsOf(world, "on_c")).toEqual([]);
    expect(await count(world, "asset_pending")).toBe(0);
    const { rows } = await world.db.pool.query(
      "SELECT dag_id, run_id, task_id, map_ix, source FROM asset_event ORDER BY id",
    );
    const event = { dag_id: "producer", run_id: runKey, task_id: "make", map_ix: -1, source: 1 };
    expect(rows).toEqual([event, event]);
  });

  test.each<[string, Outcome]>([
    ["a failure", failure("no", false)],
    ["a skip", { case: "skipped", value: { message: "" } }],
  ])("is needed: %s makes none", async (_, outcome) => {
    await using world = await aWorld();
    await registerDag(world.db, producer);
    await world.scheduler();
    await using api = await world.api({ body: () => outcome });
    await world.untilFinal(await api.trigger("producer"));
    expect(await count(world, "asset_event")).toBe(0);
  });

  test("that a person says makes none", async () => {
    await using world = await aWorld();
    await registerDag(world.db, producer);
    await world.scheduler();
    await using api = await world.api({ body: () => null });
    const runKey = await api.trigger("producer");
    await expect.poll(() => world.taskStates(runKey)).toEqual(["running"]);
    const value = {
      ...{ runKey: BigInt(runKey), selection: { instances: [{ taskId: "make" }] } },
      state: WireTaskState.SUCCESS,
    };
    await api.command("producer", { requestId: "m", command: { case: "markInstances", value } });
    expect(await world.untilFinal(runKey)).toBe("success");
    expect(await count(world, "asset_event")).toBe(0);
  });

  test("with what its body says: an extra, and assets named for an alias, which are made if nobody knew them", async () => {
    await using world = await aWorld();
    const task = aTask("make", { outlets: [asset("a"), alias("feeds")] });
    await registerDag(world.db, aDag("producer", [task]));
    const feeds: AssetExpression = { kind: "events", of: alias("feeds"), count: 1 };
    await registerDag(world.db, aDag("on_feeds", ["t"], [], on(feeds)));
    await world.scheduler();
    const data = Buffer.from('{"rows":3}');
    const body = (): Outcome => ({
      case: "succeeded",
      value: {
        outletEvents: [
          { asset: { uri: "a" }, extra: { data } },
          { asset: { uri: "new" }, alias: "feeds" },
        ],
      },
    });
    await using api = await world.api({ body });
    await world.untilFinal(await api.trigger("producer"));
    await expect.poll(() => madeOf(world, "on_feeds")).toEqual([["new"]]);
    const { rows } = await world.db.pool.query(
      `SELECT a.uri, e.aliases, convert_from(e.extra, 'UTF8') AS extra
       FROM asset_event AS e JOIN asset AS a ON a.id = e.asset_id ORDER BY e.id`,
    );
    expect(rows).toEqual([
      { uri: "a", aliases: [], extra: '{"rows":3}' },
      { uri: "new", aliases: ["feeds"], extra: null },
    ]);
    // From now on it is known for the alias, whoever makes an event of it.
    await emit(world, "new");
    await expect.poll(() => madeOf(world, "on_feeds")).toEqual([["new"], ["new"]]);
  });

  test("that names what is no outlet is none: the attempt fails and says so", async () => {
    await using world = await aWorld();
    await registerDag(world.db, producer);
    await world.scheduler();
    const body = (): Outcome => ({
      case: "succeeded",
      value: { outletEvents: [{ asset: { uri: "z" } }] },
    });
    await using api = await world.api({ body });
    const runKey = await api.trigger("producer");
    expect(await world.untilFinal(runKey)).toBe("failed");
    const { rows } = await world.db.pool.query<{ failure: Buffer }>(
      "SELECT failure FROM task_instance",
    );
    expect(rows[0]!.failure.toString()).toContain("none of its outlets; add it to them");
    expect(await count(world, "asset_event")).toBe(0);
  });

  test("of a mapped task makes one event for each instance", async () => {
    await using world = await aWorld();
    const task = aTask("make", { outlets: [asset("a")], each: [{ sources: ["[1,2,3]"] }] });
    await registerDag(world.db, aDag("producer", [task]));
    await world.scheduler();
    await using api = await world.api();
    await world.untilFinal(await api.trigger("producer"));
    expect(await count(world, "asset_event")).toBe(3);
  });
});

describe("a DAG that waits for assets", () => {
  test("gets one run of all events that came while it was paused, once it is unpaused", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("waiting", ["t"], [], on(events("a"))), { isPaused: true });
    await registerDag(world.db, aDag("marker", ["t"], [], on(events("a"))));
    await world.scheduler();
    await using _api = await world.api();
    for (let n = 0; n < 3; n += 1) await emit(world, "a");
    await expect.poll(async () => (await madeOf(world, "marker")).flat()).toHaveLength(3);
    expect(await runsOf(world, "waiting")).toEqual([]);
    await setPaused(world, "waiting", false);
    await expect.poll(() => madeOf(world, "waiting")).toEqual([["a", "a", "a"]]);
  });

  test("has no more runs at a time than it may; what comes meanwhile makes one run", async () => {
    await using world = await aWorld();
    await registerDag(
      world.db,
      aDag("narrow", ["t"], [], { ...on(events("a")), maxActiveRuns: 1 }),
    );
    await world.scheduler();
    const released = Promise.withResolvers<void>();
    await using _api = await world.api({ body: () => released.promise.then(() => success()) });
    await emit(world, "a");
    await expect.poll(() => madeOf(world, "narrow")).toEqual([["a"]]);
    for (let n = 0; n < 4; n += 1) await emit(world, "a");
    ring(world, ["narrow"]);
    expect(await runsOf(world, "narrow")).toHaveLength(1);
    released.resolve();
    await expect.poll(() => madeOf(world, "narrow")).toEqual([["a"], ["a", "a", "a", "a"]]);
  });

  test("waits for all, for one, for so many of them, as its schedule says", async () => {
    await using world = await aWorld();
    const all: AssetExpression = { kind: "all_of", expressions: [events("a"), events("b", 2)] };
    const any: AssetExpression = { kind: "any_of", expressions: [events("a"), events("b", 2)] };
    await registerDag(world.db, aDag("all", ["t"], [], on(all)));
    await registerDag(world.db, aDag("any", ["t"], [], on(any)));
    await world.scheduler();
    await using _api = await world.api();
    await emit(world, "b");
    await emit(world, "a");
    await expect.poll(() => madeOf(world, "any")).toEqual([["b", "a"]]);
    expect(await runsOf(world, "all")).toEqual([]);
    await emit(world, "b");
    await expect.poll(() => madeOf(world, "all")).toEqual([["b", "a", "b"]]);
    expect(await runsOf(world, "any")).toHaveLength(1);
  });

  test("and for a time has runs of both kinds, each as if it were alone", async () => {
    await using world = await aWorld();
    // Half an hour from now: the wall clock meets no tick during the test.
    const minute = (new Date().getUTCMinutes() + 30) % 60;
    const time = {
      kind: "cron",
      ...{ expressions: [`${minute} * * * *`], timezone: "UTC" },
      ...{ intervalMs: 0, jitterMs: 0, runImmediately: null },
    } as const;
    const schedule: Schedule = { kind: "asset_or_time", expression: events("a"), time };
    await registerDag(world.db, aDag("both", ["t"], [], { schedule }));
    const clock = movingClock();
    const settings = unread;
    await world.scheduler({ clock, settings });
    await using _api = await world.api();
    await emit(world, "a");
    await expect.poll(() => madeOf(world, "both")).toEqual([["a"]]);
    clock.advance(3_600_000);
    await expect
      .poll(async () => (await runsOf(world, "both")).map((run) => run.run_type))
      .toEqual([4, 1]);
  });

  test("is found without a doorbell, and after a take-over", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("quiet", ["t"], [], on(events("a"))));
    const first = await world.scheduler({ settings: { assetPollMs: 50 } });
    await using _api = await world.api();
    await emit(world, "a", true);
    await expect.poll(() => runsOf(world, "quiet")).toHaveLength(1);
    await first.stop();
    await emit(world, "a", true);
    await world.scheduler();
    await expect.poll(() => runsOf(world, "quiet")).toHaveLength(2);
  });

  test("forgets events of what it does not wait for any more", async () => {
    await using world = await aWorld();
    const both: AssetExpression = { kind: "all_of", expressions: [events("a"), events("b")] };
    await registerDag(world.db, aDag("changing", ["t"], [], on(both)));
    await world.scheduler();
    await using _api = await world.api();
    await emit(world, "a");
    await registerDag(world.db, aDag("changing", ["t"], [], on(events("b"))));
    world.bus.publish("dags", new Uint8Array());
    await expect.poll(() => count(world, "asset_pending")).toBe(0);
    await emit(world, "b");
    await expect.poll(() => madeOf(world, "changing")).toEqual([["b"]]);
  });

  test("takes no event of its own when it is deleted, and none of its predecessor when it comes again", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("gone", ["t"], [], on(events("a"))), { isPaused: true });
    await world.scheduler();
    await using api = await world.api();
    await emit(world, "a");
    const value = { dagId: "gone" };
    await api.command("gone", { requestId: "d", command: { case: "deleteDag", value } });
    expect(await count(world, "asset_pending")).toBe(0);
    expect(await count(world, "asset_event")).toBe(1);
  });
});
