/** Deliveries of callbacks in their table: semantics 1.7, 12.1-12.2. */

import { RunState, TaskState } from "@millrace/engine";
import { expect, test } from "vitest";
import { deliveryPositionOf, listCallbackDeliveries } from "./callback-deliveries.ts";
import {
  listPendingDeliveries,
  readDeliveryFacts,
  writeDeliveryOutcomes,
  type DeliveryOutcome,
} from "./callback-owner.ts";
import type { CallbackRow } from "./flush-batch.ts";
import { flush } from "./flush.ts";
import { testDatabase } from "./testing.ts";
import { aBatch, insertRuns, testShard } from "./testing-rows.ts";

const at = Date.UTC(2026, 0, 1);

function aRow(row: Partial<CallbackRow> = {}): CallbackRow {
  return {
    ...{ runId: 1, ix: 0, mapIx: -1, attempt: 1, event: 2, ordinal: 0 },
    ...{ happenedAt: at, cause: null },
    ...row,
  };
}

function anOutcome(outcome: Partial<DeliveryOutcome> = {}): DeliveryOutcome {
  return {
    ...{ runId: 1, ix: 0, mapIx: -1, attempt: 1, event: 2, ordinal: 0, happenedAt: at },
    ...{ shard: testShard, epoch: 0, state: 2, tries: 1, nextTryAt: null, failure: null },
    ...outcome,
  };
}

async function aDatabaseWith(callbacks: CallbackRow[]) {
  const test = await testDatabase();
  await insertRuns(test.db, [1, 2]);
  await flush(test.db.lanes[0]!, aBatch({ callbacks }));
  return test;
}

test("deliveries of a run come newest first in pages, each once, of all or of one task", async () => {
  await using test = await aDatabaseWith([
    ...Array.from({ length: 5 }, (_, mapIx) => aRow({ ix: 1, mapIx })),
    aRow({ happenedAt: at + 1 }),
    aRow({ ix: -1, event: 2, happenedAt: at + 2 }),
    aRow({ runId: 2 }),
  ]);
  const seen: string[] = [];
  let after = null;
  for (;;) {
    const page = await listCallbackDeliveries(
      test.db,
      { runKey: 1, ix: null },
      { after, limit: 3 },
    );
    seen.push(...page.map(({ ix, map_ix }) => `${ix}/${map_ix}`));
    if (page.length < 3) break;
    after = deliveryPositionOf(page.at(-1)!);
  }
  expect(seen).toEqual(["-1/-1", "0/-1", "1/4", "1/3", "1/2", "1/1", "1/0"]);
  const ofRun = { runKey: 1, ix: -1 };
  expect(await listCallbackDeliveries(test.db, ofRun, { after: null, limit: 9 })).toMatchObject([
    { state: 1, tries: 0, happened_at: new Date(at + 2), next_try_at: null, failure: null },
  ]);
});

test("what is pending is found by shard and by run, and nothing else is", async () => {
  const rows = [aRow(), aRow({ ordinal: 1 }), aRow({ runId: 2, mapIx: 3 })];
  await using test = await aDatabaseWith(rows);
  await writeDeliveryOutcomes(test.db, [anOutcome()]);
  const shards = [testShard];
  const all = await listPendingDeliveries(test.db, { shards, limit: 10 });
  expect(all).toMatchObject([
    { runId: 1, ordinal: 1, dagId: "etl", shard: testShard, happenedAt: at, tries: 0 },
    { runId: 2, mapIx: 3 },
  ]);
  const query = { shards, limit: 10 };
  const ofOne = await listPendingDeliveries(test.db, { ...query, runIds: [2] });
  expect(ofOne).toEqual([all[1]]);
  expect(await listPendingDeliveries(test.db, { ...query, after: all[0]! })).toEqual([all[1]]);
  expect(await listPendingDeliveries(test.db, { ...query, shards: [0] })).toEqual([]);
});

test("what a worker is told is read of pending ones only", async () => {
  const cause = Buffer.from("why");
  await using test = await aDatabaseWith([aRow({ cause }), aRow({ ordinal: 1 })]);
  await writeDeliveryOutcomes(test.db, [anOutcome({ ordinal: 1 })]);
  const keys = [aRow(), aRow({ ordinal: 1 }), aRow({ ix: 7 })];
  expect(await readDeliveryFacts(test.db, keys)).toMatchObject([
    {
      runId: 1,
      ordinal: 0,
      cause,
      runState: RunState.running,
      runName: "manual 1",
      mapLength: null,
    },
  ]);
});

test("an outcome is written once, by the owner of the shard, and for what it is about", async () => {
  await using test = await aDatabaseWith([aRow()]);
  const { db } = test;
  const write = async (outcome: Partial<DeliveryOutcome>) =>
    (await writeDeliveryOutcomes(db, [anOutcome(outcome)]))[0];
  const failure = Buffer.from("no");
  const again = { state: 1, tries: 1, nextTryAt: at + 5, failure } as const;
  expect(await write({ epoch: 1 })).toBe(false);
  expect(await write({ happenedAt: at - 1 })).toBe(false);
  expect(await write({ runId: 9 })).toBe(false);
  expect(await write(again)).toBe(true);
  const page = { after: null, limit: 1 };
  expect(await listCallbackDeliveries(db, { runKey: 1, ix: 0 }, page)).toMatchObject([
    { state: 1, tries: 1, next_try_at: new Date(at + 5), ended_at: null, failure },
  ]);
  expect(await write({ tries: 2 })).toBe(true);
  expect(await write({ tries: 3, state: 3, failure })).toBe(false);
  expect(await listCallbackDeliveries(db, { runKey: 1, ix: 0 }, page)).toMatchObject([
    { state: 2, tries: 2, next_try_at: null, ended_at: expect.any(Date), failure: null },
  ]);
});

test("what happens again is delivered again", async () => {
  await using test = await aDatabaseWith([aRow({ attempt: 0 })]);
  await writeDeliveryOutcomes(test.db, [anOutcome({ attempt: 0 })]);
  await flush(
    test.db.lanes[0]!,
    aBatch({
      callbacks: [aRow({ attempt: 0, happenedAt: at + 9 })],
      settled: [
        { runId: 1, ix: 0, mapIx: -1, state: TaskState.failed, failure: null, choice: null },
      ],
    }),
  );
  const pending = await listPendingDeliveries(test.db, { shards: [testShard], limit: 10 });
  expect(pending).toMatchObject([{ attempt: 0, tries: 0, happenedAt: at + 9 }]);
});
