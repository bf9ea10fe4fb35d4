/** Events sorted by partition: what their owner writes and reads, and what the run of a key gets. */

import { assetLimits } from "@millrace/engine";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  countKeyedEvents,
  countPartitions,
  listPartitionKeys,
  listUnmappedEvents,
  readUnsortedEvents,
  sortPendingEvents,
  type SortedEvent,
} from "./asset-partitions.ts";
import { forgetPendingEvents } from "./asset-pending.ts";
import { sqlText } from "./assets.ts";
import { laneSettings } from "./lane.ts";
import { createRuns, type RunToCreate } from "./runs-write.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import { insertRuns, rowsIn, testShard } from "./testing-rows.ts";

let database: TestDatabase;
let versionId: number;
let assetId: number;
beforeAll(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1]);
  const { rows } = await query<{ id: number }>("SELECT id FROM dag_version");
  versionId = rows[0]!.id;
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await query(
    "TRUNCATE asset, asset_alias, asset_use, asset_watcher, asset_event, asset_pending, asset_partition, run_asset_event CASCADE",
  );
  await query("DELETE FROM run WHERE id > 1");
  const { rows } = await query<{ id: number }>(
    "INSERT INTO asset (uri, name, asset_group, extra, is_active) VALUES ('a', 'a', 'asset', '', true) RETURNING id",
  );
  assetId = rows[0]!.id;
});

const query = <T extends object>(sql: string, values: unknown[] = []) =>
  database.db.pool.query<T>(sql, values);
const fence = { shard: testShard, epoch: 0 };

/** Events that wait to be sorted; their ids. */
async function pend(keys: readonly string[]): Promise<number[]> {
  const { rows } = await query<{ id: number }>(
    `WITH made AS (
       INSERT INTO asset_event (asset_id, source, partition_key)
       SELECT $1, 2, key FROM unnest($2::text[]) WITH ORDINALITY AS k (key, n) ORDER BY n RETURNING id
     ), pended AS (INSERT INTO asset_pending SELECT 'etl', $1, id FROM made)
     SELECT id FROM made ORDER BY id`,
    [assetId, keys],
  );
  return rows.map(({ id }) => id);
}

const row = (eventId: number, targetKey: string, more: Partial<SortedEvent> = {}): SortedEvent => ({
  ...{ assetId, eventId, targetKey, part: "", problem: "" },
  ...more,
});

async function sort(rows: readonly SortedEvent[], version = versionId): Promise<void> {
  const dag = { dagId: "etl", versionId: version };
  await sortPendingEvents(database.db, fence, dag, rows, rows);
}

function aRun(id: number, partitionKey: string): RunToCreate {
  return {
    ...{ id, dagId: "etl", dagVersionId: versionId, shard: testShard, runType: 4 },
    ...{ runName: `r${id}`, logicalAt: null, intervalStartAt: null, intervalEndAt: null },
    ...{ runAfter: Date.now(), partitionKey, params: Buffer.from("{}"), note: "" },
    ...{ triggeredBy: "assets", request: null, backfill: null },
    usesPartition: true,
  };
}

const sortedKeys = async () =>
  (await rowsIn(database.db, "asset_partition")).map((one) => [one["target_key"], one["event_id"]]);
const usedBy = async (runId: number) =>
  (
    await query<{ event_id: number }>(
      "SELECT event_id FROM run_asset_event WHERE run_id = $1 ORDER BY 1",
      [runId],
    )
  ).rows.map((one) => one.event_id);

test("a pending event is read with its key, and sorted once, under each of its keys or none", async () => {
  const [x, y, z] = await pend(["x", "y", "z"]);
  expect(await readUnsortedEvents(database.db, "etl", 2)).toEqual([
    { assetId, uri: "a", eventId: x, partitionKey: "x" },
    { assetId, uri: "a", eventId: y, partitionKey: "y" },
  ]);
  const rows = [row(x!, "k1"), row(x!, "k2", { part: "p" }), row(y!, "", { problem: "no date" })];
  await sort(rows);
  expect(await readUnsortedEvents(database.db, "etl", 9)).toMatchObject([{ eventId: z }]);
  // Not pending any more: sorted before.
  await sort(rows);
  expect(await listPartitionKeys(database.db, "etl", { afterKey: "", limit: 9 })).toEqual([
    "k1",
    "k2",
  ]);
  expect(await listPartitionKeys(database.db, "etl", { afterKey: "", limit: 1 })).toEqual(["k1"]);
  expect(await listPartitionKeys(database.db, "etl", { afterKey: "k1", limit: 9 })).toEqual(["k2"]);
  expect(await listPartitionKeys(database.db, "other", { afterKey: "", limit: 9 })).toEqual([]);
  expect(await listUnmappedEvents(database.db, "etl", 9)).toEqual([
    { event_id: y, uri: "a", partition_key: "y", problem: "no date" },
  ]);
  expect(await countKeyedEvents(database.db, ["a", "none"], 2)).toEqual([
    { uri: "a", keyed: 2, total: 2 },
  ]);
});

test("a key counts its events, and their different parts", async () => {
  const [x, y, z] = await pend(["1", "2", "2"]);
  await sort([
    row(x!, "k", { part: "1" }),
    row(y!, "k", { part: "2" }),
    row(z!, "k", { part: "2" }),
  ]);
  expect(await countPartitions(database.db, "etl", ["k", "none"])).toEqual([
    { target_key: "k", uri: "a", events: 3, parts: 2 },
  ]);
});

test("nothing is sorted for a shard that is somebody else's", async () => {
  const [x] = await pend(["x"]);
  const dag = { dagId: "etl", versionId };
  await expect(
    sortPendingEvents(database.db, { ...fence, epoch: 9 }, dag, [row(x!, "k")], [row(x!, "k")]),
  ).rejects.toThrow();
  expect(await sortedKeys()).toEqual([]);
});

test("the run of a key gets its events and no others; asked for again, no later ones", async () => {
  const [x, y] = await pend(["x", "y"]);
  await sort([row(x!, "k1"), row(x!, "k2"), row(y!, "k2")]);
  await createRuns(database.db, [fence], [aRun(10, "k1"), aRun(11, "k2")]);
  expect([await usedBy(10), await usedBy(11)]).toEqual([[x], [x, y]]);
  const [z] = await pend(["z"]);
  await sort([row(z!, "k1")]);
  await createRuns(database.db, [fence], [aRun(10, "k1")]);
  expect(await usedBy(10)).toEqual([x]);
  expect(await sortedKeys()).toEqual([["k1", z]]);
  // A run that is not born uses none.
  await createRuns(database.db, [fence], [{ ...aRun(12, "k1"), runName: "r10" }]);
  expect(await sortedKeys()).toEqual([["k1", z]]);
});

test("a run uses at most so many events of each asset, the oldest", async () => {
  const most = assetLimits.eventsPerRun;
  const ids = await pend(Array.from({ length: most + 3 }, () => "x"));
  await sort(ids.map((id) => row(id, "k")));
  await createRuns(database.db, [fence], [aRun(10, "k")]);
  expect(await usedBy(10)).toHaveLength(most);
  expect(await sortedKeys()).toEqual(ids.slice(most).map((id) => ["k", id]));
});

test("another version has what was not used to sort anew, and a run's own events stay used", async () => {
  const [x, y] = await pend(["x", "y"]);
  await sort([row(x!, "k1"), row(x!, "k2"), row(y!, "k1")]);
  await createRuns(database.db, [fence], [aRun(10, "k2")]);
  const waiting = { dagId: "etl", versionId, isByPartition: true, refs: [{ uri: "a", alias: "" }] };
  await forgetPendingEvents(database.db, fence, waiting);
  expect(await sortedKeys()).toHaveLength(2);
  await forgetPendingEvents(database.db, fence, { ...waiting, versionId: versionId + 1 });
  expect(await sortedKeys()).toEqual([]);
  expect(await readUnsortedEvents(database.db, "etl", 9)).toHaveLength(2);
  await sort([row(x!, "k1"), row(x!, "k2"), row(y!, "k1")], versionId + 1);
  expect(await sortedKeys()).toEqual([
    ["k1", x],
    ["k1", y],
  ]);
  await forgetPendingEvents(database.db, fence, { ...waiting, isByPartition: false });
  expect(await rowsIn(database.db, "asset_pending")).toEqual([]);
});

// Whoever owns the DAG may not have heard of its newest version, which waits for events that the one before did not.
test("what only the newest version waits for is not forgotten for an older one", async () => {
  const [x] = await pend(["x"]);
  const waiting = { dagId: "etl", isByPartition: false, refs: [] };
  await forgetPendingEvents(database.db, fence, { ...waiting, versionId: versionId + 1 });
  expect(await rowsIn(database.db, "asset_pending")).toMatchObject([{ event_id: x }]);
  await forgetPendingEvents(database.db, fence, { ...waiting, versionId });
  expect(await rowsIn(database.db, "asset_pending")).toEqual([]);
});

test.each([["run_consume_partition", 3]])(
  "%s finds every row by an index, whatever the planner knows",
  async (name, parameters) => {
    const client = await database.db.pool.connect();
    try {
      await client.query(laneSettings);
      await client.query(`PREPARE costed AS ${sqlText(name)}`);
      const nothing = Array.from({ length: parameters }, (_, n) =>
        n === parameters - 1 ? "1" : "'{}'",
      );
      const { rows } = await client.query<{ "QUERY PLAN": string }>(
        `EXPLAIN EXECUTE costed(${nothing.join(", ")})`,
      );
      expect(rows.map((one) => one["QUERY PLAN"]).join("\n")).not.toMatch(/Seq Scan|Bitmap/);
    } finally {
      client.release(true);
    }
  },
);
