/** For tests that need a database of their own: a clone of a migrated template, made in some ten milliseconds. */

import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { Client } from "pg";

import { migrationsDir } from "./assets.ts";
import { withClient } from "./connect.ts";
import { openDatabase, type Database, type DatabaseOptions } from "./database.ts";
import { hasSqlState } from "./errors.ts";
import { migrate } from "./migrate.ts";
import { startTestServer } from "./test-server.ts";
import { configuredTestServer } from "./testing-config.ts";

export {
  hasSystemPostgres,
  startSystemPostgres,
  startTestServer,
  type TestServer,
} from "./test-server.ts";

export type TestDatabase = {
  readonly url: string;
  readonly db: Database;
} & AsyncDisposable;

/** Guards the making of a template on a server that several processes share. */
const templateLock = 7_270_737;
const duplicateDatabase = "42P04";
const databaseInUse = "55006";

/**
 * A fresh, migrated database, dropped when disposed. The server is the one of `MILLRACE_TEST_DATABASE_URL`, which the test
 * runner's global set-up starts; without it, one for this process, which ends with it.
 */
export async function testDatabase(
  options: Omit<DatabaseOptions, "url"> = {},
): Promise<TestDatabase> {
  const server = await testServerUrl();
  const empty = await createDatabase(server, await ensureTemplate(server));
  const db = await openDatabase({ isDev: true, ...options, url: empty.url });
  return {
    url: empty.url,
    db,
    async [Symbol.asyncDispose]() {
      await db.close();
      await empty[Symbol.asyncDispose]();
    },
  };
}

export type EmptyDatabase = { readonly url: string } & AsyncDisposable;

/** A fresh database with nothing in it, for tests of migrations. */
export async function emptyDatabase(): Promise<EmptyDatabase> {
  return createDatabase(await testServerUrl(), "template0");
}

let ownServer: Promise<string> | null = null;

function testServerUrl(): Promise<string> {
  const configured = configuredTestServer();
  if (configured !== null) return Promise.resolve(configured);
  // Nobody stops this one: its keeper does when the process ends.
  ownServer ??= startTestServer().then((server) => server.url);
  return ownServer;
}

/** The same address, another database. */
export function withDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

const templates = new Map<string, Promise<string>>();

/** Makes the migrated template on this server once; its name tells which migrations it has. */
export function ensureTemplate(server: string): Promise<string> {
  let template = templates.get(server);
  if (template === undefined) {
    template = makeTemplate(server);
    templates.set(server, template);
  }
  return template;
}

async function makeTemplate(server: string): Promise<string> {
  const name = `millrace_template_${migrationsDigest().slice(0, 12)}`;
  await withClient(server, async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [templateLock]);
    const { rowCount } = await client.query(
      "SELECT FROM pg_database WHERE datname = $1 AND datistemplate",
      [name],
    );
    if (rowCount === 1) return;
    await client.query(`CREATE DATABASE ${name}`).catch((error: unknown) => {
      // Left by a process that was killed while it migrated; the migrations go on where they were.
      if (!hasSqlState(error, duplicateDatabase)) throw error;
    });
    await migrate(withDatabase(server, name));
    await client.query(`ALTER DATABASE ${name} IS_TEMPLATE true`);
  });
  return name;
}

function migrationsDigest(): string {
  const dir = migrationsDir();
  const hash = createHash("sha256");
  for (const name of readdirSync(dir).sort()) {
    if (name.includes(".")) continue;
    hash.update(name).update(readFileSync(join(dir, name, "migration.sql")));
  }
  return hash.digest("hex");
}

async function createDatabase(server: string, template: string): Promise<EmptyDatabase> {
  const name = `millrace_test_${randomBytes(6).toString("hex")}`;
  await withClient(server, (client) => clone(client, template, name));
  return {
    url: withDatabase(server, name),
    async [Symbol.asyncDispose]() {
      await withClient(server, (client) =>
        client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
      );
    },
  };
}

async function clone(client: Client, template: string, name: string): Promise<void> {
  for (;;) {
    try {
      // Copying files takes half the time of copying through the WAL, which is for servers that must not checkpoint.
      await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
      return;
    } catch (error) {
      // Two clones at a time may find each other on the template; the server has waited 5 s already.
      if (!hasSqlState(error, databaseInUse)) throw error;
    }
  }
}
