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
  await database.db.pool.query("TRUNCATE task_instance, task_instance_attempt, event");
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
const waitUntil = Date.UTC(2026, 0, 1);
const failed = aFinish({ state: TaskState.up_for_retry, waitUntil, failure: boom });

test("a retry moves the failed attempt to the archive and runs as the next one", async () => {
  await write({ started: [aStart()] });
  await write({ finished: [failed] });
  expect(await theRow()).toMatchObject({
    state: TaskState.up_for_retry,
    wait_until: new Date(waitUntil),
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
    wait_until: null,
    failure: null,
  });
});

test("a wait that is over keeps the failure and the end of the attempt", async () => {
  await write({ started: [aStart()] });
  await write({ finished: [failed] });
  const before = await theRow();

  await write({ finished: [aFinish({ state: TaskState.scheduled })] });

  expect(await theRow()).toEqual({ ...before, state: TaskState.scheduled, wait_until: null });
});

test("a lost attempt that reports after all is accepted while nobody else was granted", async () => {
  await write({ started: [aStart()] });
  await write({
    finished: [aFinish({ state: TaskState.scheduled, uncounted: 1, losses: 1, failure: boom })],
  });

  const answer = await write({
    finished: [aFinish({ uncounted: 1, losses: 1, out: Buffer.from("1") })],
  });

  expect(answer).toMatchObject({ missed: null });
  expect(await theRow()).toMatchObject({
    state: TaskState.success,
    failure: null,
    out: Buffer.from("1"),
  });
});

test("a lost attempt that reports after the next was granted changes nothing", async () => {
  await write({ started: [aStart()] });
  await write({ finished: [aFinish({ state: TaskState.scheduled, uncounted: 1, losses: 1 })] });
  await write({ started: [aStart({ attempt: 2, uncounted: 1, losses: 1 })] });

  const answer = await write({ finished: [aFinish()] });

  expect(answer).toMatchObject({ missed: { finished: [{ attempt: 1 }] } });
  expect(await theRow()).toMatchObject({
    state: TaskState.running,
    attempt: 2,
    uncounted: 1,
    losses: 1,
  });
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

test.each([TaskState.success, TaskState.up_for_retry, TaskState.up_for_reschedule])(
  "a worker that was lost twice over may still report %i while nobody else has the task",
  async (state) => {
    await write({ started: [aStart()] });
    const lost = { uncounted: 1, losses: 2, waitUntil: 0 };
    await database.db.pool.query("UPDATE task_instance SET attempt = 2, uncounted = 1, losses = 1");
    await write({
      finished: [aFinish({ ...lost, attempt: 2, uncounted: 2, state: TaskState.up_for_retry })],
    });

    const waitUntil = state === TaskState.success ? null : 1;
    const answer = await write({ finished: [aFinish({ ...lost, attempt: 2, state, waitUntil })] });

    expect(answer).toMatchObject({ missed: null });
  },
);
