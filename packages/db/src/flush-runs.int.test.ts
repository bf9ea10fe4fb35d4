import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { RunState } from "@millrace/engine";

import { flush } from "./flush.ts";
import type { RunUpdate } from "./flush-batch.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import {
  aBatch,
  aFinish,
  aRunUpdate,
  aSettle,
  aStart,
  insertRuns,
  rowsIn,
  someCounts,
} from "./testing-rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1]);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.db.pool.query("TRUNCATE task_instance, event");
  await database.db.pool.query(
    `UPDATE run SET state = 2, revision = 0, started_at = '2026-01-01', queued_at = '2026-01-01', ended_at = NULL,
       cancel_requested_at = NULL, failure = NULL, reopen_count = 0`,
  );
});

const send = (rows: Parameters<typeof aBatch>[0]) => flush(database.db.lanes[0]!, aBatch(rows));
/** With the event of the same number, as a run's own changes come. */
const write = (update: Partial<RunUpdate>) => {
  const run = aRunUpdate(update);
  return send({
    runs: [run],
    events: [{ runId: 1, seq: run.revision, runState: run.state, changes: [] }],
  });
};

async function theRun(): Promise<Record<string, unknown>> {
  const { rows } = await database.db.pool.query<Record<string, unknown>>(
    `SELECT state, revision, counts, started_at, queued_at, ended_at, cancel_requested_at, failure, reopen_count FROM run`,
  );
  return rows[0]!;
}

const failure = Buffer.from([1, 2]);
const { running, queued, success, failed } = RunState;

test("a run takes newer revisions only", async () => {
  await write({ revision: 5, counts: someCounts({ 4: 2 }) });
  const late = await write({ state: queued, revision: 4 });

  expect(late).toMatchObject({ missed: { runs: [{ revision: 4 }] } });
  expect(await theRun()).toMatchObject({
    state: running,
    revision: 5,
    counts: [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  });
});

test("a run ends with its failure, and then goes on only when it is opened again", async () => {
  await write({ state: failed, revision: 1, failure, isCancelRequested: true });
  const before = await theRun();
  const again = await write({ state: running, revision: 2 });

  expect(again).toMatchObject({ missed: { runs: [{ revision: 2 }] } });
  expect(before.ended_at).toEqual(before.cancel_requested_at);
  expect(await theRun()).toEqual(before);
});

test("a run that is opened again is queued now and has neither begun, ended, failed nor been cancelled", async () => {
  await write({ state: failed, revision: 1, failure, isCancelRequested: true });
  const ended = await theRun();

  await write({ state: queued, revision: 2, isReopened: true });

  const reopened = await theRun();
  expect(reopened).toMatchObject({
    state: queued,
    started_at: null,
    ended_at: null,
    cancel_requested_at: null,
    failure: null,
    reopen_count: 1,
  });
  expect(reopened.queued_at).not.toEqual(ended.queued_at);
  await write({ state: running, revision: 3 });
  expect((await theRun()).started_at).not.toEqual(ended.started_at);
});

test("a run may be opened, begun and ended again in one flush", async () => {
  await write({ state: success, revision: 1 });

  await write({ state: failed, revision: 2, isReopened: true, failure, isCancelRequested: true });

  const run = await theRun();
  expect(run).toMatchObject({ state: failed, started_at: null, failure, reopen_count: 1 });
  expect(run.ended_at).toEqual(run.queued_at);
  expect(run.cancel_requested_at).toEqual(run.queued_at);
  await write({ state: running, revision: 3, isReopened: true });
  expect(await theRun()).toMatchObject({ state: running, ended_at: null, reopen_count: 2 });
});

test("a run that runs is not queued again", async () => {
  const answer = await write({ state: queued });

  expect(answer).toMatchObject({ missed: { runs: [{ state: queued }] } });
  expect(await theRun()).toMatchObject({ state: running, revision: 0 });
});

test("only a final run is opened again", async () => {
  const answer = await write({ state: queued, isReopened: true });

  expect(answer).toMatchObject({ missed: { runs: [{ isReopened: true }] } });
  expect(await theRun()).toMatchObject({ state: running, reopen_count: 0 });
});

test("a person who corrects the result of a final run does not change when it ended", async () => {
  await write({ state: failed, revision: 1, failure });
  const before = await theRun();

  await write({ state: success, revision: 2 });

  expect(await theRun()).toEqual({
    ...before,
    state: success,
    failure: null,
    revision: 2,
    counts: someCounts(),
  });
});

test("a run changes only with its event, and a summary needs none", async () => {
  await send({ events: [{ runId: 1, seq: 7, runState: running, changes: [] }] });

  const late = await write({ state: success, revision: 7 });
  expect(late).toMatchObject({ missed: { runs: [{ state: success }], events: [{ seq: 7 }] } });
  expect(await theRun()).toMatchObject({ state: running, revision: 0 });

  const summary = await send({ runs: [aRunUpdate({ revision: 7, counts: someCounts({ 6: 1 }) })] });
  expect(summary).toMatchObject({ missed: null });
  expect(await theRun()).toMatchObject({ revision: 7, counts: someCounts({ 6: 1 }) });
});

test("rows of a run without an event of it are refused before anything is sent", async () => {
  const batch = { ...aBatch({ started: [aStart()] }), events: [] };

  await expect(flush(database.db.lanes[0]!, batch)).rejects.toThrow("run 1 and no event");
});

test("where one run's event was written before, the other runs of the flush are written", async () => {
  await insertMoreRuns();
  await send({ events: [{ runId: 1, seq: 7, runState: running, changes: [] }] });

  const answer = await send({
    events: [1, 2].map((runId) => ({ runId, seq: 7, runState: running, changes: [] })),
    finished: [aFinish(), aFinish({ runId: 2, ix: 1 })],
    xcoms: [
      { finished: 0, key: "late", value: Buffer.from("1") },
      { finished: 1, key: "right", value: Buffer.from("2") },
    ],
    started: [aStart({ ix: 2 }), aStart({ runId: 2, ix: 2 })],
    settled: [aSettle({ ix: 3 }), aSettle({ runId: 2, ix: 3 })],
    expansions: [1, 2].map((runId) => ({ runId, ix: 4, length: 5 })),
    runs: [aRunUpdate({ revision: 7 }), aRunUpdate({ id: 2, revision: 7 })],
  });

  expect(answer).toMatchObject({
    missed: {
      events: [{ runId: 1, seq: 7 }],
      finished: [{ runId: 1 }],
      started: [{ runId: 1 }],
      settled: [{ runId: 1 }],
      runs: [{ id: 1 }],
    },
  });
  const ofRun = async (table: string) =>
    (await rowsIn(database.db, table)).map((row) => row.run_id);
  expect(await ofRun("task_instance")).toEqual([2, 2, 2]);
  expect(await ofRun("expansion")).toEqual([2]);
  expect(await rowsIn(database.db, "xcom")).toMatchObject([{ run_id: 2, ix: 1, key: "right" }]);
});

/** Run 2, of which task 1 runs. */
async function insertMoreRuns(): Promise<void> {
  await database.db.pool.query(
    `INSERT INTO run (id, dag_id, dag_version_id, shard, state, run_type, run_name, run_after, params, triggered_by, started_at)
     SELECT 2, dag_id, dag_version_id, shard, 2, run_type, 'another', run_after, params, triggered_by, now() FROM run`,
  );
  await send({ started: [aStart({ runId: 2, ix: 1 })] });
}
