/** Each event is used by exactly one run of a DAG, whatever crashes in between (appendix C, traps 14 and 23). */

import { create, toBinary } from "@bufbuild/protobuf";
import { createAssetEvent, flush, setDagPaused, type Database, type Lane } from "@millrace/db";
import type { DagSpec } from "@millrace/engine";
import { AssetEventsPendingSchema } from "@millrace/wire/internal";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { aDag, assetIdOf, aTask, registerDag } from "../testing/dags.ts";
import { statementTrouble } from "../testing/statement-trouble.ts";
import { aWorld, type World } from "../testing/world.ts";

const need = 2;
const asset = (uri: string) =>
  ({ kind: "asset", uri, name: uri, group: "asset", extra: "" }) as const;
const ofAsset = (uri: string): Pick<DagSpec, "schedule"> => ({
  schedule: { kind: "assets", expression: { kind: "events", of: asset(uri), count: need } },
});
const told = (...dagIds: string[]) =>
  toBinary(AssetEventsPendingSchema, create(AssetEventsPendingSchema, { dagIds }));
const consumer = (changes: Partial<DagSpec> = {}) =>
  aDag("consumer", ["t"], [], {
    ...ofAsset("a"),
    ...changes,
  });

async function emit(world: World): Promise<void> {
  const assetId = await assetIdOf(world.db, "a");
  const { consumers } = await world.db.prisma.$transaction((tx) =>
    createAssetEvent(tx, { assetId, extra: null, source: 2, createdBy: "test" }),
  );
  world.bus.publish("assets", told(...consumers));
}

type Uses = { event_id: number; runs: number };

async function expectEachUsedOnce(world: World): Promise<void> {
  await expect
    .poll(
      async () =>
        (await world.db.pool.query<{ n: number }>("SELECT count(*)::int AS n FROM asset_pending"))
          .rows[0]!.n,
      { timeout: 15_000 },
    )
    .toBeLessThan(need);
  const { rows } = await world.db.pool.query<Uses>(
    `SELECT e.id AS event_id, (SELECT count(*)::int FROM run_asset_event AS m WHERE m.event_id = e.id)
       + (SELECT count(*)::int FROM asset_pending AS p WHERE p.event_id = e.id) AS runs
     FROM asset_event AS e`,
  );
  expect(rows.filter(({ runs }) => runs !== 1)).toEqual([]);
  const made = await world.db.pool.query<{ events: number }>(
    `SELECT (SELECT count(*)::int FROM run_asset_event AS m WHERE m.run_id = r.id) AS events
     FROM run AS r WHERE r.dag_id = 'consumer'`,
  );
  for (const { events } of made.rows) expect(events).toBeGreaterThanOrEqual(need);
}

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

type Step = { readonly kind: "emit" | "kill" | "stop" };

test("random events, kills of schedulers and lost answers: none is lost, none is used twice", async () => {
  const steps = fc.array(
    fc.record<Step>({ kind: fc.constantFrom("emit", "emit", "emit", "emit", "kill", "stop") }),
    { minLength: 3, maxLength: 12 },
  );
  const losses = fc.array(fc.constantFrom<Loss>("none", "before", "after"), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(steps, losses, async (plan, lost) => {
      await using world = await aWorld();
      await registerDag(world.db, consumer());
      const db = breaking(world.db, [...lost]);
      let node = 0;
      const start = () =>
        world.scheduler({
          ...{ db, nodeId: `n${node++}` },
          settings: { assetPollMs: 100, reloadDelayMs: { first: 10, max: 50 } },
        });
      let scheduler = await start();
      await using _api = await world.api();
      for (const { kind } of plan) {
        if (kind === "emit") await emit(world);
        else {
          if (kind === "kill") {
            scheduler.kill();
            // Nobody renews it: its time is over.
            await world.db.pool.query("UPDATE shard SET expires_at = clock_timestamp()");
          } else await scheduler.stop();
          scheduler = await start();
        }
      }
      await expectEachUsedOnce(world);
    }),
    { numRuns: 12 },
  );
}, 120_000);

test.each(["before", "after"] as const)(
  "events whose run got no number, since the connection broke (%s the drawing), make one all the same",
  async (kind) => {
    await using world = await aWorld();
    await registerDag(world.db, consumer());
    const trouble = statementTrouble(world.db, "run_id_take", kind);
    await world.scheduler({ db: trouble.db, settings: { reloadDelayMs: { first: 10, max: 50 } } });
    await using _api = await world.api();
    for (let n = 0; n < need; n += 1) await emit(world);
    await trouble.met;
    await expectEachUsedOnce(world);
  },
);

test("an event that comes between the look and the birth of the run is used by that run (trap 14)", async () => {
  await using world = await aWorld();
  await registerDag(world.db, consumer());
  let isFirst = true;
  const makingLane: Lane = {
    ...world.db.makingLane,
    async send(statements) {
      if (isFirst) {
        isFirst = false;
        await emit(world);
      }
      return world.db.makingLane.send(statements);
    },
  };
  await world.scheduler({ db: { ...world.db, makingLane } });
  await using _api = await world.api();
  await emit(world);
  await emit(world);
  await expectEachUsedOnce(world);
  const { rows } = await world.db.pool.query(
    "SELECT count(*)::int AS runs, (SELECT count(*)::int FROM run_asset_event) AS events FROM run",
  );
  expect(rows).toEqual([{ runs: 1, events: 3 }]);
});

test("a success whose flush was not answered has made its events once (trap 23)", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("producer", [aTask("make", { outlets: [asset("a")] })]));
  const state = { lost: 0 };
  await world.scheduler({
    async flush(lane, batch) {
      const answer = await flush(lane, batch);
      if (batch.assetEvents.length === 0 || state.lost > 0) return answer;
      state.lost += 1;
      throw new Error("Connection terminated unexpectedly");
    },
  });
  await using api = await world.api();
  const runKey = await api.trigger("producer");
  expect(await world.untilFinal(runKey)).toBe("success");
  const { rows } = await world.db.pool.query("SELECT count(*)::int AS n FROM asset_event");
  expect(rows).toEqual([{ n: 1 }]);
  expect(state.lost).toBe(1);
});

test("a success that the database would not take at first makes its events when it does (trap 23)", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("producer", [aTask("make", { outlets: [asset("a")] })]));
  const state = { refused: 0 };
  await world.scheduler({
    flush(lane, batch) {
      if (batch.assetEvents.length === 0 || state.refused > 0) return flush(lane, batch);
      state.refused += 1;
      return Promise.reject(new Error("Connection terminated unexpectedly"));
    },
  });
  await using api = await world.api();
  const runKey = await api.trigger("producer");
  expect(await world.untilFinal(runKey)).toBe("success");
  const { rows } = await world.db.pool.query("SELECT count(*)::int AS n FROM asset_event");
  expect(rows).toEqual([{ n: 1 }]);
});

const changes: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  "is paused": ({ db }) => db.prisma.$transaction((tx) => setDagPaused(tx, "consumer", true)),
  "gets a version that waits for another asset": ({ db }) =>
    registerDag(db, consumer(ofAsset("b"))),
};

test.each(Object.keys(changes))(
  "a DAG that %s while its events are counted makes no run of them",
  async (change) => {
    await using world = await aWorld();
    const { db } = world;
    for (const dagId of ["consumer", "other"]) await registerDag(db, consumer({ dagId }));
    const counting = statementTrouble(db, "asset_pending_count", "held", { isArmed: false });
    await world.scheduler({ db: counting.db });
    const assetId = await assetIdOf(db, "a");
    for (let n = 0; n < need; n++)
      await db.prisma.$transaction((tx) =>
        createAssetEvent(tx, { assetId, extra: null, source: 2, createdBy: "test" }),
      );
    counting.arm();
    world.bus.publish("assets", told("consumer", "other"));
    await counting.met;
    await changes[change]!(world);
    await registerDag(db, aDag("marker", ["t"], [], { schedule: { kind: "once" } }));
    world.bus.publish("dags", new Uint8Array());
    const made = async () =>
      (await db.pool.query<{ dag_id: string }>("SELECT dag_id FROM run ORDER BY id")).rows.map(
        (row) => row.dag_id,
      );
    // By then its owner has read what changed.
    await expect.poll(made).toEqual(["marker"]);
    counting.letGo();
    // Runs whose events were counted together are made together.
    await expect.poll(made).toContain("other");
    expect(await made()).not.toContain("consumer");
  },
);
