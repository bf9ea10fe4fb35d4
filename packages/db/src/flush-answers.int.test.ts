import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { RunState } from "@millrace/engine";

import { flush } from "./flush.ts";
import type { AnswerRow } from "./flush-batch.ts";
import { findAnswer } from "./requests.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import { aBatch, aStart, insertRuns, testShard } from "./testing-rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1]);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.db.pool.query("TRUNCATE task_instance, event, request");
});

const key = {
  method: "millrace.v1.TaskInstanceService/ClearTaskInstances",
  principal: "user:admin",
  requestId: "r",
  bodyHash: Buffer.from("b"),
};
const answer: AnswerRow = { ...key, runId: 1, answer: Buffer.from("cleared") };
const events = [{ runId: 1, seq: 70, runState: RunState.running, changes: [] }];
const write = (rows: Parameters<typeof aBatch>[0]) => flush(database.db.lanes[0]!, aBatch(rows));

test("a request's answer is stored with what it did, and the first one stays", async () => {
  await write({ started: [aStart()], answers: [answer] });
  await write({ started: [aStart({ ix: 1 })], answers: [{ ...answer, answer: Buffer.from("2") }] });

  expect(Buffer.from((await findAnswer(database.db, key))!)).toEqual(answer.answer);
});

test("a flush that is fenced, or comes behind another, stores no answer", async () => {
  const fenced = await write({
    shards: [{ shard: testShard, epoch: 5 }],
    started: [aStart()],
    answers: [answer],
  });
  await write({ events });
  const late = await write({ events, started: [aStart()], answers: [answer] });

  expect(fenced).toEqual({ kind: "fenced" });
  expect(late).toMatchObject({ missed: { events: [{ seq: 70 }], started: [{ ix: 0 }] } });
  expect(await findAnswer(database.db, key)).toBeNull();
});
