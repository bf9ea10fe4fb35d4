import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { assetLimits, TaskState } from "@millrace/engine";

import { countPendingEvents, listPendingDags } from "./asset-pending.ts";
import { sqlText } from "./assets.ts";
import type { AssetEventRow } from "./flush-batch.ts";
import { flush } from "./flush.ts";
import { createLane, laneSettings } from "./lane.ts";
import { createRuns, type RunToCreate } from "./runs-write.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import { aBatch, aFinish, aStart, insertRuns, rowsIn, testShard } from "./testing-rows.ts";

let database: TestDatabase;
let versionId: number;
beforeAll(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1, 2, 3]);
  const { rows } = await query<{ id: number }>("SELECT id FROM dag_version");
  versionId = rows[0]!.id;
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await query(
    "TRUNCATE task_instance, event, asset, asset_alias, asset_use, asset_watcher, asset_event, asset_pending, run_asset_event CASCADE",
  );
  await query("DELETE FROM run WHERE id > 3");
});

const query = <T extends object>(sql: string, values: unknown[] = []) =>
  database.db.pool.query<T>(sql, values);
const write = (rows: Parameters<typeof aBatch>[0]) => flush(database.db.lanes[0]!, aBatch(rows));
const made = (uri: string, more: Partial<AssetEventRow> = {}): AssetEventRow => ({
  ...{ finished: 0, dagId: "etl", taskId: "t", uri, group: "asset", aliases: [], extra: null },
  partitionKey: null,
  ...more,
});

/** An asset that DAG "etl" waits for, itself or by an alias. */
async function waitFor(uri: string): Promise<number> {
  const { rows } = await query<{ id: number }>(
    "INSERT INTO asset (uri, name, asset_group, extra, is_active) VALUES ($1, $1, 'asset', '', true) RETURNING id",
    [uri],
  );
  await query("INSERT INTO asset_use VALUES ('etl', 3, '', $1, '')", [rows[0]!.id]);
  return rows[0]!.id;
}

const eventsOf = async () =>
  (
    await query<{ uri: string; run_id: number; aliases: string[] }>(
      "SELECT a.uri, e.run_id, e.aliases FROM asset_event AS e JOIN asset AS a ON a.id = e.asset_id ORDER BY e.id",
    )
  ).rows;

describe("events of a flush", () => {
  test("are written with the success that makes them, with a pending row for each DAG that waits", async () => {
    await waitFor("a");
    await write({ started: [aStart()] });
    const answer = await write({ finished: [aFinish()], assetEvents: [made("a"), made("b")] });
    expect(answer).toMatchObject({ kind: "written", missed: null, consumers: ["etl"] });
    expect(await eventsOf()).toMatchObject([{ uri: "a", run_id: 1 }, { uri: "b" }]);
    expect(await rowsIn(database.db, "asset_pending")).toHaveLength(1);
  });

  test("are not written where the success did not take effect, or the shard is somebody else's", async () => {
    await waitFor("a");
    await write({ started: [aStart()] });
    const late = { finished: [aFinish({ attempt: 2 })], assetEvents: [made("a")] };
    expect(await write(late)).toMatchObject({ missed: { finished: [{ attempt: 2 }] } });
    const fenced = {
      shards: [{ shard: testShard, epoch: 7 }],
      finished: [aFinish()],
      assetEvents: [made("a")],
    };
    expect(await write(fenced)).toEqual({ kind: "fenced" });
    expect(await eventsOf()).toEqual([]);
  });

  test("are written once, however often the flush is sent", async () => {
    await waitFor("a");
    await write({ started: [aStart()] });
    const batch = aBatch({ finished: [aFinish()], assetEvents: [made("a")] });
    await flush(database.db.lanes[0]!, batch);
    await flush(database.db.lanes[0]!, batch);
    expect(await eventsOf()).toHaveLength(1);
  });

  test("make assets that nobody knew, link them to their aliases, and reach who waits for these", async () => {
    await query("INSERT INTO asset_use VALUES ('etl', 3, '', 0, 'feeds')");
    await write({ started: [aStart()] });
    const answer = await write({
      finished: [aFinish()],
      assetEvents: [made("new", { aliases: ["feeds"] })],
    });
    expect(answer).toMatchObject({ consumers: ["etl"] });
    await write({ started: [aStart({ ix: 1 })] });
    // Of an asset that is linked to it, whoever makes it.
    expect(
      await write({ finished: [aFinish({ ix: 1 })], assetEvents: [made("new")] }),
    ).toMatchObject({ consumers: ["etl"] });
    expect(await rowsIn(database.db, "asset_alias")).toMatchObject([{ alias: "feeds" }]);
  });

  test("of one new asset in two flushes at once make one asset", async () => {
    const { url } = database;
    const lanes = ["one", "two"].map((name) => createLane({ url, name }));
    try {
      await write({ started: [1, 2].map((runId) => aStart({ runId })) });
      await Promise.all(
        lanes.map((lane, n) =>
          flush(
            lane,
            aBatch({
              finished: [aFinish({ runId: n + 1 })],
              assetEvents: [made("new", { aliases: ["f"] })],
            }),
          ),
        ),
      );
      expect(await eventsOf()).toHaveLength(2);
      expect(await rowsIn(database.db, "asset")).toHaveLength(1);
    } finally {
      for (const lane of lanes) await lane.close();
    }
  });

  test("are sent by batches that have some, and by no others", async () => {
    await write({ started: [aStart()] });
    const answer = await write({ finished: [aFinish({ state: TaskState.skipped })] });
    expect(answer).toEqual({ kind: "written", at: expect.any(Number), missed: null });
  });
});

describe("a run that events make", () => {
  const fence = [{ shard: testShard, epoch: 0 }];
  const aRun = (id: number, more: Partial<RunToCreate> = {}): RunToCreate => ({
    ...{
      id,
      dagId: "etl",
      dagVersionId: versionId,
      shard: testShard,
      runType: 4,
      runName: `r${id}`,
    },
    ...{ logicalAt: null, intervalStartAt: null, intervalEndAt: null, runAfter: Date.now() },
    partitionKey: null,
    ...{
      params: Buffer.from("{}"),
      note: "",
      triggeredBy: "assets",
      request: null,
      backfill: null,
    },
    assets: [{ uri: "a", alias: "" }],
    ...more,
  });
  const pend = (assetId: number, ids: readonly number[]) =>
    query("INSERT INTO asset_pending SELECT 'etl', $1, id FROM unnest($2::bigint[]) AS id", [
      assetId,
      ids,
    ]);
  const pending = async () =>
    (await rowsIn(database.db, "asset_pending")).map((row) => row["event_id"]);
  const used = async () =>
    (
      await query<{ run_id: number; event_id: number }>(
        "SELECT * FROM run_asset_event ORDER BY 1, 2",
      )
    ).rows.map((row) => [row.run_id, row.event_id]);

  test("has the pending events of the assets that it waited for, and leaves the others", async () => {
    await pend(await waitFor("a"), [1, 2]);
    await pend(await waitFor("b"), [3]);
    expect((await createRuns(database.db, fence, [aRun(10)])).get(10)).toMatchObject({
      kind: "born",
    });
    expect(await used()).toEqual([
      [10, 1],
      [10, 2],
    ]);
    expect(await pending()).toEqual([3]);
  });

  test("that is not born uses none", async () => {
    await pend(await waitFor("a"), [1]);
    await createRuns(database.db, fence, [aRun(10, { assets: [], runName: "same" })]);
    const again = await createRuns(database.db, fence, [aRun(11, { runName: "same" })]);
    expect(again.get(11)).toEqual({ kind: "name_taken" });
    await expect(
      createRuns(database.db, [{ shard: testShard, epoch: 9 }], [aRun(12)]),
    ).rejects.toThrow();
    expect(await pending()).toEqual([1]);
    expect(await used()).toEqual([]);
  });

  test("asked for again for want of an answer, uses no later ones", async () => {
    const assetId = await waitFor("a");
    await pend(assetId, [1]);
    await createRuns(database.db, fence, [aRun(10)]);
    await pend(assetId, [2]);
    await createRuns(database.db, fence, [aRun(10)]);
    expect(await used()).toEqual([[10, 1]]);
    expect(await pending()).toEqual([2]);
  });

  test("uses at most so many of each asset, the oldest; and counting stops where it is enough", async () => {
    const most = assetLimits.eventsPerRun;
    await pend(
      await waitFor("a"),
      Array.from({ length: most + 5 }, (_, n) => n + 1),
    );
    const question = { dagId: "etl", uri: "a", alias: "", needed: 7 };
    expect(await countPendingEvents(database.db, [question, { ...question, uri: "none" }])).toEqual(
      [7, 0],
    );
    expect(await listPendingDags(database.db, [testShard])).toEqual(["etl"]);
    expect(await listPendingDags(database.db, [testShard + 1])).toEqual([]);
    await createRuns(database.db, fence, [aRun(10)]);
    expect(await used()).toHaveLength(most);
    expect(await pending()).toEqual([1, 2, 3, 4, 5].map((n) => most + n));
  });
});

test.each([
  ["flush_asset_events", 13],
  ["run_consume_assets", 4],
])("%s finds every row by an index, whatever the planner knows", async (name, parameters) => {
  const client = await database.db.pool.connect();
  try {
    await client.query(laneSettings);
    await client.query(`PREPARE costed AS ${sqlText(name)}`);
    const nothing = Array.from({ length: parameters }, (_, n) =>
      name === "run_consume_assets" && n === 3 ? "1" : "'{}'",
    );
    const { rows } = await client.query<{ "QUERY PLAN": string }>(
      `EXPLAIN EXECUTE costed(${nothing.join(", ")})`,
    );
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).not.toMatch(/Seq Scan|Bitmap/);
  } finally {
    client.release(true);
  }
});
