import { beforeEach, expect, test } from "vitest";

import { TaskState } from "@millrace/engine";

import { flush } from "./flush.ts";
import { listSupply } from "./owner-reads.ts";
import { listRunsByDate } from "./runs-read.ts";
import { deleteDag } from "./runs-write.ts";
import { listLiveSessions } from "./sessions.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import {
  aBatch,
  aCallback,
  aFinish,
  anInput,
  aStart,
  insertRuns,
  rowsIn,
  testShard,
} from "./testing-rows.ts";

let database: TestDatabase;
beforeEach(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1, 2, 3, 4]);
  return () => database[Symbol.asyncDispose]();
});

const write = (rows: Parameters<typeof aBatch>[0]) => flush(database.db.lanes[0]!, aBatch(rows));
const query = (sql: string) => database.db.pool.query(sql);

test("runs of a DAG are found by logical date, both ends included, page by page", async () => {
  await query(
    "UPDATE run SET logical_at = timestamptz '2026-01-01Z' + id * interval '1 day' WHERE id < 4",
  );
  const day = (n: number) => new Date(Date.UTC(2026, 0, 1 + n));
  const ids = async (
    range: { from?: Date; to?: Date },
    page: { after?: Date; limit?: number } = {},
  ) => {
    const bounds = { from: null, to: null, ...range };
    const rows = await listRunsByDate(database.db, "etl", bounds, {
      after: null,
      limit: 9,
      ...page,
    });
    return rows.map((row) => row.id);
  };

  expect(await ids({})).toEqual([1, 2, 3]);
  expect(await ids({ from: day(2) })).toEqual([2, 3]);
  expect(await ids({ to: day(2) })).toEqual([1, 2]);
  expect(await ids({ from: day(1) }, { after: day(1), limit: 1 })).toEqual([2]);
  expect(
    await listRunsByDate(database.db, "other", { from: null, to: null }, { after: null, limit: 9 }),
  ).toEqual([]);
});

test("a deleted DAG takes everything of its runs with it, however many instances they have", async () => {
  await write({
    started: [1, 2].map((runId) => aStart({ runId, ix: 1, mapIx: 0 })),
    expansions: [1, 2].map((runId) => ({ runId, ix: 1, length: 1 })),
  });
  await write({
    finished: [aFinish({ ix: 1, mapIx: 0, state: TaskState.up_for_retry, waitUntil: 0 })],
    xcoms: [{ finished: 0, key: "k", value: Buffer.from("1") }],
  });
  await write({ started: [aStart({ ix: 1, mapIx: 0, attempt: 2 })] });
  const asks = { ix: 1, mapIx: 0, attempt: 2, state: TaskState.awaiting_input };
  await write({
    finished: [aFinish({ ...asks, deferral: Buffer.from("d") })],
    inputs: [anInput({ form: Buffer.from("f") })],
    callbacks: [aCallback()],
  });
  // More than one statement deletes at a time, each by itself.
  await query("UPDATE run SET state = 3, ended_at = now(), counts = '{0,0,0,0,0,15000}'");

  const request = { method: "m", principal: "p", requestId: "r", bodyHash: Buffer.from("b") };
  const isDeleted = await deleteDag(database.db, { shard: testShard, epoch: 0 }, "etl", {
    ...request,
    answer: Buffer.from("a"),
  });

  expect(isDeleted).toBe(true);

  for (const table of [
    "run",
    "task_instance",
    "task_instance_attempt",
    "expansion",
    "event",
    "xcom",
    "input_request",
    "callback_delivery",
    "dag_version",
  ])
    expect([table, await rowsIn(database.db, table)]).toEqual([table, []]);
});

test("a session is as busy as it has bodies, those that are being stopped included", async () => {
  await query(
    `INSERT INTO worker_session (session_id, token_hash, request_id, worker_name, sdk, queues, handlers, runs_bundles, slots,
       node_id, expires_at) VALUES ('s', '', 'r', 'w', '', '{}', '{}', true, 4, 'n', now() + interval '1 hour')`,
  );
  const { rows } = await database.db.pool.query<{ key: number }>("SELECT key FROM worker_session");
  const sessionKey = rows[0]!.key;
  await write({ started: [0, 1, 2].map((mapIx) => aStart({ mapIx, sessionKey })) });
  await write({
    finished: [aFinish({ mapIx: 0 }), aFinish({ mapIx: 1, state: TaskState.restarting })],
  });

  expect(await listSupply(database.db, 9)).toMatchObject([{ key: sessionKey, running: 2 }]);
  expect(await listLiveSessions(database.db, { after: null, limit: 9 })).toMatchObject([
    { running: 2 },
  ]);
});
