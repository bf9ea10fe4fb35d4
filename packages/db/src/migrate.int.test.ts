import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { migrationsDir } from "./assets.ts";
import { withClient } from "./connect.ts";
import { migrate, migrationStatus } from "./migrate.ts";
import { emptyDatabase, type EmptyDatabase } from "./testing.ts";

/** Every migration there is. */
const all = [
  "0001_spine",
  "0002_inside_a_run",
  "0003_waiting",
  "0004_timetables",
  "0005_calls",
  "0006_backfills",
  "0007_pools",
  "0008_past_and_deadlines",
  "0009_across_dags",
  "0010_assets",
  "0011_asset_watchers",
  "0012_partitions",
  "0013_inputs",
  "0014_next_run_notes",
  "0015_kept_deadlines",
];

let database: EmptyDatabase;
let dir: string;
beforeEach(async () => {
  database = await emptyDatabase();
  return () => database[Symbol.asyncDispose]();
});
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "millrace-migrations-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

function aFolder(name: string, sql: Readonly<Record<string, string>>): string {
  const folder = join(dir, name);
  for (const [migration, text] of Object.entries(sql)) {
    mkdirSync(join(folder, migration), { recursive: true });
    writeFileSync(join(folder, migration, "migration.sql"), text);
  }
  return folder;
}

const query = (sql: string) =>
  withClient(
    database.url,
    async (client) => (await client.query<Record<string, unknown>>(sql)).rows,
  );

test("an empty database gets every migration once, and the status says so", async () => {
  const before = await migrationStatus(database.url);
  const first = await migrate(database.url);
  const second = await migrate(database.url);

  expect(before).toEqual({ applied: [], pending: all });
  expect(first).toEqual({ applied: all, pending: [] });
  expect(second).toEqual(first);
  expect(await migrationStatus(database.url)).toEqual(first);
});

test("the bookkeeping is Prisma's: name, SHA-256 of the file, one step, finished", async () => {
  const migrationsDir = aFolder("one", { "0001_a": "CREATE TABLE a (id int);\n" });
  await migrate(database.url, { migrationsDir });

  expect(
    await query(
      `SELECT migration_name, checksum, applied_steps_count, rolled_back_at, logs, finished_at >= started_at AS is_timed
       FROM _prisma_migrations`,
    ),
  ).toEqual([
    {
      migration_name: "0001_a",
      checksum: "c2de7559380e5ebf65caa7d59e166558e80243cf7e70006cc98d1593d94203c1",
      applied_steps_count: 1,
      rolled_back_at: null,
      logs: null,
      is_timed: true,
    },
  ]);
});

test("processes that migrate at the same time do it once", async () => {
  await Promise.all(Array.from({ length: 4 }, () => migrate(database.url)));

  expect(await query("SELECT count(*)::int AS n FROM _prisma_migrations")).toEqual([
    { n: all.length },
  ]);
});

test("a migration that fails leaves nothing, and those before it stay", async () => {
  const migrationsDir = aFolder("fails", {
    "0001_a": "CREATE TABLE a (id int)",
    "0002_b": "CREATE TABLE b (id int); SELECT 1 / 0;",
  });

  await expect(migrate(database.url, { migrationsDir })).rejects.toThrow("division by zero");

  expect(await query("SELECT to_regclass('a') IS NOT NULL AS a, to_regclass('b') AS b")).toEqual([
    { a: true, b: null },
  ]);
  expect(await migrationStatus(database.url, { migrationsDir })).toEqual({
    applied: ["0001_a"],
    pending: ["0002_b"],
  });
});

test("a database of a newer Millrace is refused by name, before anything is changed", async () => {
  const newer = join(dir, "newer");
  cpSync(migrationsDir(), newer, { recursive: true });
  aFolder("newer", { "9999_later": "CREATE TABLE later (id int)" });
  await migrate(database.url, { migrationsDir: newer });

  for (const call of [migrate, migrationStatus]) {
    await expect(call(database.url)).rejects.toMatchObject({
      reason: "DATABASE_NEWER",
      message: expect.stringContaining("9999_later") as string,
    });
  }
});

test("a migration that was changed after it was applied is refused by name", async () => {
  await migrate(database.url, { migrationsDir: aFolder("was", { "0001_a": "SELECT 1" }) });

  const changed = migrate(database.url, { migrationsDir: aFolder("is", { "0001_a": "SELECT 2" }) });

  await expect(changed).rejects.toMatchObject({
    reason: "MIGRATION_CHANGED",
    metadata: { migration: "0001_a" },
  });
});

test("a server that does not answer is named without its password", async () => {
  const failure = await migrate("postgresql://me:secret@127.0.0.1:1/nowhere").catch(
    (error: unknown) => error,
  );

  expect(failure).toMatchObject({ reason: "DATABASE_UNREACHABLE" });
  expect(String(failure)).toContain("127.0.0.1:1/nowhere");
  expect(String(failure)).not.toContain("secret");
});
