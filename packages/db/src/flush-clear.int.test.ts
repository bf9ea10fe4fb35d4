import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { TaskState } from "@millrace/engine";

import { flush } from "./flush.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import { aBatch, aClear, aFinish, aSettle, aStart, insertRuns, rowsIn } from "./testing-rows.ts";

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
const archive = () => rowsIn(database.db, "task_instance_attempt");

const boom = Buffer.from("boom");
const until = Date.UTC(2026, 0, 1);
const nothing = {
  session_key: null,
  ready_at: null,
  started_at: null,
  ended_at: null,
  wait_until: null,
  out: null,
  failure: null,
  lengths: null,
  choice: null,
  map_index_label: null,
};

const outcomes = [
  ["succeeded", aFinish({ out: boom, lengths: [1], choice: ["a"], mapIndexLabel: "x" })],
  ["failed", aFinish({ state: TaskState.failed, failure: boom })],
  ["skipped itself", aFinish({ state: TaskState.skipped })],
  ["was given back", aFinish({ state: TaskState.scheduled, uncounted: 1, losses: 1 })],
  ["waits to retry", aFinish({ state: TaskState.up_for_retry, waitUntil: until, failure: boom })],
  [
    "waits to look",
    aFinish({ state: TaskState.up_for_reschedule, waitUntil: until, uncounted: 1 }),
  ],
] as const;

describe("clearing", () => {
  test.each(outcomes)(
    "archives the attempt that %s and leaves nothing of it in the row",
    async (_, end) => {
      await write({ started: [aStart()] });
      await write({ finished: [end] });
      const { state, session_key, started_at, ended_at, failure } = await theRow();

      const answer = await write({ finished: [aClear()] });

      expect(answer).toMatchObject({ missed: null });
      expect(await theRow()).toMatchObject({
        ...nothing,
        state: TaskState.none,
        attempt: 1,
        uncounted: 1,
        losses: 0,
      });
      expect(await archive()).toEqual([
        {
          run_id: 1,
          ix: 0,
          map_ix: -1,
          attempt: 1,
          state,
          session_key,
          started_at,
          ended_at,
          failure,
        },
      ]);
    },
  );

  test("a running attempt is restarting until it ends, and is archived then", async () => {
    await write({ started: [aStart()] });
    const tooEarly = await write({ finished: [aClear()] });
    await write({ finished: [aFinish({ state: TaskState.restarting })] });
    const restarting = await theRow();

    await write({ finished: [aClear()] });

    expect(tooEarly).toMatchObject({ missed: { finished: [{ state: TaskState.none }] } });
    expect(restarting).toMatchObject({
      state: TaskState.restarting,
      session_key: 7,
      ended_at: null,
    });
    expect(await theRow()).toMatchObject({ ...nothing, state: TaskState.none, attempt: 1 });
    const [attempt] = await archive();
    expect(attempt).toMatchObject({
      state: TaskState.restarting,
      started_at: restarting.started_at,
    });
    expect(attempt!.ended_at).not.toBeNull();
  });

  test("what a restarting attempt reports is not taken", async () => {
    await write({ started: [aStart()] });
    await write({ finished: [aFinish({ state: TaskState.restarting })] });

    const answer = await write({ finished: [aFinish({ out: boom })] });

    expect(answer).toMatchObject({ missed: { finished: [{ state: TaskState.success }] } });
    expect(await theRow()).toMatchObject({ state: TaskState.restarting });
  });

  test("a cleared row is granted as the next attempt, and is archived once only", async () => {
    await write({ started: [aStart()] });
    await write({ finished: [aFinish({ out: boom })] });
    await write({ finished: [aClear()] });

    await write({ started: [aStart({ attempt: 2, uncounted: 1, sessionKey: 8 })] });

    expect(await theRow()).toMatchObject({
      state: TaskState.running,
      attempt: 2,
      uncounted: 1,
      session_key: 8,
    });
    expect(await archive()).toMatchObject([{ attempt: 1, state: TaskState.success }]);
  });

  test("a cleared row may be skipped, fail or be cleared again without a start", async () => {
    await write({ started: [aStart()] });
    await write({ finished: [aFinish()] });
    await write({ finished: [aClear()] });
    await write({ finished: [aFinish({ state: TaskState.skipped, uncounted: 1 })] });
    const skipped = await theRow();
    await write({ finished: [aClear()] });

    expect(skipped).toMatchObject({ state: TaskState.skipped, attempt: 1, started_at: null });
    expect(skipped.ended_at).not.toBeNull();
    expect(await theRow()).toMatchObject({ ...nothing, state: TaskState.none });
    expect(await archive()).toMatchObject([{ attempt: 1, state: TaskState.success }]);
  });

  test("a row that never started is cleared, settled otherwise, and started", async () => {
    await write({ settled: [aSettle()] });
    await write({ settled: [aSettle({ state: TaskState.none })] });
    expect(await theRow()).toMatchObject({ ...nothing, state: TaskState.none, attempt: 0 });
    await write({ settled: [aSettle({ state: TaskState.failed, failure: boom })] });
    expect(await theRow()).toMatchObject({ state: TaskState.failed, failure: boom });
    await write({ settled: [aSettle({ state: TaskState.none })] });

    const answer = await write({ started: [aStart()] });

    expect(answer).toMatchObject({ missed: null });
    expect(await theRow()).toMatchObject({ state: TaskState.running, attempt: 1, failure: null });
    expect(await archive()).toEqual([]);
  });
});

describe("marking", () => {
  const { success, failed, skipped } = TaskState;

  test.each([success, failed, skipped])("gives state %s to what never started", async (state) => {
    await write({ settled: [aSettle({ state, choice: state === success ? ["a"] : null })] });

    const row = await theRow();
    expect(row).toMatchObject({ state, attempt: 0, started_at: null });
    expect(row.ended_at).not.toBeNull();
    const other = state === success ? failed : success;
    await write({ settled: [aSettle({ state: other })] });
    expect(await theRow()).toMatchObject({ state: other, choice: null });
  });

  test("corrects the outcome of an attempt and leaves its dates", async () => {
    await write({ started: [aStart()] });
    await write({ finished: [aFinish({ state: failed, failure: boom })] });
    const before = await theRow();

    await write({ finished: [aFinish({ state: success, isMarked: true })] });

    expect(await theRow()).toEqual({ ...before, state: success, failure: null });
    await write({ finished: [aFinish({ state: skipped, isMarked: true })] });
    expect(await theRow()).toEqual({ ...before, state: skipped, failure: null });
  });

  test("ends what runs, and its late report changes nothing", async () => {
    await write({ started: [aStart()] });

    await write({ finished: [aFinish({ state: success, isMarked: true })] });
    const marked = await theRow();
    const late = await write({ finished: [aFinish({ state: failed, failure: boom })] });

    expect(marked).toMatchObject({ state: success, session_key: 7, out: null });
    expect(marked.ended_at).not.toBeNull();
    expect(late).toMatchObject({ missed: { finished: [{ state: failed }] } });
    expect(await theRow()).toEqual(marked);
  });

  test("takes the value of a success away with it", async () => {
    await write({ started: [aStart()] });
    await write({ finished: [aFinish({ out: boom, lengths: [2], choice: ["a"] })] });

    await write({ finished: [aFinish({ state: failed, isMarked: true })] });

    expect(await theRow()).toMatchObject({ state: failed, out: null, lengths: null, choice: null });
  });
});

describe("an instance beyond the new length", () => {
  test("is removed with its history kept, and comes back as one that is cleared", async () => {
    await write({ started: [aStart({ mapIx: 2 })] });
    await write({ finished: [aFinish({ mapIx: 2, out: boom })] });
    await write({
      finished: [aFinish({ mapIx: 2, state: TaskState.removed, uncounted: 1 })],
      settled: [aSettle({ mapIx: 3, state: TaskState.removed })],
    });

    const [ran, never] = await rowsIn(database.db, "task_instance");
    expect(ran).toMatchObject({
      state: TaskState.removed,
      attempt: 1,
      started_at: null,
      out: null,
    });
    expect(never).toMatchObject({ state: TaskState.removed, attempt: 0 });
    expect(await archive()).toMatchObject([{ map_ix: 2, attempt: 1, state: TaskState.success }]);
    await write({
      finished: [aClear({ mapIx: 2 })],
      settled: [aSettle({ mapIx: 3, state: TaskState.none })],
    });
    const answer = await write({
      started: [aStart({ mapIx: 2, attempt: 2, uncounted: 1 }), aStart({ mapIx: 3 })],
    });
    expect(answer).toMatchObject({ missed: null });
    expect(await archive()).toHaveLength(1);
  });

  test("is removed while it runs, and its attempt is kept as one that was stopped", async () => {
    await write({ started: [aStart({ mapIx: 2 })] });
    const { started_at } = await theRow();

    await write({ finished: [aFinish({ mapIx: 2, state: TaskState.removed, uncounted: 1 })] });

    expect(await theRow()).toMatchObject({ state: TaskState.removed, session_key: null });
    const [attempt] = await archive();
    expect(attempt).toMatchObject({ state: TaskState.restarting, session_key: 7, started_at });
    expect(attempt!.ended_at).not.toBeNull();
  });
});

test("what stood for a mapped task gives way to its instances, and stands for it again", async () => {
  const { skipped, none, removed, upstream_failed } = TaskState;
  for (const state of [skipped, none, removed, upstream_failed, removed, skipped]) {
    const answer = await write({ settled: [aSettle({ state })] });
    expect(answer).toMatchObject({ missed: null });
    expect(await theRow()).toMatchObject({ state, attempt: 0 });
  }
});
