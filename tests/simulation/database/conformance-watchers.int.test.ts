/**
 * The database of the simulation against the real one, in what is watched for assets, and in logs: the same random calls, answers and
 * tables.
 */

import {
  appendLogChunks,
  claimShards,
  failAssetWatcher,
  fireAssetWatcher,
  listAssetWatchers,
  listPendingDags,
  readLogState,
  replaceAssetWatchers,
  type Database,
} from "@millrace/db";
import { testDatabase } from "@millrace/db/testing";
import { isMillraceError, shardOf, type AssetDefinition, type DagSpec } from "@millrace/engine";
import { expect, test } from "vitest";
import {
  aDag,
  registerDag as registerReally,
} from "../../../services/scheduler/src/testing/dags.ts";
import { createRandom, type Random } from "../random.ts";
import { registerDag } from "../workload/register.ts";
import { createWorld } from "../world.ts";
import { callerInMemory, type Step } from "./both.ts";
import type { Tables } from "./tables.ts";

const asset = (uri: string): AssetDefinition => ({
  ...{ kind: "asset", uri, name: uri, group: "asset", extra: "" },
});
const user = (uri: string): DagSpec =>
  aDag(`user_of_${uri}`, ["t"], [], {
    schedule: { kind: "assets", expression: { kind: "events", of: asset(uri), count: 1 } },
  });
const specs = [user("x"), user("y")];
const shards = specs.map(({ dagId }) => shardOf(dagId)).toSorted((a, b) => a - b);
const begin = Date.parse("2026-04-01T00:00:00Z");
const minute = 60_000;

type Fence = { readonly shard: number; readonly epoch: number };

function aStep(random: Random, fences: readonly Fence[]): Step {
  const what = random.below(5);
  if (what === 4) return logging(random);
  if (what === 0) return wanting(random);
  const at = random.below(5);
  const wrong = random.chance(0.2) ? 1 : 0;
  const cursor = Buffer.from(String(random.below(100)));
  const events = Array.from({ length: random.below(3) }, (_, n) => Buffer.from(`{"n":${n}}`));
  return async (db) => {
    const rows = await listAssetWatchers(db, shards);
    const row = rows[at % Math.max(1, rows.length)];
    if (row === undefined) return "nothing is watched";
    const { id, fires, shard } = row;
    const told = { id, fires: fires - wrong, cursor, events };
    if (what === 1) return failAssetWatcher(db, told, cursor);
    const { epoch } = fences.find((fence) => fence.shard === shard)!;
    const isOurs = random.chance(0.9);
    const fired = await fireAssetWatcher(db, { shard, epoch: epoch + (isOurs ? 0 : 1) }, told);
    return { fired, pending: await listPendingDags(db, shards) };
  };
}

/** A chunk of a log comes, perhaps once more. */
function logging(random: Random): Step {
  const key = { runKey: 1 + random.below(2), ix: 0, mapIx: -1, attempt: 1 };
  const chunk = { ...key, firstSeq: 1 + random.below(3), lastSeq: 3 + random.below(3) };
  const lines = Buffer.from("x".repeat(1 + random.below(5)));
  return async (db) => {
    await appendLogChunks(db, [{ ...chunk, lines }]);
    return readLogState(db, key);
  };
}

/** A DAG wants some of a few watched, which others may want as well. */
function wanting(random: Random): Step {
  const { dagId } = random.pick(specs);
  const watchers = ["a", "b", "c"]
    .filter(() => random.chance(0.5))
    .map((digest) => ({
      ...{ dagId, uri: digest === "a" ? "x" : "y", digest, shard: shards[0]!, handler: "h" },
      ...{ queue: "default", config: `{"of":"${digest}"}`, summary: "a stream" },
    }));
  return (db) => db.prisma.$transaction((tx) => replaceAssetWatchers(tx, [dagId], watchers));
}

async function really({ pool }: Database): Promise<unknown> {
  const { rows: watchers } = await pool.query(
    `SELECT a.uri, w.digest, w.fires::int, w.cursor, w.failure,
       ARRAY(SELECT u.dag_id FROM asset_watcher_use AS u WHERE u.watcher_id = w.id ORDER BY 1) AS users
     FROM asset_watcher AS w JOIN asset AS a ON a.id = w.asset_id`,
  );
  const { rows: events } = await pool.query(
    "SELECT a.uri, e.extra, e.source FROM asset_event AS e JOIN asset AS a ON a.id = e.asset_id",
  );
  return { watchers: byText(watchers), events: byText(events) };
}

function inTables({ assets }: Tables): unknown {
  const uris = new Map([...assets.ids].map(([uri, id]) => [id, uri]));
  const watchers = [...assets.watchers.values()].map((row) => ({
    ...{ uri: uris.get(row.asset_id), digest: row.digest, fires: row.fires, cursor: row.cursor },
    failure: row.failure,
    users: assets.watcherUses
      .filter((use) => use.watcher_id === row.id)
      .map((use) => use.dag_id)
      .toSorted(),
  }));
  const events = [...assets.events.values()].map((row) => ({
    ...{ uri: uris.get(row.asset_id), extra: row.extra, source: row.source },
  }));
  return { watchers: byText(watchers), events: byText(events) };
}

function byText(rows: readonly object[]): unknown[] {
  return rows.map((row) => JSON.stringify(row)).toSorted();
}

/** Refusals are answers. */
async function answerOf(db: Database, step: Step): Promise<unknown> {
  try {
    return (await step(db)) ?? null;
  } catch (error) {
    if (isMillraceError(error)) return { refused: error.reason };
    throw error;
  }
}

test(
  "random calls about watchers and logs come to the same in memory as in Postgres",
  { timeout: 2 * minute },
  async () => {
    for (const seed of [1, 2]) {
      await using real = await testDatabase();
      const world = createWorld({ seed: `watchers ${seed}` });
      for (const spec of specs) {
        await registerReally(real.db, spec, { scheduledThrough: new Date(begin) });
        registerDag(world.server.tables, spec, begin);
      }
      const inMemory = callerInMemory(world, answerOf);
      const claim: Step = (db) =>
        claimShards(db, { nodeId: "n1", ttlMs: 600 * minute, shards: [...new Set(shards)] });
      const fences = (await answerOf(real.db, claim)) as Fence[];
      expect(await inMemory(claim)).toEqual(fences);
      for (let at = 0; at < 100; at++) {
        // Drawn anew for each of the two, so that both draw the same.
        const step = () => aStep(createRandom(`step ${seed} ${at}`), fences);
        const answer = await answerOf(real.db, step());
        expect(await inMemory(step()), `seed ${seed}, step ${at}`).toEqual(answer);
        expect(inTables(world.server.tables), `seed ${seed}, step ${at}`).toEqual(
          await really(real.db),
        );
      }
    }
  },
);
