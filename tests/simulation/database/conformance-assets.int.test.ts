/**
 * The database of the simulation against the real one, in what is about events of assets with partition keys: where they are
 * sorted, whose runs use them, and which instances they are. The same random calls, the same answers, the same tables.
 */

import {
  claimShards,
  countPartitions,
  createAssetEvent,
  createRuns,
  decideInputs,
  findInstances,
  flush,
  forgetPendingEvents,
  listPartitionKeys,
  listPendingDags,
  newestWithInputs,
  newFlushBatch,
  readUnsortedEvents,
  sortPendingEvents,
  type Database,
  type RunToCreate,
} from "@millrace/db";
import { testDatabase } from "@millrace/db/testing";
import {
  RunState,
  shardOf,
  TaskState,
  type AssetDefinition,
  type AssetExpression,
  type DagSpec,
} from "@millrace/engine";
import { hourly, range } from "@millrace/engine/testing";
import { expect, test } from "vitest";
import {
  aDag,
  assetIdOf,
  aTask,
  registerDag as registerReally,
} from "../../../services/scheduler/src/testing/dags.ts";
import { createRandom, type Random } from "../random.ts";
import { registerDag } from "../workload/register.ts";
import { createWorld } from "../world.ts";
import { answerOf, byText, callerInMemory, type Step } from "./both.ts";
import { dumpOfAssets, dumpOfAssetTables } from "./dump-assets.ts";

const uris = ["x", "y"];
const keys = ["k1", "k2", "2026-01-01T05"];
const asset = (uri: string): AssetDefinition => ({
  ...{ kind: "asset", uri, name: uri, group: "asset", extra: "" },
});
const alias = { kind: "alias", name: "n", group: "asset" } as const;
const expression: AssetExpression = {
  ...{ kind: "all_of" },
  expressions: uris.map((uri) => ({ kind: "events", of: asset(uri), count: 1 })),
};
const specs: readonly DagSpec[] = [
  aDag("maker", [aTask("a", { outlets: uris.map(asset) })]),
  aDag("sorter", ["t"], [], {
    schedule: { kind: "partitioned_assets", expression, mappings: [] },
  }),
  aDag("plain", ["t"], [], {
    schedule: {
      kind: "assets",
      expression: {
        ...{ kind: "any_of" },
        expressions: [expression, { kind: "events", of: alias, count: 1 }],
      },
    },
  }),
  aDag("reader", ["t"], [], {
    schedule: { kind: "delta", everyMs: 3_600_000 },
    inputs: { term: range(hourly("x"), 0, 0, { name: "x" }), timeoutMs: null, order: "oldest" },
  }),
];
const shards = specs.map(({ dagId }) => shardOf(dagId));
const begin = Date.parse("2026-04-01T00:00:00Z");

class Steps {
  readonly #random: Random;
  readonly #epochs: readonly { readonly shard: number; readonly epoch: number }[];
  #runs = 100;

  constructor(random: Random, epochs: readonly { shard: number; epoch: number }[]) {
    this.#random = random;
    this.#epochs = epochs;
  }

  next(): readonly [string, Step] {
    const kinds = ["sort", "sort", "run", "run", "make", "decide", "forget", "look"] as const;
    const kind = this.#random.pick(kinds);
    return [kind, this[kind]()];
  }

  /** Now and then somebody else's. */
  #fence(at: number) {
    const { shard, epoch } = this.#epochs.find((each) => each.shard === shards[at])!;
    return { shard, epoch: epoch + (this.#random.chance(0.05) ? 1 : 0) };
  }

  /** By whatever version, under two keys or as of none. */
  sort(): Step {
    const random = this.#random;
    const fence = this.#fence(1);
    const dag = { dagId: "sorter", versionId: random.pick([2, 7]) };
    const targets = random.pick([["k1"], ["k1", "k2"], []]);
    const part = random.pick(["", "p", "q"]);
    return async (db) => {
      const events = await readUnsortedEvents(db, "sorter", 1 + targets.length);
      const rows = events.flatMap(({ assetId, eventId }) =>
        targets.length === 0
          ? [{ assetId, eventId, targetKey: "", part: "", problem: "is no date" }]
          : targets.map((targetKey) => ({ assetId, eventId, targetKey, part, problem: "" })),
      );
      await sortPendingEvents(db, fence, dag, events, rows);
      return events.map(({ uri, partitionKey }) => [uri, partitionKey]);
    };
  }

  run(): Step {
    const random = this.#random;
    const at = random.pick([0, 1, 1, 2, 3]);
    const fence = this.#fence(at);
    const id = ++this.#runs;
    const usesPartition = at === 1 && random.chance(0.8);
    const run: RunToCreate = {
      ...{ id, dagId: specs[at]!.dagId, dagVersionId: at + 1, shard: fence.shard },
      ...{ runType: at === 3 ? 1 : 4, runName: `r${id}`, intervalStartAt: null },
      ...{ logicalAt: at === 3 ? begin + id : null, intervalEndAt: null, runAfter: begin },
      ...{ params: Buffer.from("{}"), note: "", triggeredBy: "p", request: null, backfill: null },
      ...{ partitionKey: at === 1 ? random.pick(["k1", "k2"]) : null, usesPartition },
      ...(at === 2
        ? { assets: [...uris.map((uri) => ({ uri, alias: "" })), { uri: "", alias: "n" }] }
        : {}),
    };
    return async (db) =>
      [...(await createRuns(db, [fence], [run])).values()].map((made) => made.kind);
  }

  /** A task succeeds, and says parts of what it made. */
  make(): Step {
    const random = this.#random;
    const fence = this.#fence(0);
    const id = ++this.#runs;
    const run: RunToCreate = {
      ...{ id, dagId: "maker", dagVersionId: 1, shard: fence.shard, runType: 2, runName: `r${id}` },
      ...{ logicalAt: null, intervalStartAt: null, intervalEndAt: null, runAfter: begin },
      ...{ params: Buffer.from("{}"), note: "", triggeredBy: "p", request: null, backfill: null },
      partitionKey: null,
    };
    const made = Array.from({ length: 1 + random.below(3) }, () => ({
      ...{ finished: 0, dagId: "maker", taskId: "a", group: "asset", extra: null },
      ...{ aliases: random.chance(0.2) ? ["n"] : [], uri: random.pick([...uris, "z"]) },
      partitionKey: random.pick([null, ...keys]),
    }));
    return async (db) => {
      const [created] = (await createRuns(db, [fence], [run])).values();
      if (created?.kind !== "born") return created?.kind;
      const batch = newFlushBatch();
      const at = { runId: id, ix: 0, mapIx: -1, attempt: 1, uncounted: 0, losses: 0 };
      batch.finished.push({
        ...{ ...at, waitUntil: null, isMarked: false, out: null, state: TaskState.success },
        ...{ failure: null, lengths: [], choice: null, mapIndexLabel: null, deferral: null },
        waited: null,
      });
      batch.events.push({ runId: id, seq: 1, runState: RunState.running, changes: [] });
      batch.assetEvents.push(...made);
      const shardsOfFlush = [{ shard: fence.shard, epoch: fence.epoch }];
      const answer = await flush(db.lanes[0]!, { ...batch, shards: shardsOfFlush });
      return answer.kind === "written" ? byText(answer.consumers ?? []) : answer.kind;
    };
  }

  decide(): Step {
    const random = this.#random;
    const fence = this.#fence(3);
    const runKeys = [1, 2].map(() => 101 + random.below(Math.max(1, this.#runs - 100)));
    const decisions = [...new Set(runKeys)].map((runKey) => ({
      ...{ runKey, inputs: Buffer.from(`for ${random.below(9)}`) },
    }));
    return async (db) => {
      const decided = await decideInputs(db, [fence], decisions);
      const given = decided.map(({ runKey, inputs }) => [runKey, Buffer.from(inputs).toString()]);
      return [byText(given), await newestWithInputs(db, "reader")];
    };
  }

  forget(): Step {
    const random = this.#random;
    const of = random.pick([1, 2]);
    const fence = this.#fence(of);
    const some = random.pick([uris, ["x"]]);
    const waiting = {
      ...{ dagId: specs[of]!.dagId, versionId: random.pick([of + 1, 1]) },
      ...{ isByPartition: of === 1, refs: some.map((uri) => ({ uri, alias: "" })) },
    };
    return (db) => forgetPendingEvents(db, fence, waiting);
  }

  look(): Step {
    const random = this.#random;
    const afterKey = random.pick(["", "k1"]);
    const limit = 1 + random.below(2);
    const asked = uris.flatMap((uri) => keys.map((partitionKey) => ({ uri, partitionKey })));
    return async (db) => [
      await listPartitionKeys(db, "sorter", { afterKey, limit }),
      byText(await countPartitions(db, "sorter", ["k1", "k2"])),
      await listPendingDags(db, shards),
      byText((await findInstances(db, asked)).map(({ uri, partitionKey }) => [uri, partitionKey])),
    ];
  }
}

/** Somebody says that something changed; answers who is told. */
async function emitReally(db: Database, uri: string, partitionKey: string | null) {
  const assetId = await assetIdOf(db, uri);
  const event = { assetId, extra: null, source: 2, createdBy: "p", partitionKey } as const;
  return (await db.prisma.$transaction((tx) => createAssetEvent(tx, event))).consumers;
}

const seeds = 2;
const stepsPerSeed = 100;

test(
  "random calls about parts of assets come to the same in memory as in Postgres",
  { timeout: 240_000 },
  async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      await using real = await testDatabase();
      const world = createWorld({ seed: `assets ${seed}` });
      const { tables } = world.server;
      for (const spec of specs) {
        await registerReally(real.db, spec, { scheduledThrough: new Date(begin) });
        registerDag(tables, spec, begin);
      }
      const inMemory = callerInMemory(world);
      const wanted = { nodeId: "n1", ttlMs: 36_000_000, shards: [...new Set(shards)] };
      const claim: Step = async (db) => byText(await claimShards(db, wanted));
      const claimed = (await answerOf(real.db, claim)) as { shard: number; epoch: number }[];
      expect(await inMemory(claim)).toEqual(claimed);
      const random = createRandom(`steps ${seed}`);
      const steps = new Steps(random, claimed);
      for (let at = 0; at < stepsPerSeed; at++) {
        const [uri, key] = [random.pick(uris), random.pick([null, ...keys])];
        const consumers = await emitReally(real.db, uri, key);
        const told = tables.assets.add({
          ...{ asset_id: tables.assets.idOf(uri), extra: null, source: 2, aliases: [] },
          ...{ dag_id: null, run_id: null, task_id: null, map_ix: null },
          ...{ partition_key: key, at: begin },
        });
        expect(byText(told)).toEqual(byText(consumers));
        const [kind, step] = steps.next();
        const what = `seed ${seed}, step ${at} (${kind})`;
        const answer = await answerOf(real.db, step);
        expect(await inMemory(step), what).toEqual(answer);
        expect(dumpOfAssetTables(tables), what).toEqual(await dumpOfAssets(real.db));
      }
    }
  },
);
