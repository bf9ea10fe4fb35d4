import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { TaskState } from "@millrace/engine";

import { flush } from "./flush.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import { aBatch, aFinish, aStart, insertRuns } from "./testing-rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1]);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.db.pool.query("TRUNCATE task_instance, task_instance_attempt");
});

const write = (rows: Parameters<typeof aBatch>[0]) => flush(database.db.lanes[0]!, aBatch(rows));

async function theRow(): Promise<Record<string, unknown>> {
  const { rows } = await database.db.pool.query<Record<string, unknown>>(
    "SELECT * FROM task_instance",
  );
  return rows[0]!;
}

async function archive(): Promise<Record<string, unknown>[]> {
  const { rows } = await database.db.pool.query<Record<string, unknown>>(
    "SELECT attempt, state, session_key, failure FROM task_instance_attempt ORDER BY attempt",
  );
  return rows;
}

const boom = Buffer.from("boom");
const retryAt = Date.UTC(2026, 0, 1);
const failed = aFinish({ state: TaskState.up_for_retry, retryAt, failure: boom });

test("a retry moves the failed attempt to the archive and runs as the next one", async () => {
  await write({ started: [aStart()] });
  await write({ finished: [failed] });
  expect(await theRow()).toMatchObject({
    state: TaskState.up_for_retry,
    retry_at: new Date(retryAt),
    failure: boom,
  });

  await write({ started: [aStart({ attempt: 2, sessionKey: 8 })] });

  expect(await archive()).toEqual([
    { attempt: 1, state: TaskState.up_for_retry, session_key: 7, failure: boom },
  ]);
  expect(await theRow()).toMatchObject({
    state: TaskState.running,
    attempt: 2,
    session_key: 8,
    ended_at: null,
    retry_at: null,
    failure: null,
  });
});

test("a wait that is over keeps the failure and the end of the attempt", async () => {
  await write({ started: [aStart()] });
  await write({ finished: [failed] });
  const before = await theRow();

  await write({ finished: [aFinish({ state: TaskState.scheduled })] });

  expect(await theRow()).toEqual({ ...before, state: TaskState.scheduled, retry_at: null });
});

test("a lost attempt that reports after all is accepted while nobody else was granted", async () => {
  await write({ started: [aStart()] });
  await write({ finished: [aFinish({ state: TaskState.scheduled, lost: 1, failure: boom })] });

  const answer = await write({ finished: [aFinish({ lost: 1, out: Buffer.from("1") })] });

  expect(answer).toMatchObject({ missed: null });
  expect(await theRow()).toMatchObject({
    state: TaskState.success,
    failure: null,
    out: Buffer.from("1"),
  });
});

test("a lost attempt that reports after the next was granted changes nothing", async () => {
  await write({ started: [aStart()] });
  await write({ finished: [aFinish({ state: TaskState.scheduled, lost: 1 })] });
  await write({ started: [aStart({ attempt: 2, lost: 1 })] });

  const answer = await write({ finished: [aFinish()] });

  expect(answer).toMatchObject({ missed: { finished: [{ attempt: 1 }] } });
  expect(await theRow()).toMatchObject({ state: TaskState.running, attempt: 2, lost: 1 });
});

test("an attempt is not granted while the one before it runs, or after the task is final", async () => {
  await write({ started: [aStart()] });
  const tooEarly = await write({ started: [aStart({ attempt: 2 })] });
  await write({ finished: [aFinish()] });
  const tooLate = await write({ started: [aStart({ attempt: 2 })] });

  expect(tooEarly).toMatchObject({ missed: { started: [{ attempt: 2 }] } });
  expect(tooLate).toMatchObject({ missed: { started: [{ attempt: 2 }] } });
  expect(await archive()).toEqual([]);
});

test("a reported failure cannot turn into a success", async () => {
  await write({ started: [aStart()] });
  await write({ finished: [failed] });

  const answer = await write({ finished: [aFinish()] });

  expect(answer).toMatchObject({ missed: { finished: [{ state: TaskState.success }] } });
});

test("an attempt and its successor in one flush are refused as a whole", async () => {
  await write({ started: [aStart()] });

  const both = write({ finished: [failed], started: [aStart({ attempt: 2 })] });

  await expect(both).rejects.toThrow(/cannot affect row a second time/);
  expect(await theRow()).toMatchObject({ state: TaskState.running, attempt: 1 });
});
