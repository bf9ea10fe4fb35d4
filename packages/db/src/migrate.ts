/**
 * Applies the SQL files in `prisma/migrations`, in Prisma's own bookkeeping (table, lock and checksums), so that
 * `prisma migrate` keeps working on the same database.
 */

import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { Client } from "pg";

import { MillraceError } from "@millrace/engine";

import { migrationsDir } from "./assets.ts";
import { withClient } from "./connect.ts";
import { describeUrl } from "./errors.ts";
import { silentLog, type DbLog } from "./log.ts";

/** The advisory lock that Prisma's own migrate takes. */
const lockKey = 72_707_369;
/** How long to wait for somebody else's migration. */
const lockWaitMs = 120_000;

const bookkeeping = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY,
  checksum varchar(64) NOT NULL,
  finished_at timestamptz,
  migration_name varchar(255) NOT NULL,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

export type MigrateOptions = {
  /** Default: the package's own. */
  readonly migrationsDir?: string;
  readonly log?: DbLog;
};

export type MigrationStatus = {
  /** In the order they were written. */
  readonly applied: readonly string[];
  /** What `migrate` would apply, in that order. */
  readonly pending: readonly string[];
};

type Migration = { readonly name: string; readonly sql: string; readonly checksum: string };
type AppliedRow = { readonly migration_name: string; readonly checksum: string };

/**
 * Brings the database up to this code and says what it then holds. Safe to call from any number of processes at once.
 * Each migration is a transaction: one that fails leaves nothing behind.
 *
 * @throws MillraceError DATABASE_UNREACHABLE, DATABASE_NEWER, MIGRATION_CHANGED; the server's error when SQL fails.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<MigrationStatus> {
  const files = readMigrations(options.migrationsDir ?? migrationsDir());
  const log = options.log ?? silentLog;
  return withClient(url, async (client) => {
    await client.query(`SET lock_timeout = ${lockWaitMs}`);
    await client.query("SELECT pg_advisory_lock($1)", [lockKey]);
    await client.query(bookkeeping);
    const before = compare(url, files, await readApplied(client));
    for (const name of before.pending) {
      const file = files.find((candidate) => candidate.name === name)!;
      const startedAtMs = performance.now();
      await apply(client, file);
      log.info({ migration: name, ms: Math.round(performance.now() - startedAtMs) }, "db.migrated");
    }
    return { applied: [...before.applied, ...before.pending], pending: [] };
  });
}

/**
 * Says what is applied and what is not, and changes nothing.
 *
 * @throws MillraceError as `migrate`.
 */
export async function migrationStatus(
  url: string,
  options: MigrateOptions = {},
): Promise<MigrationStatus> {
  const files = readMigrations(options.migrationsDir ?? migrationsDir());
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ present: boolean }>(
      "SELECT to_regclass('_prisma_migrations') IS NOT NULL AS present",
    );
    return compare(url, files, rows[0]?.present === true ? await readApplied(client) : []);
  });
}

function readMigrations(dir: string): Migration[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(dir, entry.name, "migration.sql")))
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(dir, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });
}

async function readApplied(client: Client): Promise<AppliedRow[]> {
  const { rows } = await client.query<AppliedRow>(
    `SELECT migration_name, checksum FROM _prisma_migrations
     WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`,
  );
  return rows;
}

function compare(
  url: string,
  files: readonly Migration[],
  applied: readonly AppliedRow[],
): MigrationStatus {
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const row of applied) {
    const file = byName.get(row.migration_name);
    if (file === undefined) {
      throw new MillraceError(
        "DATABASE_NEWER",
        `The database ${describeUrl(url)} has migration ${row.migration_name}, which this Millrace does not know: ` +
          `a newer version has migrated it. Upgrade this process, or give it another database.`,
        { metadata: { migration: row.migration_name } },
      );
    }
    if (file.checksum !== row.checksum) {
      throw new MillraceError(
        "MIGRATION_CHANGED",
        `Migration ${row.migration_name} was applied to ${describeUrl(url)} with checksum ${row.checksum.slice(0, 12)}…, ` +
          `but the file now has ${file.checksum.slice(0, 12)}…. Restore the file; put the change into a new migration.`,
        { metadata: { migration: row.migration_name } },
      );
    }
  }
  const names = new Set(applied.map((row) => row.migration_name));
  return {
    applied: applied.map((row) => row.migration_name),
    pending: files.filter((file) => !names.has(file.name)).map((file) => file.name),
  };
}

async function apply(client: Client, migration: Migration): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}
