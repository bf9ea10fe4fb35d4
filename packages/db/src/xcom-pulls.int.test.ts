/** What a pull finds in the tables: semantics 8.2; keys and lifetimes of 8.1. */

import { TaskState } from "@millrace/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sqlText } from "./assets.ts";
import { existingRuns, readBlobReferences } from "./blob-references.ts";
import { insertRuns } from "./testing-rows.ts";
import { testDatabase } from "./testing.ts";
import { findXComs, listRunsBefore, pullXComs, readAttemptHolder } from "./xcom-pulls.ts";

let test_: Awaited<ReturnType<typeof testDatabase>>;
const db = () => test_.db;
beforeAll(async () => {
  test_ = await testDatabase();
  await insertRuns(db(), [1, 2, 3]);
  // 2,000 instances of each of three tasks, of which every second returned its index and left it as "n".
  await db().pool.query(
    `INSERT INTO task_instance (run_id, ix, map_ix, state, attempt, session_key, started_at, ended_at, out)
     SELECT r, t, n, $1, 1, 1, now(), now(), CASE WHEN n % 2 = 0 THEN convert_to(n::text, 'UTF8') END
     FROM generate_series(1, 2) AS r, generate_series(0, 2) AS t, generate_series(0, 1999) AS n`,
    [TaskState.success],
  );
  await db().pool.query(
    `INSERT INTO xcom (run_id, ix, map_ix, key, value)
     SELECT r, t, n, k, convert_to(n::text, 'UTF8')
     FROM generate_series(1, 2) AS r, generate_series(0, 2) AS t, generate_series(0, 1999, 2) AS n,
       unnest(ARRAY['a', 'n', 'z']) AS k`,
  );
  await db().pool.query("ANALYZE task_instance; ANALYZE xcom; ANALYZE run");
});
afterAll(() => test_[Symbol.asyncDispose]());

const limits = { count: 10_000, bytes: 1_000_000 };
const all = { key: null, mapIxs: [] };

describe("pullXComs", () => {
  test.each([null, "n"])("finds values under %s in the order asked for", async (key) => {
    const tasks = { runKeys: [2, 1], ixs: [0, 2] };
    const some = await pullXComs(db(), tasks, { key, mapIxs: [4, 3, 2] }, limits);
    expect(some).toMatchObject({
      rows: [
        { at: 0, mapIx: 2 },
        { at: 0, mapIx: 4 },
        { at: 1, mapIx: 2 },
        { at: 1, mapIx: 4 },
      ],
    });
    const whole = await pullXComs(db(), tasks, { key, mapIxs: [] }, limits);
    expect(whole.kind === "values" && whole.rows).toHaveLength(2_000);
    const none = await pullXComs(db(), { runKeys: [3], ixs: [0] }, { key, mapIxs: [] }, limits);
    expect(none).toEqual({ kind: "values", rows: [] });
  });

  test("reads no values when they are too many, or too many bytes", async () => {
    const tasks = { runKeys: [1], ixs: [0] };
    expect(await pullXComs(db(), tasks, all, { ...limits, count: 999 })).toMatchObject({
      kind: "tooMuch",
      count: 1_000,
    });
    expect(await pullXComs(db(), tasks, all, { ...limits, bytes: 100 })).toMatchObject({
      kind: "tooMuch",
      bytes: 3_445,
    });
    expect((await pullXComs(db(), tasks, all, { ...limits, count: 1_000 })).kind).toBe("values");
  });
});

test("findXComs says which tasks left anything", async () => {
  const tasks = { runKeys: [3, 1, 2], ixs: [0, 0, 2] };
  expect(await findXComs(db(), tasks, all)).toEqual([1, 2]);
  expect(await findXComs(db(), tasks, { key: "n", mapIxs: [7] })).toEqual([]);
  expect(await findXComs(db(), tasks, { key: "n", mapIxs: [7, 8] })).toEqual([1, 2]);
});

test("runs with a logical date are listed backwards from a date", async () => {
  for (const [id, day] of [
    [1, 3],
    [2, 1],
    [3, 2],
  ])
    await db().pool.query("UPDATE run SET logical_at = $2 WHERE id = $1", [id, date(day!)]);
  const page = { notAfter: date(2), before: null, limit: 10 };
  const ids = async (more: object) =>
    (await listRunsBefore(db(), "etl", { ...page, ...more })).map(({ id }) => id);
  expect(await ids({})).toEqual([3, 2]);
  expect(await ids({ before: date(2) })).toEqual([2]);
  expect(await ids({ notAfter: date(9), limit: 1 })).toEqual([1]);
});

const date = (day: number) => new Date(Date.UTC(2026, 0, day));

test("an attempt's holder is told with its run", async () => {
  expect(await readAttemptHolder(db(), { runKey: 1, ix: 0, mapIx: 0 })).toMatchObject({
    dag_id: "etl",
    attempt: 1,
    session_key: 1,
    worker_name: null,
    is_session_over: true,
  });
  const unstarted = await readAttemptHolder(db(), { runKey: 3, ix: 0, mapIx: -1 });
  expect(unstarted).toMatchObject({ dag_id: "etl", attempt: null, state: null });
  expect(await readAttemptHolder(db(), { runKey: 99, ix: 0, mapIx: -1 })).toBeNull();
});

test("references to stored values are found wherever a run keeps values", async () => {
  const opening = Buffer.from('{"$":"blob",');
  const ref = (name: string) => Buffer.concat([opening, Buffer.from(name)]);
  const row = `UPDATE task_instance SET out = $1 WHERE run_id = 2 AND ix = 1 AND map_ix = 1`;
  await db().pool.query(row, [ref("out")]);
  const xcom = `UPDATE xcom SET value = $1 WHERE run_id = 2 AND ix = 1 AND map_ix = 2 AND key = 'a'`;
  await db().pool.query(xcom, [ref("xcom")]);
  const waits = `UPDATE task_instance SET state = 13, out = NULL, deferral = $1 WHERE run_id = 2 AND ix = 1 AND map_ix = 3`;
  await db().pool.query(waits, [Buffer.concat([Buffer.from([10, 9]), ref("deferral")])]);
  const found = await readBlobReferences(db(), 2, opening);
  const names = found.map((content) => content.toString().split(",").at(-1));
  expect(new Set(names)).toEqual(new Set(["deferral", "out", "xcom"]));
  expect(await readBlobReferences(db(), 1, opening)).toEqual([]);
  expect(await existingRuns(db(), [1, 7])).toEqual(new Set([1]));
});

describe("the primary keys serve", () => {
  const first = [[1], [2], 5, 5, [5]];
  test.each([
    ["xcom_pull_returned", [...first, 10, 1_000], ["task_instance_pkey"]],
    ["xcom_pull_keyed", [...first, 10, 1_000, "n"], ["task_instance_pkey", "xcom_pkey"]],
    ["xcom_have_returned", first, ["task_instance_pkey"]],
    ["xcom_have_keyed", [...first, "n"], ["xcom_pkey"]],
    ["attempt_holder", [1, 0, 5], ["task_instance_pkey"]],
  ])("%s", async (name, values, indexes) => {
    const { rows } = await db().pool.query<{ "QUERY PLAN": string }>(
      `EXPLAIN ${sqlText(name)}`,
      values,
    );
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    for (const index of indexes) expect(plan).toContain(index);
    expect(plan).not.toMatch(/Seq Scan on (task_instance|xcom)/);
  });
});
