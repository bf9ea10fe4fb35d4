import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { RunState, TaskState } from "@millrace/engine";

import { barFlush, flush } from "./flush.ts";
import type { FlushBatch } from "./flush-batch.ts";
import { testDatabase, type TestDatabase } from "./testing.ts";
import {
  aBatch,
  aCallback,
  aFinish,
  anInput,
  aRunUpdate,
  aSettle,
  aStart,
  insertRuns,
  rowsIn,
} from "./testing-rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await insertRuns(database.db, [1]);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.db.pool.query(
    "TRUNCATE task_instance, task_instance_attempt, event, xcom, expansion",
  );
});

const send = (batch: FlushBatch) => flush(database.db.lanes[0]!, batch);

/** States a row can be in. */
const states = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14] as const;
/** Which may become what, by themselves or by a clear; in the order of the codes. */
const becomes: Readonly<Record<number, readonly number[]>> = {
  [TaskState.none]: [7, 8, 9, 10],
  [TaskState.scheduled]: [1, 6, 7, 8, 9, 10, 11, 12, 13, 14],
  [TaskState.running]: [2, 5, 6, 7, 8, 10, 11, 12, 13, 14],
  [TaskState.restarting]: [1, 7, 8, 10],
  [TaskState.success]: [1, 10],
  [TaskState.failed]: [1, 10],
  [TaskState.skipped]: [1, 10],
  [TaskState.upstream_failed]: [1, 10],
  [TaskState.removed]: [1],
  [TaskState.up_for_retry]: [1, 2, 7, 8, 9, 10],
  [TaskState.up_for_reschedule]: [1, 2, 7, 8, 9, 10],
  [TaskState.deferred]: [1, 2, 6, 7, 8, 9, 10, 11],
  [TaskState.awaiting_input]: [1, 2, 6, 7, 8, 9, 10, 11],
};
const markable = [6, 7, 8];

/** What a row of this state holds of a wait. */
function deferralFor(state: number): Buffer | null {
  return state === 13 || state === 14 ? Buffer.from([1]) : null;
}

const taskTables = [
  "task_instance",
  "task_instance_attempt",
  "xcom",
  "input_request",
  "callback_delivery",
];

/** A row of attempt 1 in each state, for every state it could go to; `ix` tells the two. */
async function insertRows(): Promise<void> {
  await database.db.pool.query(
    `INSERT INTO task_instance (run_id, ix, map_ix, state, attempt, uncounted, session_key, started_at, ended_at, wait_until,
       deferral)
     SELECT 1, a * 100 + b, -1, a, 1, 1, CASE WHEN a NOT IN (1, 10) THEN 7 END, CASE WHEN a NOT IN (1, 10) THEN now() END,
       CASE WHEN a NOT IN (1, 4, 5) THEN now() END, CASE WHEN a IN (11, 12) THEN now() END,
       CASE WHEN a IN (13, 14) THEN '\\x01'::bytea END
     FROM unnest($1::int[]) AS a, unnest($1::int[]) AS b`,
    [states],
  );
}

test.each([false, true])(
  "a row becomes what its state allows, when isMarked is %s",
  async (isMarked) => {
    await insertRows();
    const pairs = states.flatMap((from) =>
      states.filter((to) => to !== TaskState.running).map((to) => ({ from, to })),
    );
    const finished = pairs.map(({ from, to }) =>
      aFinish({
        ix: from * 100 + to,
        state: to,
        uncounted: 1,
        isMarked,
        waitUntil: to === 11 || to === 12 ? 0 : null,
        deferral: deferralFor(to),
      }),
    );

    const answer = await send(aBatch({ finished }));

    const missed = answer.kind === "written" ? (answer.missed?.finished ?? []) : [];
    const refused = new Set(missed.map((row) => row.ix));
    const taken = (from: number) =>
      pairs
        .filter((it) => it.from === from && !refused.has(from * 100 + it.to))
        .map(({ to }) => to);
    const allowed = (from: number) =>
      states.filter(
        (to) => becomes[from]!.includes(to) || (isMarked && markable.includes(to) && to !== from),
      );
    for (const from of states) expect([from, taken(from)]).toEqual([from, allowed(from)]);
  },
);

test("the next attempt is granted to what waits for it or is cleared, and to nothing else", async () => {
  await insertRows();
  const started = states.map((state) => aStart({ ix: state * 101, attempt: 2, uncounted: 1 }));

  const answer = await send(aBatch({ started }));

  const missed = answer.kind === "written" ? (answer.missed?.started ?? []) : [];
  expect(missed.map((row) => row.ix / 101)).toEqual([4, 5, 6, 7, 8, 9, 10, 13, 14]);
});

test("what has been granted is not settled as if it had not", async () => {
  await insertRows();
  const settled = states.map((state) => aSettle({ ix: state * 101, state: TaskState.skipped }));

  const answer = await send(aBatch({ settled }));

  expect(answer).toMatchObject({ missed: { settled } });
});

/** Anything that may be asked of one task instance, whether it is in the state for it or not. */
const someRows: fc.Arbitrary<Partial<FlushBatch>> = fc.oneof(
  fc.record({ attempt: fc.integer({ min: 1, max: 4 }) }).map(({ attempt }) => ({
    started: [aStart({ attempt, uncounted: attempt - 1 })],
  })),
  fc
    .record({
      attempt: fc.integer({ min: 1, max: 3 }),
      state: fc.constantFrom(...states.filter((state) => state !== TaskState.running)),
      isMarked: fc.boolean(),
    })
    .map(({ attempt, state, isMarked }) => ({
      finished: [
        aFinish({
          attempt,
          state,
          isMarked,
          uncounted: attempt,
          waitUntil: state === 11 || state === 12 ? 0 : null,
          deferral: deferralFor(state),
          waited: state === TaskState.none ? TaskState.deferred : null,
        }),
      ],
      inputs: [
        state === TaskState.awaiting_input
          ? anInput({ form: Buffer.from([attempt]) })
          : anInput({ state: 4 }),
      ],
      xcoms: [{ finished: 0, key: "k", value: Buffer.from([attempt, state]) }],
    })),
  fc
    .constantFrom(1 as const, 6 as const, 7 as const, 8 as const, 9 as const, 10 as const)
    .map((state) => ({ settled: [aSettle({ state })] })),
  fc.integer({ min: 1, max: 3 }).map((attempt) => ({ callbacks: [aCallback({ attempt })] })),
  fc.integer({ min: -1, max: 3 }).map((length) => ({ expansions: [{ runId: 1, ix: 0, length }] })),
  fc
    .record({
      state: fc.constantFrom(...Object.values(RunState)),
      isReopened: fc.boolean(),
    })
    .map((update) => ({ runs: [aRunUpdate(update)] })),
);

test("a flush that comes again, however late, changes nothing", { timeout: 240_000 }, async () => {
  const tables = [...taskTables, "expansion", "event", "run"];
  const everything = () => Promise.all(tables.map((table) => rowsIn(database.db, table)));
  let seq = 10_000;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ rows: someRows, again: fc.nat() }), { minLength: 2, maxLength: 12 }),
      async (steps) => {
        const sent: FlushBatch[] = [];
        for (const { rows, again } of steps) {
          seq += 1;
          const batch = aBatch({
            ...rows,
            events: [{ runId: 1, seq, runState: RunState.running, changes: [] }],
            runs: (rows.runs ?? []).map((run) => ({ ...run, revision: seq })),
          });
          await send(batch);
          sent.push(batch);
          const before = await everything();
          await send(sent[again % sent.length]!);
          // Another one of the same number: from before the run was read again.
          await send({ ...sent[again % sent.length]!, started: [aStart({ ix: 1 })] });
          expect(await everything()).toEqual(before);
        }
        await database.db.pool.query(`TRUNCATE ${taskTables.join(", ")}`);
      },
    ),
    { numRuns: 30 },
  );
});

const fences = [{ shard: 3, epoch: 0 }];
const events = () => rowsIn(database.db, "event");

test("a flush that is barred before it comes changes nothing, whatever runs it is about", async () => {
  const batch = aBatch({ started: [aStart({ ix: 0 }), aStart({ ix: 1 })] });
  const { seq } = batch.events[0]!;
  const [run] = await rowsIn(database.db, "run");
  await barFlush(database.db, fences, batch.events);
  expect(await send(batch)).toMatchObject({ kind: "written", missed: { events: [{ seq }] } });
  expect(await rowsIn(database.db, "task_instance")).toEqual([]);
  expect(await events()).toMatchObject([{ seq, run_state: run!["state"], changes: [] }]);
});

test("a flush that was written before it is barred stays as it is", async () => {
  const batch = aBatch({ started: [aStart({ ix: 0 })] });
  await send(batch);
  const before = await events();
  await barFlush(database.db, fences, batch.events);
  expect(await events()).toEqual(before);
});

test("a flush that is under way is waited for, and whether it was written is known then", async () => {
  for (const end of ["COMMIT", "ROLLBACK"]) {
    const { events: barred } = aBatch({ started: [aStart({ ix: 0 })] });
    const { seq } = barred[0]!;
    const under = await database.db.pool.connect();
    try {
      await under.query("BEGIN");
      await under.query(
        "INSERT INTO event (run_id, seq, run_state, changes) VALUES (1, $1, 2, '{0,-1,4,1}')",
        [seq],
      );
      let isOver = false;
      const bar = barFlush(database.db, fences, barred).then(() => void (isOver = true));
      await expect
        .poll(async () => {
          const { rows } = await database.db.pool.query(
            // Other databases of the server have waits of their own.
            `SELECT 1 FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
             WHERE NOT l.granted AND l.locktype = 'transactionid' AND a.datname = current_database()`,
          );
          return rows.length;
        })
        .toBeGreaterThan(0);
      expect(isOver).toBe(false);
      await under.query(end);
      await bar;
    } finally {
      under.release();
    }
    const { rows } = await database.db.pool.query<{ changes: number[] }>(
      "SELECT changes FROM event WHERE seq = $1",
      [seq],
    );
    expect(rows).toEqual([{ changes: end === "COMMIT" ? [0, -1, 4, 1] : [] }]);
  }
});

test("nobody bars a flush of a shard that is somebody else's", async () => {
  const { events: barred } = aBatch({ started: [aStart({ ix: 0 })] });
  const bar = barFlush(database.db, [{ shard: 3, epoch: 5 }], barred);
  await expect(bar).rejects.toMatchObject({ reason: "NOT_OWNER" });
  expect(await events()).toEqual([]);
});
