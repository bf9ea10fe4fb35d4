import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { deleteOldAssetEvents } from "./asset-retention.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";

let database: TestDatabase;
let assetId: number;
beforeAll(async () => {
  database = await testDatabase();
  const { rows } = await database.db.pool.query<{ id: number }>(
    "INSERT INTO asset (uri, name, asset_group, extra, is_active) VALUES ('a', 'a', 'asset', '', true) RETURNING id",
  );
  assetId = rows[0]!.id;
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.db.pool.query("TRUNCATE asset_event, asset_pending, run_asset_event");
});

/** Events of so many days ago; their ids. */
async function events(daysAgo: number, count = 1): Promise<number[]> {
  const { rows } = await database.db.pool.query<{ id: number }>(
    `INSERT INTO asset_event (asset_id, at, source, created_by)
     SELECT $1, clock_timestamp() - $2 * interval '1 day', 2, 'test' FROM generate_series(1, $3) RETURNING id`,
    [assetId, daysAgo, count],
  );
  return rows.map(({ id }) => id);
}

async function left(): Promise<number[]> {
  const { rows } = await database.db.pool.query<{ id: number }>(
    "SELECT id FROM asset_event ORDER BY id",
  );
  return rows.map(({ id }) => id);
}

test("events that are older than so many days go, however many pages they fill; younger ones stay", async () => {
  await events(40, 12_000);
  const young = await events(20, 3);
  expect(await deleteOldAssetEvents(database.db, 30)).toBe(12_000);
  expect(await left()).toEqual(young);
  expect(await deleteOldAssetEvents(database.db, 30)).toBe(0);
});

test("what a waiting DAG has not used yet stays, and what a run was made of, until that run is gone", async () => {
  const [pending, used, plain] = [await events(40), await events(40), await events(40)].flat();
  await database.db.pool.query("INSERT INTO asset_pending VALUES ('consumer', $1, $2)", [
    assetId,
    pending,
  ]);
  await database.db.pool.query("INSERT INTO run_asset_event VALUES (7, $1)", [used]);
  expect(await deleteOldAssetEvents(database.db, 30)).toBe(1);
  expect(await left()).toEqual([pending, used]);
  expect(plain).toBeGreaterThan(0);
  await database.db.pool.query("DELETE FROM run_asset_event");
  await database.db.pool.query("DELETE FROM asset_pending");
  expect(await deleteOldAssetEvents(database.db, 30)).toBe(2);
});
