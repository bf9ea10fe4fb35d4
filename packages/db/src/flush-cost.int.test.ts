import { afterAll, beforeAll, expect, test } from "vitest";

import type { Database } from "./database.ts";
import { sqlText } from "./assets.ts";
import { flush } from "./flush.ts";
import { ordinaryText } from "./flush-encode.ts";
import { laneSettings } from "./lane.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import { aBatch, aFinish, aStart } from "./testing-rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

async function writesOf(db: Database): Promise<Record<string, number>> {
  // The lane's own counters reach the statistics when it is told to, or a second later.
  await db.lanes[0]!.send([{ text: "SELECT pg_stat_force_next_flush()" }]);
  const { rows } = await db.pool.query<Record<string, number>>(
    `SELECT n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_hot_upd AS hot
     FROM pg_stat_user_tables WHERE relname = 'task_instance'`,
  );
  return rows[0]!;
}

test("a task costs one insert and one update within its page, in batches of any size", async () => {
  const { db } = database;
  const out = Buffer.from('{"rows":12}');
  let runId = 0;
  for (const size of [1, 1, 1, 10, 100, 1000, 500]) {
    const ids = Array.from({ length: size }, () => ++runId);
    await flush(db.lanes[0]!, aBatch({ started: ids.map((id) => aStart({ runId: id })) }));
    await flush(db.lanes[0]!, aBatch({ finished: ids.map((id) => aFinish({ runId: id, out })) }));
  }

  expect(await writesOf(db)).toEqual({ inserted: runId, updated: runId, hot: runId });
});

const always = ["run_pkey 1", "shard_pkey 1", "task_instance_pkey 3"];
const inFull = [
  ...["input_request_pkey 4", "run_pkey 1", "run_trigger_pkey 3", "shard_pkey 1"],
  ...["task_instance_pkey 3", "task_instance_pkey 3", "xcom_pkey 3"],
];

test.each([
  ["in full", () => sqlText("flush"), 70, inFull],
  ["without its rare part", ordinaryText, 41, always],
])(
  "%s, a flush finds every row by its primary key, whatever the planner knows",
  async (_, text, parameters, keys) => {
    const { db } = database;
    const client = await db.pool.connect();
    try {
      await client.query(laneSettings);
      await client.query(`PREPARE costed AS ${text()}`);
      const nothing = Array.from({ length: parameters }, () => "'{}'").join(", ");
      const { rows } = await client.query<{ "QUERY PLAN": string }>(
        `EXPLAIN EXECUTE costed(${nothing})`,
      );
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");

      expect(plan).not.toMatch(/Seq Scan|Bitmap|Hash|Merge/);
      const searches = [...plan.matchAll(/Index Scan using (\w+) .*\n +Index Cond: (.*)/g)];
      const found = searches.map(
        ([, index, condition]) => `${index} ${condition!.match(/=/g)!.length}`,
      );
      expect(found.sort()).toEqual(keys);
    } finally {
      client.release(true);
    }
  },
);
