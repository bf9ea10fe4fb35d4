import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { testDatabase, type TestDatabase } from "./testing.ts";
import { insertRuns } from "./testing-rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1]);
});
afterAll(() => database[Symbol.asyncDispose]());

/** Inserts a row with these columns changed, and takes it back. */
async function tryInsert(table: string, base: object, change: object): Promise<void> {
  const row = { ...base, ...change };
  const names = Object.keys(row);
  const client = await database.db.pool.connect();
  try {
    await client.query("BEGIN");
    const places = names.map((_, index) => `$${index + 1}`).join(", ");
    await client.query(
      `INSERT INTO ${table} (${names.join(", ")}) VALUES (${places})`,
      Object.values(row),
    );
  } finally {
    await client.query("ROLLBACK");
    client.release();
  }
}

const at = new Date(0);
const bytes = Buffer.from("x");

describe("a task instance", () => {
  const running = {
    run_id: 1,
    ix: 0,
    map_ix: -1,
    state: 4,
    attempt: 1,
    session_key: 7,
    started_at: at,
  };
  const success = { ...running, state: 6, ended_at: at };
  const skipped = { run_id: 1, ix: 0, map_ix: -1, state: 8, attempt: 0, ended_at: at };

  test.each([
    ["runs", running],
    ["has succeeded", { ...success, out: bytes }],
    ["was skipped without a start", skipped],
    ["waits to retry", { ...success, state: 11, retry_at: at, failure: bytes }],
    ["was given back", { ...success, state: 2, lost: 1 }],
  ])("may be one that %s", async (_, row) => {
    await expect(tryInsert("task_instance", row, {})).resolves.toBeUndefined();
  });

  test.each([
    ["runs without a session", running, { session_key: null }],
    ["runs without a start", running, { started_at: null }],
    ["runs and has ended", running, { ended_at: at }],
    ["runs as attempt 0", running, { attempt: 0 }],
    ["is final without an end", success, { ended_at: null }],
    ["has succeeded without an attempt", skipped, { state: 6 }],
    ["waits to retry, but not until when", success, { state: 11 }],
    ["is final and has a retry ahead", success, { retry_at: at }],
    ["has an output without success", success, { state: 7, out: bytes }],
    ["has succeeded with a failure", success, { failure: bytes }],
    ["has lost more attempts than it had", success, { lost: 2 }],
    ["is queued, which is no row", running, { state: 3 }],
  ])("is never one that %s", async (_, row, change) => {
    await expect(tryInsert("task_instance", row, change)).rejects.toThrow(/check constraint/);
  });
});

describe("a run", () => {
  const base = {
    id: 2,
    dag_id: "etl",
    shard: 3,
    state: 1,
    run_type: 2,
    run_name: "another",
    run_after: at,
    params: bytes,
    triggered_by: "test",
  };

  async function tryRun(change: object): Promise<void> {
    const { rows } = await database.db.pool.query<{ id: number }>("SELECT id FROM dag_version");
    await tryInsert("run", { ...base, dag_version_id: rows[0]!.id }, change);
  }

  test.each([
    ["is final without an end", { state: 3 }],
    ["has ended and is not final", { ended_at: at }],
    ["runs without a start", { state: 2 }],
    ["has a failure without having failed", { failure: bytes }],
    ["has an id that JavaScript cannot hold", { id: "9007199254740992" }],
    ["belongs to another DAG than its version", { dag_id: "other" }],
    ["has the name of another run of the DAG", { run_name: "manual 1" }],
  ])("is never one that %s", async (_, change) => {
    await expect(tryRun(change)).rejects.toThrow(/violates/);
    await expect(tryRun({})).resolves.toBeUndefined();
  });

  test("shares its logical date with no other run of the DAG", async () => {
    await database.db.pool.query("UPDATE run SET logical_at = $1 WHERE id = 1", [at]);

    await expect(tryRun({ logical_at: at })).rejects.toThrow(/run_logical/);
  });
});
