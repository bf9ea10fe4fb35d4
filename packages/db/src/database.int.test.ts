import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { withClient } from "./connect.ts";
import { lockTimeoutMs, openDatabase, statementTimeoutMs } from "./database.ts";
import { createLane, laneLockTimeoutMs, laneStatementTimeoutMs } from "./lane.ts";
import { silentLog } from "./log.ts";
import { emptyDatabase, testDatabase, type TestDatabase } from "./testing.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

describe("values arrive", () => {
  test("as number from int8, Date from timestamptz and Buffer from bytea, in rows of the pool and of lanes", async () => {
    const text = `SELECT 9007199254740991::int8, ARRAY[1, NULL, 3]::int8[], '{}'::int8[],
      '2026-01-02T03:04:05.678Z'::timestamptz, '\\x00ff'::bytea`;
    const values = [
      2 ** 53 - 1,
      [1, null, 3],
      [],
      new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)),
      Buffer.from([0, 255]),
    ];

    const [ofLane] = await database.db.lanes[0]!.send([{ text }]);
    const ofPool = await database.db.pool.query({ text, rowMode: "array" });

    expect(ofLane).toEqual([values]);
    expect(ofPool.rows).toEqual([values]);
  });
});

describe("timeouts are set for each connection", () => {
  const question =
    "SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout') AS found";

  test("of the pool", async () => {
    const { rows } = await database.db.pool.query(question);
    expect(rows).toEqual([{ found: `${statementTimeoutMs / 1000}s ${lockTimeoutMs / 1000}s` }]);
  });

  test("of lanes", async () => {
    const [rows] = await database.db.lanes[1]!.send([{ text: question }]);
    expect(rows).toEqual([[`${laneStatementTimeoutMs / 1000}s ${laneLockTimeoutMs / 1000}s`]]);
  });
});

describe("a lane", () => {
  test("sends statements as one transaction, and goes on after one that failed", async () => {
    const lane = createLane({ url: database.url, name: "test" });

    await expect(
      lane.send([{ text: "CREATE TABLE half (n int)" }, { text: "SELECT 1 / 0" }]),
    ).rejects.toThrow("division by zero");
    const answers = await lane.send([
      { text: "SELECT to_regclass('half')" },
      { text: "SELECT 2, NULL" },
      { text: "SELECT WHERE false" },
    ]);

    expect(answers).toEqual([[[null]], [[2, null]], []]);
    await lane.close();
  });

  test("prepares a named statement once, whatever became of the first use", async () => {
    const lane = createLane({ url: database.url, name: "test" });
    const one = { name: "one", text: "SELECT 1" };
    const ratio = (value: string) => ({
      name: "ratio",
      text: "SELECT 6 / $1::int",
      values: [value],
    });

    await expect(lane.send([one, ratio("0")])).rejects.toThrow("division by zero");
    await expect(lane.send([ratio("0"), one])).rejects.toThrow("division by zero");
    const answers = [await lane.send([one, ratio("2")]), await lane.send([ratio("3"), one])];
    const prepared = await lane.send([
      { text: "SELECT name FROM pg_prepared_statements ORDER BY name" },
    ]);

    expect(answers).toEqual([
      [[[1]], [[3]]],
      [[[2]], [[1]]],
    ]);
    expect(prepared).toEqual([[["one"], ["ratio"]]]);
    await lane.close();
  });

  test("takes one call after the other", async () => {
    const lane = createLane({ url: database.url, name: "test" });

    const answers = await Promise.allSettled([
      lane.send([{ text: "SELECT 1" }]),
      lane.send([{ text: "SELECT 1 / 0" }]),
      lane.send([{ text: "SELECT 3" }]),
    ]);

    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await lane.close();
  });

  test("says that its server cannot be reached, and tries again the next time", async () => {
    const lane = createLane({ url: "postgresql://127.0.0.1:1/nowhere", name: "test" });

    for (const _ of [1, 2]) {
      await expect(lane.send([{ text: "SELECT 1" }])).rejects.toMatchObject({
        reason: "DATABASE_UNREACHABLE",
      });
    }
    await lane.close();
  });
});

describe("the server is refused", () => {
  test("when a crash could lose acknowledged work, but only warned about in development", async () => {
    const name = new URL(database.url).pathname.slice(1);
    await withClient(database.url, (client) =>
      client.query(`ALTER DATABASE ${name} SET synchronous_commit = off`),
    );
    const warnings: unknown[] = [];
    const log = {
      ...silentLog,
      warn: (fields: object, event: string) => warnings.push({ event, ...fields }),
    };

    await expect(openDatabase({ url: database.url })).rejects.toMatchObject({
      reason: "DATABASE_UNFIT",
      message: expect.stringContaining("synchronous_commit=off") as string,
    });
    const opened = await openDatabase({ url: database.url, isDev: true, log });

    expect(warnings).toMatchObject([{ event: "db.settings.unsafe" }]);
    await opened.close();
    await withClient(database.url, (client) =>
      client.query(`ALTER DATABASE ${name} RESET synchronous_commit`),
    );
  });
});

test("transactions of Prisma and statements of the pool share the pool", async () => {
  const { prisma, pool } = database.db;
  const digest = "a".repeat(64);

  await prisma.$transaction(async (tx) => {
    await tx.bundle.create({ data: { digest, content: Buffer.from("zip") } });
    expect((await pool.query("SELECT FROM bundle")).rowCount).toBe(0);
  });

  expect((await pool.query("SELECT content FROM bundle")).rows).toEqual([
    { content: Buffer.from("zip") },
  ]);
});

test("when closing is over no connection is left, so that the server may be stopped", async () => {
  await using empty = await emptyDatabase();
  const db = await openDatabase({ url: empty.url, isDev: true });
  await Promise.all(Array.from({ length: 5 }, () => db.pool.query("SELECT pg_sleep(0.01)")));
  await Promise.all(db.lanes.map((lane) => lane.send([{ text: "SELECT 1" }])));

  await db.close();

  const others = await withClient(empty.url, (client) =>
    client.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    ),
  );
  expect(others.rowCount).toBe(0);
});
