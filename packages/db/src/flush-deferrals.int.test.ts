/** Deferrals, their forms and what comes of them, as a flush writes them: semantics 9.3, 9.6; XComs of 8.1. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { TaskState } from "@millrace/engine";

import { flush } from "./flush.ts";
import { listTaskInstances } from "./task-rows.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import {
  aBatch,
  aCallback,
  aClear,
  aFinish,
  anInput,
  aStart,
  insertRuns,
  rowsIn,
  testShard,
} from "./testing-rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1]);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.db.pool.query(
    "TRUNCATE task_instance, task_instance_attempt, event, xcom, input_request, callback_delivery",
  );
});

const write = (rows: Parameters<typeof aBatch>[0]) => flush(database.db.lanes[0]!, aBatch(rows));
const theRow = async () => (await rowsIn(database.db, "task_instance"))[0]!;
const archive = () => rowsIn(database.db, "task_instance_attempt");

const { scheduled, running, success, failed, up_for_retry, deferred, awaiting_input } = TaskState;
const waiting = Buffer.from("waiting");
const over = Buffer.from("over");
const boom = Buffer.from("boom");
const xcoms = [{ finished: 0, key: "k", value: Buffer.from("1") }];

/** Attempt 1 defers, what it waited for comes, and attempt 2 goes on with it. */
async function goOn(state: typeof deferred | typeof awaiting_input = deferred): Promise<void> {
  await write({ started: [aStart()] });
  await write({ finished: [aFinish({ state, deferral: waiting })], xcoms });
  await write({ finished: [aFinish({ state: scheduled, uncounted: 1, deferral: over })] });
  await write({ started: [aStart({ attempt: 2, uncounted: 1, sessionKey: 8, waited: state })] });
}

const second = { attempt: 2, uncounted: 1 };

describe.each([deferred, awaiting_input])("a deferral (%i)", (state) => {
  test("ends the attempt's work, and keeps what it waits for", async () => {
    await write({ started: [aStart()] });

    const answer = await write({ finished: [aFinish({ state, deferral: waiting })], xcoms });

    expect(answer).toMatchObject({ missed: null });
    const row = await theRow();
    expect(row).toMatchObject({ state, deferral: waiting, session_key: 7, wait_until: null });
    expect(row.ended_at).not.toBeNull();
    expect(await rowsIn(database.db, "xcom")).toMatchObject([{ key: "k" }]);
  });

  test("goes on as the same try: same begin, with its values, and what came", async () => {
    await write({ started: [aStart()] });
    await write({ finished: [aFinish({ state, deferral: waiting })], xcoms });
    const before = await theRow();
    await write({ finished: [aFinish({ state: scheduled, uncounted: 1, deferral: over })] });
    const ready = await theRow();

    await write({ started: [aStart({ ...second, sessionKey: 8, waited: state })] });

    expect(ready).toMatchObject({
      state: scheduled,
      deferral: over,
      ended_at: before.ended_at,
    });
    expect(await theRow()).toMatchObject({
      state: running,
      attempt: 2,
      session_key: 8,
      started_at: before.started_at,
      ended_at: null,
      deferral: over,
    });
    expect(await rowsIn(database.db, "xcom")).toHaveLength(1);
    expect(await archive()).toMatchObject([
      { attempt: 1, state, session_key: 7, ended_at: before.ended_at },
    ]);
  });

  test("that is not gone on with becomes the task's outcome", async () => {
    await write({ started: [aStart()] });
    await write({ finished: [aFinish({ state, deferral: waiting })] });

    await write({ finished: [aFinish({ out: Buffer.from("1") })] });

    expect(await theRow()).toMatchObject({
      state: success,
      out: Buffer.from("1"),
      deferral: null,
    });
  });

  test("that is cleared leaves nothing but its attempt", async () => {
    await write({ started: [aStart()] });
    await write({ finished: [aFinish({ state, deferral: waiting })] });

    await write({ finished: [aClear()] });

    expect(await theRow()).toMatchObject({ state: TaskState.none, deferral: null });
    expect(await archive()).toMatchObject([{ attempt: 1, state }]);
  });

  test("whose wait is over and which is cleared then has an attempt that waited", async () => {
    await write({ started: [aStart()] });
    await write({ finished: [aFinish({ state, deferral: waiting })] });
    await write({ finished: [aFinish({ state: scheduled, uncounted: 1, deferral: over })] });

    await write({ finished: [aClear({ waited: state })] });

    expect(await archive()).toMatchObject([{ attempt: 1, state }]);
  });
});

test("what came survives the loss of the attempt that goes on with it, once and twice", async () => {
  await goOn();
  const { started_at } = await theRow();
  await write({ finished: [aFinish({ ...second, state: scheduled, uncounted: 2, losses: 1 })] });
  expect(await theRow()).toMatchObject({ state: scheduled, deferral: over });

  await write({ started: [aStart({ attempt: 3, uncounted: 2, losses: 1 })] });
  expect(await theRow()).toMatchObject({ state: running, deferral: over, started_at });
  expect(await archive()).toMatchObject([
    { attempt: 1, state: deferred },
    { attempt: 2, state: scheduled },
  ]);

  const lost = { attempt: 3, uncounted: 3, losses: 2, state: up_for_retry, waitUntil: 1 };
  await write({ finished: [aFinish({ ...lost, failure: boom })] });
  expect(await theRow()).toMatchObject({ state: up_for_retry, deferral: over });
  await write({ finished: [aFinish({ ...lost, state: scheduled, waitUntil: null })] });
  await write({ started: [aStart({ attempt: 4, uncounted: 3, losses: 2 })] });
  expect(await theRow()).toMatchObject({ state: running, deferral: over, started_at });
  expect(await rowsIn(database.db, "xcom")).toHaveLength(1);
});

test("a worker that was lost twice and failed after all leaves nothing to go on with", async () => {
  await goOn();
  const lost = { ...second, uncounted: 2, losses: 2, state: up_for_retry, waitUntil: 1 };
  await write({ finished: [aFinish(lost)] });

  await write({ finished: [aFinish({ ...lost, uncounted: 1, failure: boom })] });

  expect(await theRow()).toMatchObject({ state: up_for_retry, deferral: null });
});

test.each([
  ["succeeds", aFinish({ ...second })],
  ["fails", aFinish({ ...second, state: failed, failure: boom })],
  ["is to be tried again", aFinish({ ...second, state: up_for_retry, waitUntil: 1 })],
  ["looks in vain", aFinish({ ...second, state: TaskState.up_for_reschedule, waitUntil: 1 })],
  ["is stopped because it is cleared", aFinish({ ...second, state: TaskState.restarting })],
  ["is removed", aFinish({ ...second, state: TaskState.removed })],
])("when what went on %s, nothing is left to go on with", async (_, end) => {
  await goOn();

  const answer = await write({ finished: [end] });

  expect(answer).toMatchObject({ missed: null });
  expect(await theRow()).toMatchObject({ state: end.state, deferral: null });
});

test("what went on may defer again", async () => {
  await goOn();

  await write({ finished: [aFinish({ ...second, state: deferred, deferral: waiting })] });

  expect(await theRow()).toMatchObject({ state: deferred, attempt: 2, deferral: waiting });
});

test("a try that begins anew after a wait that failed has neither its begin nor its values", async () => {
  await write({ started: [aStart()] });
  await write({ finished: [aFinish({ state: deferred, deferral: waiting })], xcoms });
  const { started_at } = await theRow();
  await write({ finished: [aFinish({ state: up_for_retry, waitUntil: 1, failure: boom })] });

  await write({ started: [aStart({ attempt: 2 })] });

  expect((await theRow()).started_at).not.toEqual(started_at);
  expect(await rowsIn(database.db, "xcom")).toEqual([]);
  expect(await archive()).toMatchObject([{ attempt: 1, state: up_for_retry, failure: boom }]);
});

test("a wait without saying for what is refused", async () => {
  await write({ started: [aStart()] });

  await expect(write({ finished: [aFinish({ state: deferred })] })).rejects.toThrow(
    /task_instance_deferral/,
  );
});

test("the owner reads what is waited for", async () => {
  await write({ started: [aStart(), aStart({ ix: 1 })] });
  await write({ finished: [aFinish({ state: deferred, deferral: waiting })] });

  const rows = await listTaskInstances(database.db, [1]);

  expect(rows.map((row) => row.deferral)).toEqual([waiting, null]);
});

describe("an input request", () => {
  const form = Buffer.from("form");
  const asks = aFinish({ state: awaiting_input, deferral: waiting });
  const timeoutAt = Date.UTC(2027, 0, 1);
  const request = async () => (await rowsIn(database.db, "input_request"))[0];

  async function ask(): Promise<void> {
    await write({ started: [aStart()] });
    await write({ finished: [asks], inputs: [anInput({ form, timeoutAt })] });
  }

  test("is opened with the wait", async () => {
    await ask();

    expect(await request()).toMatchObject({
      attempt: 1,
      state: 1,
      form,
      timeout_at: new Date(timeoutAt),
      ended_at: null,
    });
  });

  test("is closed with it, once", async () => {
    await ask();
    const answer = { answeredBy: "user:admin", answer: Buffer.from("{}") };
    const ends = aFinish({ state: scheduled, uncounted: 1, deferral: over });
    await write({ finished: [ends], inputs: [anInput({ state: 2, ...answer })] });
    await write({ finished: [aClear()], inputs: [anInput({ state: 4 })] });

    const row = await request();
    expect(row).toMatchObject({ state: 2, answered_by: "user:admin", answer: answer.answer });
    expect(row!.ended_at).not.toBeNull();
  });

  test("of a row that takes no effect is neither opened nor closed", async () => {
    await write({ finished: [asks], inputs: [anInput({ form })] });
    expect(await request()).toBeUndefined();
    await ask();

    await write({ finished: [aFinish({ attempt: 2 })], inputs: [anInput({ state: 4 })] });

    expect(await request()).toMatchObject({ state: 1 });
  });
});

describe("a callback", () => {
  const deliveries = () => rowsIn(database.db, "callback_delivery");

  test("is written with what causes it", async () => {
    await write({ started: [aStart()] });

    await write({
      finished: [aFinish({ state: failed, failure: boom })],
      callbacks: [aCallback({ event: 2, cause: boom }), aCallback({ event: 2, ordinal: 1 })],
    });

    expect(await deliveries()).toMatchObject([
      { event: 2, ordinal: 0, state: 1, tries: 0, cause: boom, ended_at: null },
      { event: 2, ordinal: 1, state: 1, cause: null },
    ]);
  });

  test("of a run needs no task", async () => {
    await write({ callbacks: [aCallback({ ix: -1 })] });

    expect(await deliveries()).toMatchObject([{ ix: -1, map_ix: -1 }]);
  });

  test("that is there already is to run anew", async () => {
    await write({ callbacks: [aCallback({ cause: boom })] });
    await database.db.pool.query(
      "UPDATE callback_delivery SET state = 3, tries = 5, ended_at = now(), failure = 'x'",
    );

    await write({ callbacks: [aCallback()] });

    expect(await deliveries()).toMatchObject([
      { state: 1, tries: 0, cause: null, failure: null, ended_at: null },
    ]);
  });

  test("of a flush that is fenced is not written", async () => {
    const answer = await write({
      shards: [{ shard: testShard, epoch: 5 }],
      callbacks: [aCallback()],
    });

    expect(answer).toEqual({ kind: "fenced" });
    expect(await deliveries()).toEqual([]);
  });
});
