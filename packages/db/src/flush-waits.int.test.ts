/** Tasks between two attempts, as a flush writes them: semantics 4.3 and 9.2. */

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { TaskState } from "@millrace/engine";

import { flush } from "./flush.ts";
import { listAttempts } from "./task-instances-read.ts";
import { listTaskInstances } from "./task-rows.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import { aBatch, aClear, aFinish, aStart, insertRuns, rowsIn } from "./testing-rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1]);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.db.pool.query("TRUNCATE task_instance, task_instance_attempt, event, xcom");
});

const write = (rows: Parameters<typeof aBatch>[0]) => flush(database.db.lanes[0]!, aBatch(rows));
const theRow = async () => (await rowsIn(database.db, "task_instance"))[0]!;
const looks = async () => (await listTaskInstances(database.db, [1]))[0]!.looks;

const until = Date.UTC(2026, 0, 1);
/** Attempt `attempt` of a sensor looks in vain and waits to look again. */
async function look(attempt: number): Promise<void> {
  await write({ started: [aStart({ attempt, uncounted: attempt - 1 })] });
  const state = TaskState.up_for_reschedule;
  await write({ finished: [aFinish({ attempt, uncounted: attempt, state, waitUntil: until })] });
}

test("a sensor that looks again goes on with its try: same begin, no history, no retry spent", async () => {
  await look(1);
  const waiting = await theRow();
  expect(waiting).toMatchObject({
    state: TaskState.up_for_reschedule,
    uncounted: 1,
    wait_until: new Date(until),
  });
  expect(waiting.ended_at).not.toBeNull();

  await write({ started: [aStart({ attempt: 2, uncounted: 1, sessionKey: 9 })] });

  expect(await theRow()).toMatchObject({
    state: TaskState.running,
    attempt: 2,
    uncounted: 1,
    session_key: 9,
    started_at: waiting.started_at,
    ended_at: null,
    wait_until: null,
  });
  expect(await rowsIn(database.db, "task_instance_attempt")).toEqual([]);
});

test("the try of a sensor is archived as one when it is retried, and the next begins now", async () => {
  await look(1);
  await look(2);
  const { started_at } = await theRow();
  await write({ started: [aStart({ attempt: 3, uncounted: 2 })] });
  expect(await looks()).toBe(2);
  const failed = { attempt: 3, uncounted: 2, state: TaskState.up_for_retry, waitUntil: until };
  await write({ finished: [aFinish(failed)] });

  await write({ started: [aStart({ attempt: 4, uncounted: 2 })] });

  expect(await rowsIn(database.db, "task_instance_attempt")).toMatchObject([
    { attempt: 3, state: TaskState.up_for_retry, started_at },
  ]);
  expect((await theRow()).started_at).not.toEqual(started_at);
  expect(await looks()).toBe(0);
});

test("looks in vain are counted within the try", async () => {
  await look(1);
  expect(await looks()).toBe(1);
  await look(2);
  expect(await looks()).toBe(2);
  await write({ finished: [aClear({ attempt: 2 })] });
  expect(await looks()).toBe(0);
  await look(3);
  expect(await looks()).toBe(1);
  const key = { runKey: 1, ix: 0, mapIx: -1 };
  expect((await listAttempts(database.db, key)).map((row) => [row.attempt, row.state])).toEqual([
    [2, TaskState.up_for_reschedule],
    [3, TaskState.up_for_reschedule],
  ]);
});

test("attempts are counted beyond 16 bits", async () => {
  await look(1);
  await database.db.pool.query("UPDATE task_instance SET attempt = 99999, uncounted = 99999");

  await look(100_000);

  expect(await theRow()).toMatchObject({ attempt: 100_000, uncounted: 100_000 });
});

test("a new attempt begins without the values of those before it, after a look in vain too", async () => {
  const value = Buffer.from("1");
  const leave = (rows: Parameters<typeof aFinish>[0]) =>
    write({ finished: [aFinish(rows)], xcoms: [{ finished: 0, key: "seen", value }] });
  await write({ started: [aStart(), aStart({ ix: 1 }), aStart({ ix: 2 })] });
  await leave({ state: TaskState.up_for_reschedule, waitUntil: until, uncounted: 1 });
  await leave({ ix: 1 });
  await leave({ ix: 2 });
  await write({ finished: [aClear({ ix: 1 })] });
  expect(await rowsIn(database.db, "xcom")).toHaveLength(3);

  await write({
    started: [aStart({ attempt: 2, uncounted: 1 }), aStart({ ix: 1, attempt: 2, uncounted: 1 })],
  });

  expect(await rowsIn(database.db, "xcom")).toMatchObject([{ ix: 2 }]);
});

test("a grant that takes no effect leaves the values of the attempt that stands", async () => {
  await write({ started: [aStart()] });
  await write({
    finished: [aFinish()],
    xcoms: [{ finished: 0, key: "seen", value: Buffer.from("1") }],
  });

  const answer = await write({ started: [aStart({ attempt: 2 })] });

  expect(answer).toMatchObject({ missed: { started: [{ attempt: 2 }] } });
  expect(await rowsIn(database.db, "xcom")).toHaveLength(1);
});
