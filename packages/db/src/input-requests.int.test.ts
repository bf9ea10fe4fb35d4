/** Forms and who answered them: semantics 9.6. */

import { afterAll, beforeAll, expect, test } from "vitest";

import { sqlText } from "./assets.ts";
import { countOpenInputRequests, listInputRequests } from "./input-requests.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import { insertRuns } from "./testing-rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

test("what people are asked now is found by an index, however much they were asked before", async () => {
  const { db } = database;
  const run = 1;
  await insertRuns(db, [run]);
  await db.pool.query(
    `INSERT INTO input_request (run_id, ix, map_ix, attempt, state, form, asked_at, ended_at)
     SELECT $1, 0, number, 1, 4, '', now() - number * interval '1 s', now() FROM generate_series(0, 20000) AS number`,
    [run],
  );
  await db.pool.query(
    "INSERT INTO input_request (run_id, ix, map_ix, attempt, form, asked_at) VALUES ($1, 1, -1, 1, '', now())",
    [run],
  );
  await db.pool.query("ANALYZE input_request");

  const page = { before: null, limit: 100 };
  const open = await listInputRequests(db, { dagId: null, runKey: null, states: [1] }, page);
  expect(open).toMatchObject([{ run_id: run, ix: 1, state: 1 }]);

  expect(await countOpenInputRequests(db, 10)).toBe(1);
  expect(await countOpenInputRequests(db, 0)).toBe(0);

  const { rows } = await db.pool.query<{ "QUERY PLAN": string }>(
    `EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) ${sqlText("input_request_list_page")}`,
    [[1, 4], null, null, null, null, null, null, 100],
  );
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toContain("input_request_newest");
  expect(plan).not.toMatch(/Seq Scan on (input_request|run)/);
});
