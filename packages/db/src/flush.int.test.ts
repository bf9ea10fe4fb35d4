import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { RunState, TaskState } from "@millrace/engine";

import { flush, shardLockClass } from "./flush.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import {
  aBatch,
  aFinish,
  aRunUpdate,
  aSettle,
  aStart,
  insertRuns,
  rowsIn as rowsOfTable,
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

const lane = () => database.db.lanes[0]!;
const write = (rows: Parameters<typeof aBatch>[0]) => flush(lane(), aBatch(rows));

const rowsIn = (table: string) => rowsOfTable(database.db, table);

describe("a started row", () => {
  test("is born running, bound to its session, timed by the database", async () => {
    const readyAt = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

    const answer = await write({ started: [aStart({ readyAt })] });

    expect(answer).toMatchObject({ kind: "written", missed: null });
    const [row] = await rowsIn("task_instance");
    expect(row).toMatchObject({
      state: TaskState.running,
      attempt: 1,
      session_key: 7,
      ended_at: null,
    });
    expect(row!.ready_at).toEqual(new Date(readyAt));
    expect(
      answer.kind === "written" && Math.abs((row!.started_at as Date).getTime() - answer.at),
    ).toBeLessThan(1);
  });

  test("changes nothing the second time, and the answer names it", async () => {
    const started = [aStart(), aStart({ ix: 1 })];
    await write({ started: [started[0]!] });

    const answer = await write({ started: started.map((row) => ({ ...row, sessionKey: 8 })) });

    expect(answer).toMatchObject({
      missed: { started: [{ ix: 0, sessionKey: 8 }], finished: [], settled: [] },
    });
    expect((await rowsIn("task_instance")).map((row) => row.session_key)).toEqual([7, 8]);
  });
});

describe("a finished row", () => {
  test("keeps its output, and is changed once only", async () => {
    await write({ started: [aStart()] });

    const first = await write({ finished: [aFinish({ out: Buffer.from('{"a":"é"}') })] });
    const second = await write({ finished: [aFinish({ out: Buffer.from("2") })] });

    expect(first).toMatchObject({ missed: null });
    expect(second).toMatchObject({ missed: { finished: [{ ix: 0 }] } });
    const [row] = await rowsIn("task_instance");
    expect(row).toMatchObject({ state: TaskState.success, out: Buffer.from('{"a":"é"}') });
    expect(row!.ended_at).not.toBeNull();
  });

  test("of another attempt changes nothing", async () => {
    await write({ started: [aStart()] });

    const answer = await write({ finished: [aFinish({ attempt: 2 })] });

    expect(answer).toMatchObject({ missed: { finished: [{ attempt: 2 }] } });
    expect(await rowsIn("task_instance")).toMatchObject([{ state: TaskState.running, attempt: 1 }]);
  });

  test("brings its xcoms, unless it took no effect", async () => {
    await write({ started: [aStart(), aStart({ ix: 1 })] });
    const finished = [aFinish({ ix: 1 }), aFinish({ attempt: 9 })];

    await write({
      finished,
      xcoms: [
        { finished: 0, key: "rows", value: Buffer.from("12") },
        { finished: 1, key: "rows", value: Buffer.from("99") },
      ],
    });

    expect(await rowsIn("xcom")).toEqual([
      { run_id: 1, ix: 1, map_ix: -1, key: "rows", value: Buffer.from("12") },
    ]);
  });
});

test("a row settled without a start has an end and no attempt", async () => {
  await write({ settled: [aSettle({ ix: 2, state: TaskState.upstream_failed })] });

  const [row] = await rowsIn("task_instance");
  expect(row).toMatchObject({ state: TaskState.upstream_failed, attempt: 0, started_at: null });
  expect(row!.ended_at).not.toBeNull();
});

test("a run has one event for each flush, each with its own changes", async () => {
  await write({
    events: [
      { runId: 1, seq: 1, runState: RunState.running, changes: [0, -1, 4, 1, 1, -1, 8, 0] },
      { runId: 3, seq: 4, runState: RunState.running, changes: [] },
      { runId: 2, seq: 9, runState: RunState.failed, changes: [5, 70_000, 6, 3] },
    ],
  });

  expect((await rowsIn("event")).map(({ at: _at, ...event }) => event)).toEqual([
    { run_id: 1, seq: 1, run_state: 2, changes: [0, -1, 4, 1, 1, -1, 8, 0] },
    { run_id: 2, seq: 9, run_state: 4, changes: [5, 70_000, 6, 3] },
    { run_id: 3, seq: 4, run_state: 2, changes: [] },
  ]);
});

test("what a body leaves with its success stands in the row, whatever characters it has", async () => {
  await write({ started: [aStart(), aStart({ ix: 1 }), aStart({ ix: 2 })] });

  const answer = await write({
    finished: [
      aFinish({ choice: [] }),
      aFinish({ ix: 1, choice: ['a "b" \\ {c}, NULL', "é\0"], lengths: [3, -1] }),
      aFinish({ ix: 2, mapIndexLabel: `\0${"ü".repeat(300)}` }),
    ],
  });

  expect(answer).toMatchObject({ missed: null });
  expect(await rowsIn("task_instance")).toMatchObject([
    { lengths: null, choice: [], map_index_label: null },
    { lengths: [3, -1], choice: ['a "b" \\ {c}, NULL', "é"], map_index_label: null },
    { lengths: null, choice: null, map_index_label: "ü".repeat(250) },
  ]);
});

test("an expansion is kept, and renewed when the number of instances changes", async () => {
  await write({ expansions: [{ runId: 1, ix: 2, length: 3 }] });
  const again = await write({
    expansions: [
      { runId: 1, ix: 2, length: -1 },
      { runId: 1, ix: 1, length: 100_000 },
    ],
  });

  expect(again).toMatchObject({ missed: null });
  expect(await rowsIn("expansion")).toEqual([
    { run_id: 1, ix: 1, length: 100_000 },
    { run_id: 1, ix: 2, length: -1 },
  ]);
});

describe("the fence", () => {
  test("lets nothing through once somebody else owns one of the shards", async () => {
    await database.db.pool.query("UPDATE shard SET epoch = 1 WHERE id = 5");
    const shards = [
      { shard: 5, epoch: 0 },
      { shard: testShard, epoch: 0 },
    ];

    const answer = await write({
      shards,
      started: [aStart()],
      settled: [aSettle({ ix: 1 })],
      events: [{ runId: 1, seq: 1, runState: RunState.running, changes: [] }],
      runs: [aRunUpdate({ id: 3, state: RunState.success, revision: 9 })],
    });

    expect(answer).toEqual({ kind: "fenced" });
    expect(await rowsIn("task_instance")).toEqual([]);
    expect(await rowsIn("event")).toEqual([]);
    expect(await rowsIn("run")).toMatchObject([{}, {}, { state: RunState.running }]);
  });

  test("makes a flush wait for a take-over under way, and see its epoch", async () => {
    const owner = await database.db.pool.connect();
    await owner.query("BEGIN");
    await owner.query("SELECT pg_advisory_xact_lock($1, 9)", [shardLockClass]);
    const waiting = write({ shards: [{ shard: 9, epoch: 0 }], started: [aStart({ ix: 4 })] });
    await expect.poll(waitingForLocks).toBe(1);
    await owner.query("UPDATE shard SET epoch = 1 WHERE id = 9");
    await owner.query("COMMIT");
    owner.release();

    expect(await waiting).toEqual({ kind: "fenced" });
  });

  async function waitingForLocks(): Promise<number> {
    const { rows } = await database.db.pool.query<{ waiting: number }>(
      // Other databases of the server have waits of their own.
      `SELECT count(*)::int AS waiting FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
       WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()`,
    );
    return rows[0]!.waiting;
  }
});

test("a batch that breaks a rule of the tables writes nothing, and the lane goes on", async () => {
  const broken = write({
    started: [aStart(), aStart({ ix: 1 })],
    finished: [],
    settled: [aSettle({ ix: 2, state: TaskState.success, failure: Buffer.from("no") })],
  });

  await expect(broken).rejects.toThrow(/violates check constraint/);
  expect(await rowsIn("task_instance")).toEqual([]);
  expect(await write({ started: [aStart()] })).toMatchObject({ missed: null });
});

test("a broken connection is an unknown outcome, and the next flush connects again", async () => {
  await write({ started: [aStart()] });
  await database.db.pool.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'millrace lane 0' AND datname = current_database()",
  );

  const answers = await Promise.allSettled([write({ started: [aStart({ ix: 1 })] })]);

  // The lane may have noticed before it sent, or while it waited.
  if (answers[0].status === "rejected") {
    expect(answers[0].reason).toMatchObject({
      reason: "UNAVAILABLE",
      metadata: { outcome: "unknown" },
    });
  }
  expect(await write({ started: [aStart({ ix: 2 })] })).toMatchObject({ missed: null });
});
