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
  const cleared = { run_id: 1, ix: 0, map_ix: -1, state: 1, attempt: 3, uncounted: 3 };
  const waiting = { ...success, state: 12, wait_until: at, uncounted: 1 };
  const deferred = { ...success, state: 13, deferral: bytes };

  test.each([
    ["runs", running],
    ["is restarting", { ...running, state: 5 }],
    [
      "has succeeded",
      { ...success, out: bytes, lengths: [3, -1], choice: [], map_index_label: "x" },
    ],
    ["was skipped without a start", skipped],
    ["was marked a success without a start", { ...skipped, state: 6, choice: ["a"] }],
    ["was removed before it started", { ...skipped, map_ix: 4, state: 10 }],
    ["was removed after it had run", { ...skipped, state: 10, attempt: 2, uncounted: 2 }],
    ["waits to retry", { ...success, state: 11, wait_until: at, failure: bytes }],
    ["waits to look again", waiting],
    ["has deferred", deferred],
    ["awaits input", { ...deferred, state: 14 }],
    ["is about to go on", { ...deferred, state: 2 }],
    ["goes on", { ...running, deferral: bytes }],
    ["was lost twice while it went on", { ...waiting, state: 11, deferral: bytes }],
    ["was given back", { ...success, state: 2, uncounted: 1 }],
    ["was lost", { ...success, state: 2, uncounted: 1, losses: 1 }],
    ["was cleared", cleared],
    ["was cleared before it ever started", { ...cleared, attempt: 0, uncounted: 0 }],
    ["was skipped after it was cleared", { ...cleared, state: 8, ended_at: at }],
    [
      "has had more attempts than 16 bits hold",
      { ...waiting, attempt: 100_000, uncounted: 99_999 },
    ],
  ])("may be one that %s", async (_, row) => {
    await expect(tryInsert("task_instance", row, {})).resolves.toBeUndefined();
  });

  test.each([
    ["runs without a session", running, { session_key: null }],
    ["runs without a start", running, { started_at: null, session_key: null }],
    ["runs and has ended", running, { ended_at: at }],
    ["is restarting and has ended", running, { state: 5, ended_at: at }],
    ["runs as attempt 0", running, { attempt: 0 }],
    ["is final without an end", success, { ended_at: null }],
    ["has a start without an attempt", skipped, { started_at: at, session_key: 7 }],
    ["waits to retry, but not until when", success, { state: 11 }],
    ["waits to look again, but not until when", waiting, { wait_until: null }],
    ["is final and has a wait ahead", success, { wait_until: at }],
    ["waits without having started", skipped, { state: 12, wait_until: at, attempt: 1 }],
    ["has an output without success", success, { state: 7, out: bytes }],
    ["has an output without a body", skipped, { state: 6, out: bytes }],
    ["has lengths without success", success, { state: 7, lengths: [1] }],
    ["has a choice without success", success, { state: 8, choice: ["a"] }],
    ["has an empty label", success, { map_index_label: "" }],
    ["has a label that is too long", success, { map_index_label: "x".repeat(251) }],
    ["has succeeded with a failure", success, { failure: bytes }],
    ["has more uncounted attempts than attempts", success, { uncounted: 2 }],
    ["has lost more workers than it had attempts", success, { losses: 2 }],
    ["was cleared and keeps a start", cleared, { started_at: at, session_key: 7 }],
    ["was cleared and has an end", cleared, { ended_at: at }],
    ["was cleared and has retries spent", cleared, { uncounted: 2 }],
    ["was cleared and keeps losses", cleared, { losses: 1 }],
    ["was removed and keeps a start", success, { state: 10 }],
    ["is queued, which is no row", running, { state: 3 }],
    ["has deferred, but not for what", deferred, { deferral: null }],
    ["has deferred and runs until it ends", deferred, { ended_at: null }],
    ["has deferred without having started", skipped, { state: 13, deferral: bytes, attempt: 1 }],
    ["has succeeded and waits for something", success, { deferral: bytes }],
    ["is restarting and is to go on", running, { state: 5, deferral: bytes }],
    ["is the instance before the first", running, { map_ix: -2 }],
  ])("is never one that %s", async (_, row, change) => {
    await expect(tryInsert("task_instance", row, change)).rejects.toThrow(/check constraint/);
  });
});

describe("an earlier attempt", () => {
  const lost = { run_id: 1, ix: 0, map_ix: -1, attempt: 1, state: 2 };

  test.each([
    ["still runs", { state: 4 }],
    ["is cleared by itself", { state: 1 }],
    ["was removed by itself", { state: 10 }],
    ["was never granted", { attempt: 0 }],
  ])("is never one that %s", async (_, change) => {
    await expect(tryInsert("task_instance_attempt", lost, change)).rejects.toThrow(/check constr/);
    await expect(tryInsert("task_instance_attempt", lost, {})).resolves.toBeUndefined();
  });
});

describe("an input request", () => {
  const open = { run_id: 1, ix: 0, map_ix: -1, attempt: 1, form: bytes, asked_at: at };
  const answered = { ...open, state: 2, ended_at: at, answered_by: "user:a", answer: bytes };

  test.each([
    ["is open and has ended", open, { ended_at: at }],
    ["is open and has an answer", open, { answered_by: "user:a", answer: bytes }],
    ["was answered by nobody", answered, { answered_by: null }],
    ["was answered with nothing", answered, { answer: null }],
    ["was withdrawn with an answer", answered, { state: 4 }],
    ["has not ended and is closed", answered, { ended_at: null }],
    ["is of no attempt", open, { attempt: 0 }],
    ["is of a state that there is not", open, { state: 5, ended_at: at }],
  ])("is never one that %s", async (_, row, change) => {
    await expect(tryInsert("input_request", row, change)).rejects.toThrow(/check constraint/);
    await expect(tryInsert("input_request", row, {})).resolves.toBeUndefined();
  });
});

describe("a callback", () => {
  const pending = { run_id: 1, ix: -1, map_ix: -1, attempt: 1, event: 1, ordinal: 0 };
  const base = { ...pending, happened_at: at };

  test.each([
    ["is pending and has ended", { ended_at: at }],
    ["was delivered and has not ended", { state: 2 }],
    ["has failed and is tried again", { state: 3, ended_at: at, next_try_at: at }],
    ["is for no event", { event: 0 }],
    ["has no place in the spec", { ordinal: -1 }],
    ["was tried less than never", { tries: -1 }],
  ])("is never one that %s", async (_, change) => {
    await expect(tryInsert("callback_delivery", base, change)).rejects.toThrow(/check constraint/);
    await expect(tryInsert("callback_delivery", base, {})).resolves.toBeUndefined();
  });
});

test("a key to sign with is long enough", async () => {
  const row = { name: "k", secret: Buffer.alloc(32) };
  await expect(tryInsert("signing_key", row, {})).resolves.toBeUndefined();
  await expect(tryInsert("signing_key", row, { secret: Buffer.alloc(31) })).rejects.toThrow(
    /check constraint/,
  );
});

test("an expansion has a length, or -1 for none", async () => {
  const row = { run_id: 1, ix: 0, length: -1 };
  await expect(tryInsert("expansion", row, {})).resolves.toBeUndefined();
  await expect(tryInsert("expansion", row, { length: -2 })).rejects.toThrow(/check constraint/);
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
    ["is queued and has begun", { started_at: at }],
    ["has a failure before it runs", { failure: bytes }],
    ["has succeeded with a failure", { state: 3, ended_at: at, failure: bytes }],
    ["was opened again less often than never", { reopen_count: -1 }],
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
