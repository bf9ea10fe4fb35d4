/** The database of the simulation against the real one: the same flushes, the same answers, the same tables. */

import {
  barFlush,
  claimShards,
  createRuns,
  findDeadSessions,
  flush,
  listActiveRuns,
  listExpansions,
  listPendingDeliveries,
  listTaskInstances,
  openSession,
  readOutcomes,
  readTaskOutputs,
  renewSessions,
  renewShards,
  type Database,
  type FlushBatch,
  type RunToCreate,
} from "@millrace/db";
import { testDatabase } from "@millrace/db/testing";
import { expect, test } from "vitest";
import {
  aChain,
  registerDag as registerReally,
} from "../../../services/scheduler/src/testing/dags.ts";
import { shardOf } from "@millrace/engine";
import { createRandom } from "../random.ts";
import { createWorld } from "../world.ts";
import { registerDag } from "../workload/register.ts";
import { randomBatch } from "./random-batches.ts";
import { dumpOf, dumpOfTables } from "./dump.ts";

const spec = aChain("etl", 3);
const shard = shardOf(spec.dagId);
const runIds = [101, 102];

function aRun(id: number): RunToCreate {
  const request = {
    method: "m",
    requestId: `make ${id}`,
    bodyHash: Buffer.from("h"),
    answer: Buffer.from("a"),
  };
  return {
    ...{ id, dagId: spec.dagId, dagVersionId: 1, shard, runType: 2, runName: `run ${id}` },
    ...{
      logicalAt: null,
      intervalStartAt: null,
      intervalEndAt: null,
      runAfter: 1e12,
      partitionKey: id === 101 ? "2026-01-01" : null,
      params: Buffer.from("{}"),
      note: "",
      triggeredBy: "p",
    },
    ...{ request, backfill: null },
  };
}

/** What both are asked; what they answer is compared. */
async function prepare(db: Database): Promise<unknown> {
  const node = { nodeId: "n1", ttlMs: 60_000 };
  const claimed = await claimShards(db, { ...node, shards: [shard, (shard + 1) % 64] });
  const again = await claimShards(db, { ...node, nodeId: "n2", shards: [shard] });
  const made = await createRuns(db, claimed.slice(0, 1), runIds.map(aRun));
  const repeated = await createRuns(db, claimed.slice(0, 1), [
    { ...aRun(103), runName: "run 101", request: aRun(101).request },
  ]);
  const named = await createRuns(db, claimed.slice(0, 1), [{ ...aRun(104), runName: "run 101" }]);
  const session = {
    sessionId: "s1",
    tokenHash: Buffer.from("t"),
    requestId: "q1",
    workerName: "w",
    sdk: "x",
  };
  const served = {
    queues: ["default"],
    handlers: [],
    runsBundles: true,
    slots: 2,
    nodeId: "n1",
    ttlMs: 60_000,
  };
  const { key } = await openSession(db, { ...session, ...served });
  const { key: sameKey } = await openSession(db, { ...session, ...served });
  const { renewed, shards } = await renewShards(db, { ...node, held: claimed });
  return {
    ...{ claimed, again, renewed, key, sameKey },
    owners: shards.filter(({ owner }) => owner !== null).map(({ id, owner }) => `${id} ${owner}`),
    kinds: [...made.values(), ...repeated.values(), ...named.values()].map(({ kind }) => kind),
    alive: [...(await renewSessions(db, [key, 99], { nodeId: "n1", ttlMs: 60_000 }))],
    dead: await findDeadSessions(db, [key, 99]),
  };
}

type Written = { readonly kind: string; readonly missed?: unknown; readonly code?: unknown };

async function write(db: Database, batch: FlushBatch): Promise<Written> {
  try {
    const answer = await flush(db.lanes[0]!, batch);
    return answer.kind === "fenced" ? answer : { kind: answer.kind, missed: answer.missed };
  } catch (error) {
    return { kind: "refused", code: (error as { code?: string }).code };
  }
}

async function bar(db: Database, { shards, events }: FlushBatch): Promise<string> {
  try {
    await barFlush(db, shards, events);
    return "barred";
  } catch (error) {
    return (error as { reason?: string }).reason ?? "refused";
  }
}

/** Some reads promise no order. */
function byKey<T extends { readonly runId: number; readonly ix: number; readonly mapIx: number }>(
  rows: readonly T[],
): T[] {
  const keyOf = (row: T): string =>
    [row.runId, row.ix, row.mapIx, "attempt" in row ? row.attempt : 0].join("/");
  return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

async function look(db: Database): Promise<unknown> {
  const keys = runIds.flatMap((runId) =>
    [0, 1, 2].flatMap((ix) => [-1, 0, 1].map((mapIx) => ({ runId, ix, mapIx }))),
  );
  const instances = await listTaskInstances(db, runIds);
  const attempts = keys.flatMap((key) => [1, 2, 3].map((attempt) => ({ ...key, attempt })));
  return {
    active: (await listActiveRuns(db, { shards: [shard], limit: 10 })).map(
      ({ id, state, seq, reopenCount }) => ({ id, state, seq, reopenCount }),
    ),
    instances: instances.map(({ startedAt, endedAt, ...row }) => ({
      ...row,
      hasStarted: startedAt !== null,
      hasEnded: endedAt !== null,
    })),
    outputs: byKey(await readTaskOutputs(db, keys)),
    outcomes: byKey(await readOutcomes(db, attempts)),
    expansions: await listExpansions(db, runIds),
    pending: await listPendingDeliveries(db, { shards: [shard], limit: 100 }),
  };
}

const seeds = 4;
const flushesPerSeed = 60;
const barredEvery = 7;

test(
  "random flushes and reads come to the same in memory as in Postgres",
  { timeout: 240_000 },
  async () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= seeds; seed++) {
      await using real = await testDatabase();
      await registerReally(real.db, spec);
      const world = createWorld({ seed: `conformance ${seed}` });
      registerDag(world.server.tables, spec, 0);
      const process = world.spawn("client");
      const simulated = process.enter(() => world.database(process));
      const inMemory = async <T>(act: (db: Database) => Promise<T>): Promise<T> => {
        let isDone = false;
        const result = process.enter(() => act(simulated).finally(() => (isDone = true)));
        await world.machine.runUntil(world.machine.now + 3_600_000, () => isDone);
        return result;
      };
      expect(await inMemory(prepare)).toEqual(await prepare(real.db));
      const random = createRandom(`batches ${seed}`);
      for (let at = 0; at < flushesPerSeed; at++) {
        const batch = randomBatch(random, { runIds, shard, tables: world.server.tables });
        const what = `seed ${seed}, flush ${at}`;
        if (at % barredEvery === 0)
          expect(await inMemory((db) => bar(db, batch)), what).toBe(await bar(real.db, batch));
        const written = await write(real.db, batch);
        expect(await inMemory((db) => write(db, batch)), what).toEqual(written);
        kinds.add(written.missed ? "missed" : written.kind);
        expect(await inMemory(look), what).toEqual(await look(real.db));
        expect(dumpOfTables(world.server.tables, runIds), what).toEqual(
          await dumpOf(real.db, runIds),
        );
      }
    }
    expect([...kinds].toSorted()).toEqual(["fenced", "missed", "refused", "written"]);
  },
);
