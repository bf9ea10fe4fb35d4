import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { TaskState } from "@millrace/engine";

import { flush } from "./flush.ts";
import {
  listMappedInstances,
  readSpanStates,
  summarizeMappedTasks,
  type MappedPage,
} from "./mapped-tasks-read.ts";
import { listAttempts, readTaskStates, viewTaskInstances } from "./task-instances-read.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import { aBatch, aClear, aFinish, aSettle, aStart, insertRuns } from "./testing-rows.ts";

const { success, failed, running, removed, skipped } = TaskState;
/** Run 2 has a task of this many instances; the last has failed, and the first 5 have not started. */
const many = 100_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1, 2, 3]);
  // Task 2 has 6 instances, of which 1 and 4 have not started; 6 and 7 were there before it shrank.
  const mapIxs = [0, 2, 3, 5, 6];
  await write({
    started: [aStart(), ...mapIxs.map((mapIx) => aStart({ ix: 2, mapIx }))],
    settled: [aSettle({ ix: 2 }), aSettle({ ix: 3 }), aSettle({ ix: 2, mapIx: 7, state: removed })],
    expansions: [
      { runId: 1, ix: 2, length: 6 },
      { runId: 1, ix: 4, length: -1 },
      { runId: 2, ix: 1, length: many },
    ],
  });
  await write({
    finished: [
      aFinish({ ix: 2, mapIx: 0, mapIndexLabel: "eu" }),
      aFinish({ ix: 2, mapIx: 3, state: failed, failure: Buffer.from("f") }),
      aFinish({ ix: 2, mapIx: 6 }),
    ],
    settled: [aSettle({ ix: 2, state: TaskState.none })],
  });
  await write({ finished: [aFinish({ ix: 2, mapIx: 6, state: removed, uncounted: 1 })] });
  await database.db.pool.query(
    `INSERT INTO task_instance (run_id, ix, map_ix, state, attempt, session_key, started_at, ended_at)
     SELECT 2, 1, g, CASE WHEN g = $1 - 1 THEN 7 ELSE 6 END, 1, 7, now(), now() FROM generate_series(5, $1 - 1) AS g`,
    [many],
  );
  await database.db.pool.query("VACUUM ANALYZE task_instance");
});
afterAll(() => database[Symbol.asyncDispose]());

const write = (rows: Parameters<typeof aBatch>[0]) => flush(database.db.lanes[0]!, aBatch(rows));

async function page(query: Partial<MappedPage>): Promise<[number, TaskState | null][]> {
  const all = { runKey: 1, ix: 2, states: null, includeRowless: true, afterMapIx: -1, limit: 100 };
  const rows = await listMappedInstances(database.db, { ...all, ...query });
  return rows.map((row) => [row.map_ix, row.state]);
}

test("a mapped task in numbers: its length, states that have rows, and how many have none", async () => {
  const found = await summarizeMappedTasks(database.db, [1, 2, 3], null);

  expect([...found.keys()]).toEqual([1, 2]);
  expect(found.get(1)).toMatchObject([
    { ix: 2, length: 6, rowless: 2 },
    { ix: 4, length: null, rowless: 0, counts: new Map(), startedAt: null, endedAt: null },
  ]);
  expect(found.get(1)![0]!.counts).toEqual(
    new Map([
      [running, 2],
      [success, 1],
      [failed, 1],
      [removed, 2],
    ]),
  );
  expect(found.get(1)![0]!.startedAt).toBeInstanceOf(Date);
  expect(found.get(2)).toMatchObject([{ ix: 1, length: many, rowless: 5 }]);
  expect((await summarizeMappedTasks(database.db, [1], [2])).get(1)).toHaveLength(1);
});

describe("a page of instances", () => {
  test("is by index, with those that have no row, and those that were removed", async () => {
    expect(await page({})).toEqual([
      [0, success],
      [1, null],
      [2, running],
      [3, failed],
      [4, null],
      [5, running],
      [6, removed],
      [7, removed],
    ]);
  });

  test("goes on where the last one ended, whatever its size", async () => {
    const whole = await page({});
    for (const limit of [1, 2, 3, 5]) {
      const found: typeof whole = [];
      for (let next = await page({ limit }); next.length > 0;) {
        expect(next.length).toBeLessThanOrEqual(limit);
        found.push(...next);
        next = await page({ limit, afterMapIx: next.at(-1)![0] });
      }
      expect(found).toEqual(whole);
    }
  });

  test("holds the wanted states only, with or without those that have no row", async () => {
    expect(await page({ states: [failed, removed], includeRowless: false, limit: 2 })).toEqual([
      [3, failed],
      [6, removed],
    ]);
    expect(await page({ states: [failed], includeRowless: true })).toEqual([
      [1, null],
      [3, failed],
      [4, null],
    ]);
    expect(await page({ states: [], includeRowless: true, afterMapIx: 1 })).toEqual([[4, null]]);
  });

  test("of a task that is not expanded is empty", async () => {
    expect(await page({ ix: 3 })).toEqual([]);
    expect(await page({ ix: 4 })).toEqual([]);
    expect(await page({ runKey: 3 })).toEqual([]);
  });

  test("tells of an instance what its row says", async () => {
    const query = {
      runKey: 1,
      ix: 2,
      states: null,
      includeRowless: true,
      afterMapIx: -1,
      limit: 4,
    };
    expect(await listMappedInstances(database.db, query)).toMatchObject([
      { map_ix: 0, attempt: 1, map_index_label: "eu", worker_name: null },
      { map_ix: 1, state: null },
      { map_ix: 2, started_at: expect.any(Date) as Date, ended_at: null },
      { map_ix: 3, failure: Buffer.from("f") },
    ]);
  });

  test("of a hundred thousand reads no more than its own rows", async () => {
    const query = { runKey: 2, ix: 1, limit: 100 };
    const blocksOf = async (asked: Partial<MappedPage>) => {
      await page(asked);
      const before = await blocksRead();
      const found = await page(asked);
      return { found, blocks: (await blocksRead()) - before };
    };

    for (const afterMapIx of [-1, 50_000, many - 101]) {
      const { found, blocks } = await blocksOf({ ...query, afterMapIx });
      expect(found).toHaveLength(100);
      expect(found[0]![0]).toBe(afterMapIx + 1);
      expect(blocks).toBeLessThan(1_000);
    }
    const rare = await blocksOf({ ...query, states: [failed], includeRowless: false });
    expect(rare.found).toEqual([[many - 1, failed]]);
    expect(rare.blocks).toBeGreaterThan(1_000);
  });
});

/** Pages of task instances, and of their index, that were looked at so far. */
async function blocksRead(): Promise<number> {
  const client = await database.db.pool.connect();
  try {
    await client.query("SELECT pg_stat_force_next_flush()");
    const { rows } = await client.query<{ blocks: number }>(
      `SELECT (heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit)::int AS blocks
       FROM pg_statio_user_tables WHERE relname = 'task_instance'`,
    );
    return rows[0]!.blocks;
  } finally {
    client.release();
  }
}

test("whole tasks are shown by what stands for them, not by instances", async () => {
  const rows = await viewTaskInstances(database.db, 1, [3, 0, 1, 2]);
  expect(rows.map((row) => [row.ix, row.map_ix, row.state])).toEqual([
    [0, -1, running],
    [2, -1, TaskState.none],
    [3, -1, skipped],
  ]);
  const states = await readTaskStates(database.db, [1, 2]);
  expect([...states]).toEqual([
    [1, { ixs: [0, 2, 3], states: [running, TaskState.none, skipped] }],
  ]);
});

test("the attempts of an instance are its own, the newest included, cleared or not", async () => {
  const key = { runKey: 3, ix: 0, mapIx: 4 };
  const attempts = async () =>
    (await listAttempts(database.db, key)).map((row) => [row.attempt, row.state]);
  const id = { runId: 3, mapIx: 4 };
  await write({ started: [aStart(id), aStart({ runId: 3, mapIx: 5 })] });
  expect(await attempts()).toEqual([[1, running]]);
  await write({ finished: [aFinish({ ...id, state: failed })] });
  await write({ finished: [aClear(id)] });
  expect(await attempts()).toEqual([[1, failed]]);
  await write({ started: [aStart({ ...id, attempt: 2, uncounted: 1 })] });
  expect(await attempts()).toEqual([
    [1, failed],
    [2, running],
  ]);
});

test("a span of instances has the states of those that have rows, task by task", async () => {
  const spans = await readSpanStates(database.db, 1, [2, 3], { from: 1, to: 3 });
  expect([...spans]).toEqual([[2, { mapIxs: [2, 3], states: [running, failed] }]]);
});
