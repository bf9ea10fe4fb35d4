import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { RunState, TaskState } from "@millrace/engine";

import { flush } from "./flush.ts";
import { readOutcomes } from "./task-outcomes.ts";
import { listActiveRuns, listExpansions, listTaskInstances, readOwnedRuns } from "./task-rows.ts";
import { readMappedOutputs, readTaskOutputs } from "./task-values.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import {
  aBatch,
  aClear,
  aFinish,
  aRunUpdate,
  aSettle,
  aStart,
  insertRuns,
  testShard,
} from "./testing-rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1, 2, 3]);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.db.pool.query(
    "TRUNCATE task_instance, task_instance_attempt, event, xcom, expansion",
  );
});

const write = (rows: Parameters<typeof aBatch>[0]) => flush(database.db.lanes[0]!, aBatch(rows));

test("a take-over reads of task instances all that the engine restores", async () => {
  const waitUntil = Date.UTC(2026, 0, 1);
  const { success, up_for_retry, scheduled } = TaskState;
  await write({
    started: [0, 1, 2].map((mapIx) => aStart({ ix: 1, mapIx })),
    settled: [aSettle({ runId: 2, ix: 4, state: TaskState.upstream_failed })],
  });
  await write({
    finished: [
      aFinish({ ix: 1, mapIx: 0, state: success, out: Buffer.from("[1]"), lengths: [1] }),
      aFinish({ ix: 1, mapIx: 1, state: up_for_retry, waitUntil }),
      aFinish({ ix: 1, mapIx: 2, state: scheduled, uncounted: 1, losses: 1, failure: null }),
    ],
    settled: [aSettle({ state: success, choice: ["a"] })],
    expansions: [{ runId: 1, ix: 1, length: 3 }],
  });

  const rows = await listTaskInstances(database.db, [1, 2]);

  const plain = { attempt: 1, uncounted: 0, losses: 0, waitUntil: null, hasValue: false, looks: 0 };
  expect(rows).toMatchObject([
    {
      ...plain,
      runId: 1,
      ix: 0,
      mapIx: -1,
      attempt: 0,
      state: success,
      lengths: [],
      choice: ["a"],
    },
    { ...plain, ix: 1, mapIx: 0, state: success, hasValue: true, lengths: [1], choice: null },
    { ...plain, ix: 1, mapIx: 1, state: up_for_retry, waitUntil, sessionKey: 7 },
    { ...plain, ix: 1, mapIx: 2, state: scheduled, uncounted: 1, losses: 1 },
    { ...plain, runId: 2, ix: 4, attempt: 0, startedAt: null, sessionKey: null },
  ]);
  expect(await listExpansions(database.db, [1, 2])).toEqual([{ runId: 1, ix: 1, length: 3 }]);
});

test("a run of many instances is read whole, each once and in order", async () => {
  await database.db.pool.query(
    `INSERT INTO task_instance (run_id, ix, map_ix, state, attempt, ended_at)
     SELECT run_id, ix, g, 8, 0, now() FROM unnest('{1,3}'::int[]) AS run_id, unnest('{0,7}'::int[]) AS ix,
       generate_series(CASE run_id WHEN 1 THEN 0 ELSE 500 END, CASE run_id WHEN 1 THEN 24999 ELSE 999 END) AS g
     UNION ALL SELECT 2, 5, -1, 8, 0, now()`,
  );

  const rows = await listTaskInstances(database.db, [1, 2, 3]);

  const keys = rows.map((row) => row.runId * 1e6 + row.ix * 1e5 + row.mapIx);
  expect(rows.length).toBe(50_000 + 1 + 1_000);
  expect(keys.every((key, at) => at === 0 || keys[at - 1]! < key)).toBe(true);
});

test("a final run is read by its id, and is active again once it is opened", async () => {
  const update = (run: Parameters<typeof aRunUpdate>[0]) => {
    const row = aRunUpdate({ id: 3, ...run });
    const event = { runId: 3, seq: row.revision, runState: row.state, changes: [] };
    return write({ runs: [row], events: [event] });
  };
  const shards = [testShard];
  const active = async () => await listActiveRuns(database.db, { shards, limit: 9, ids: [3] });
  await update({ state: RunState.success });

  const [final] = await readOwnedRuns(database.db, { shards, ids: [3, 99] });
  expect(final).toMatchObject({ id: 3, state: RunState.success, seq: 1, reopenCount: 0 });
  expect(await active()).toEqual([]);
  expect(await readOwnedRuns(database.db, { shards: [testShard + 1], ids: [3] })).toEqual([]);
  await update({ state: RunState.queued, revision: 2, isReopened: true });
  expect(await active()).toMatchObject([
    { id: 3, state: RunState.queued, seq: 2, startedAt: null, reopenCount: 1 },
  ]);
});

describe("values", () => {
  const value = (text: string) => Buffer.from(text);
  beforeEach(async () => {
    const mapIxs = [0, 1, 2, 10];
    await write({ started: [aStart(), ...mapIxs.map((mapIx) => aStart({ ix: 1, mapIx }))] });
    await write({
      finished: [
        aFinish({ out: value("[]") }),
        aFinish({ ix: 1, mapIx: 10, out: value('"last"') }),
        aFinish({ ix: 1, mapIx: 2, out: value("2") }),
        aFinish({ ix: 1, mapIx: 1 }),
        aFinish({ ix: 1, mapIx: 0, out: value("0") }),
      ],
    });
  });
  const range = { runId: 1, ix: 1, from: 0, to: 100 };

  test("of single instances are found by task and index", async () => {
    const keys = [-1, 2, 1].map((mapIx) => ({ runId: 1, ix: mapIx < 0 ? 0 : 1, mapIx }));
    expect(await readTaskOutputs(database.db, keys)).toEqual([
      { ...keys[0], out: value("[]") },
      { ...keys[1], out: value("2") },
    ]);
  });

  test("of a mapped task come in the order of the indexes, without those that returned nothing", async () => {
    expect(await readMappedOutputs(database.db, range, 1_000)).toEqual([
      { mapIx: 0, out: value("0") },
      { mapIx: 2, out: value("2") },
      { mapIx: 10, out: value('"last"') },
    ]);
    expect(await readMappedOutputs(database.db, { ...range, from: 2, to: 10 }, 1_000)).toEqual([
      { mapIx: 2, out: value("2") },
    ]);
    expect(await readMappedOutputs(database.db, { ...range, ix: 2 }, 1_000)).toEqual([]);
  });

  test("of a mapped task are none when they are too many bytes", async () => {
    expect(await readMappedOutputs(database.db, range, 8)).toHaveLength(3);
    expect(await readMappedOutputs(database.db, range, 7)).toBeNull();
    expect(await readMappedOutputs(database.db, range, 0)).toBeNull();
  });
});

test("an attempt's outcome is found by instance, in its row or in its history", async () => {
  const boom = Buffer.from("boom");
  await write({ started: [aStart({ mapIx: 0 }), aStart({ mapIx: 1 })] });
  await write({
    finished: [
      aFinish({ mapIx: 0, out: boom, choice: ["a"] }),
      aFinish({ mapIx: 1, state: TaskState.failed, failure: boom }),
    ],
  });
  await write({ finished: [aClear({ mapIx: 1 })] });
  const key = { runId: 1, ix: 0, attempt: 1 };

  const found = await readOutcomes(database.db, [
    { ...key, mapIx: 1 },
    { ...key, mapIx: 0 },
    { ...key, mapIx: 2 },
    { ...key, runId: 99, mapIx: 0 },
  ]);

  const byIndex = found.toSorted((a, b) => a.mapIx - b.mapIx);
  expect(byIndex).toMatchObject([
    { mapIx: 0, newest: 1, state: TaskState.success, out: boom, choice: ["a"], earlierState: null },
    {
      mapIx: 1,
      newest: 1,
      state: TaskState.none,
      failure: null,
      earlierState: TaskState.failed,
      earlierFailure: boom,
    },
    { mapIx: 2, newest: null, state: null, earlierState: null },
  ]);
});
