/** A process's connections to its database, apart by purpose so that neither starves the other. */

import { PrismaPg } from "@prisma/adapter-pg";
import { Pool, type PoolClient } from "pg";

import { checkServer } from "./boot-check.ts";
import { connectTimeoutMs } from "./connect.ts";
import { unreachable } from "./errors.ts";
import { PrismaClient } from "./gen/prisma/client.ts";
import { createLane, type Lane } from "./lane.ts";
import { silentLog, type DbLog } from "./log.ts";
import { pgTypes } from "./pg-types.ts";

/** The server gives up on a statement of the pool after this. */
export const statementTimeoutMs = 5_000;
/** The server gives up waiting for a lock after this. */
export const lockTimeoutMs = 2_000;
/** The server ends a transaction in which nothing happens for this long. */
export const idleTransactionTimeoutMs = 10_000;
/** The client stops waiting for an answer after this. */
export const answerTimeoutMs = 7_000;
/** How long closing waits for the server to close its ends. */
const closeTimeoutMs = 2_000;
const defaultConnections = 10;
const defaultLanes = 2;

export type DatabaseOptions = {
  readonly url: string;
  /** Connections of the pool. Default 10. */
  readonly maxConnections?: number;
  /** Hot lanes, each one more connection once it is used. Default 2. */
  readonly lanes?: number;
  /** Warn about settings that can lose acknowledged work, instead of refusing. Default false. */
  readonly isDev?: boolean;
  readonly log?: DbLog;
};

export type Database = {
  readonly url: string;
  /** Reads and writes of people and services: rows as objects, int8 as number, timestamptz as Date, bytea as Buffer. */
  readonly pool: Pool;
  /** The same pool, typed by the models; for what is neither hot nor a statement of its own. */
  readonly prisma: PrismaClient;
  /** Dedicated connections for `flush`; one batch at a time on each. */
  readonly lanes: readonly Lane[];
  /** The connection on which runs are made. */
  readonly makingLane: Lane;
  close(): Promise<void>;
};

/**
 * Opens the pools and checks that the server is fit. Does not migrate.
 *
 * @throws MillraceError DATABASE_UNREACHABLE, DATABASE_UNFIT
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const log = options.log ?? silentLog;
  const pool = new Pool({
    connectionString: options.url,
    application_name: "millrace",
    max: options.maxConnections ?? defaultConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: idleTransactionTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
    allowExitOnIdle: true,
    types: pgTypes(),
  });
  pool.on("error", (error) => log.warn({ error: error.message }, "db.connection.lost"));
  const endPool = endOf(pool);
  try {
    await pool.query("SELECT 1").catch((error: unknown) => {
      throw unreachable(options.url, error);
    });
    await checkServer(pool, options.url, { isDev: options.isDev ?? false, log });
  } catch (error) {
    await endPool();
    throw error;
  }
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    // Of interactive transactions: how long to wait for a connection, and how long one may take.
    transactionOptions: { maxWait: connectTimeoutMs, timeout: answerTimeoutMs },
  });
  const lanes = Array.from({ length: options.lanes ?? defaultLanes }, (_, index) =>
    createLane({ url: options.url, name: `lane ${index}`, log }),
  );
  const makingLane = createLane({ url: options.url, name: "making lane", log });
  return {
    url: options.url,
    pool,
    prisma,
    lanes,
    makingLane,
    async close() {
      await Promise.all([...lanes, makingLane].map((lane) => lane.close()));
      await prisma.$disconnect();
      await endPool();
    },
  };
}

/** `Pool.end` says goodbye on every connection; this also waits until each is closed, so that the server may go then. */
function endOf(pool: Pool): () => Promise<void> {
  const open = new Set<PoolClient>();
  let onClosed = (): void => {};
  pool.on("connect", (client) => void open.add(client));
  pool.on("remove", (client) => {
    open.delete(client);
    if (open.size === 0) onClosed();
  });
  return async () => {
    await pool.end();
    if (open.size === 0) return;
    await new Promise<void>((resolve) => {
      // A peer that is gone without a word never closes.
      const late = setTimeout(resolve, closeTimeoutMs);
      onClosed = () => {
        clearTimeout(late);
        resolve();
      };
    });
  };
}
