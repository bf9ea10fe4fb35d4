import { expect, test } from "vitest";

import { withClient } from "./connect.ts";
import { migrationStatus } from "./migrate.ts";
import {
  ensureTemplate,
  hasSystemPostgres,
  startSystemPostgres,
  testDatabase,
  withDatabase,
} from "./testing.ts";

test("each test database is migrated and nobody else's", async () => {
  await using one = await testDatabase();
  await using two = await testDatabase();

  await one.db.pool.query("UPDATE shard SET epoch = 9");

  expect((await two.db.pool.query("SELECT DISTINCT epoch FROM shard")).rows).toEqual([
    { epoch: 0 },
  ]);
  expect((await migrationStatus(two.url)).pending).toEqual([]);
});

test("a test database is gone once it is disposed, whoever still holds a connection", async () => {
  const database = await testDatabase();
  await database.db.pool.query("SELECT 1");
  const name = new URL(database.url).pathname.slice(1);

  await database[Symbol.asyncDispose]();

  const left = await withClient(withDatabase(database.url, "postgres"), (client) =>
    client.query("SELECT FROM pg_database WHERE datname = $1", [name]),
  );
  expect(left.rowCount).toBe(0);
});

test.skipIf(!hasSystemPostgres())(
  "the system's PostgreSQL, 15 or newer, takes the migrations",
  async () => {
    await using server = await startSystemPostgres();

    expect(await ensureTemplate(server.url)).toMatch(/^millrace_template_/);
  },
);
