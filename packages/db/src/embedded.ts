/** Postgres for one machine: the real server, from npm, on loopback, with a generated password. */

import { chownSync, mkdirSync } from "node:fs";
import { resolve } from "node:path";

import { isMillraceError, MillraceError } from "@millrace/engine";

import { withClient } from "./connect.ts";
import { hasSqlState } from "./errors.ts";
import { silentLog, type DbLog } from "./log.ts";
import { isBarred, serverAccount } from "./server/account.ts";
import { copiedBinaries, packagedBinaries, type Binaries } from "./server/binaries.ts";
import { choosePort, ensureCluster, superuser } from "./server/cluster.ts";
import { clearLeftover, takeOwnership } from "./server/owner.ts";
import { startServer, type ServerProcess } from "./server/process.ts";
import { supervise } from "./server/supervisor.ts";

export type EmbeddedPostgresOptions = {
  /** Made when it is not there; holds the data, the password (0600), the port and the server's log. */
  readonly dataDir: string;
  /** Default: the port of last time, at first a free one. */
  readonly port?: number;
  /** Default: the server from npm. */
  readonly binaries?: Binaries;
  /**
   * The whole directory goes when the server ends, whatever ends it. For tests. Default false: a server that ends without
   * being stopped is started again, at the same address.
   */
  readonly isThrowAway?: boolean;
  /** Settings of the server over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The server has ended without being stopped; it is being started again. */
  readonly onDown?: () => void;
  /** It accepts connections again, so many milliseconds later. */
  readonly onBack?: (downMs: number) => void;
  /** Ends a start that takes long, such as one that recovers from a crash. */
  readonly signal?: AbortSignal;
  readonly log?: DbLog;
};

export type EmbeddedPostgres = {
  /** Address of the database `millrace`, with the password in it: not for logs. */
  readonly url: string;
  /** Resolves when the server has ended and will not be started again. */
  readonly ended: Promise<void>;
  /** Fast shutdown; afterwards no process is left and the directory is free. Idempotent. */
  stop(): Promise<void>;
};

/** For a small machine. Durability is Postgres's default, said aloud because everything rests on it. */
const defaultSettings = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  shared_buffers: "128MB",
  max_wal_size: "2GB",
  wal_compression: "on",
  max_connections: "100",
  unix_socket_directories: "",
  log_line_prefix: "%m [%p] ",
  timezone: "UTC",
};

const databaseName = "millrace";
const duplicateDatabase = "42P04";

/**
 * Starts the server of a directory: makes it at the first start, ends a server that a killed process left there. It ends with
 * this process however that ends, and does not keep it alive.
 *
 * @throws MillraceError EMBEDDED_POSTGRES_IN_USE, EMBEDDED_POSTGRES_FAILED; the signal's reason when it aborts.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const dir = resolve(options.dataDir);
  try {
    return await startIn(dir, options);
  } catch (error) {
    if (isMillraceError(error) || !(error instanceof Error && "syscall" in error)) throw error;
    throw new MillraceError(
      "EMBEDDED_POSTGRES_FAILED",
      `The data directory ${dir} cannot be used: ${error.message}. ` +
        `Check its owner, its permissions and the space left, or choose another directory.`,
      { cause: error },
    );
  }
}

async function startIn(dir: string, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log = silentLog, isThrowAway = false } = options;
  const startedAtMs = performance.now();
  const installed = options.binaries ?? packagedBinaries();
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const account = serverAccount([`${dir}/data`, installed.postgres]);
  const binaries = isBarred(account, installed.postgres) ? copiedBinaries(installed) : installed;
  const ownership = takeOwnership(dir);
  try {
    if (account.owner !== null) chownSync(dir, account.owner.uid, account.owner.gid);
    const cluster = await ensureCluster(dir, binaries, account);
    await clearLeftover(cluster.data, log);
    const port = options.port ?? (await choosePort(dir));
    const start = (signal?: AbortSignal): Promise<ServerProcess> =>
      startServer(cluster, binaries, account, {
        port,
        settings: { ...defaultSettings, ...options.settings },
        removeAtEnd: isThrowAway ? dir : null,
        signal,
      });
    const first = await start(options.signal);
    const server = isThrowAway
      ? first
      : supervise(first, {
          start: () => clearLeftover(cluster.data, log).then(() => start()),
          onDown: options.onDown ?? (() => {}),
          onBack: options.onBack ?? (() => {}),
          log,
        });
    void server.ended.then(() => ownership.release());
    const base = `postgresql://${superuser}:${cluster.password}@127.0.0.1:${port}`;
    try {
      await ensureDatabase(base);
    } catch (error) {
      await server.stop();
      throw error;
    }
    log.info({ port, ms: Math.round(performance.now() - startedAtMs) }, "db.embedded.started");
    return { url: `${base}/${databaseName}`, ended: server.ended, stop: () => server.stop() };
  } catch (error) {
    ownership.release();
    throw error;
  }
}

async function ensureDatabase(base: string): Promise<void> {
  await withClient(`${base}/postgres`, async (client) => {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [
      databaseName,
    ]);
    if (rowCount === 1) return;
    await client.query(`CREATE DATABASE ${databaseName}`).catch((error: unknown) => {
      if (!hasSqlState(error, duplicateDatabase)) throw error;
    });
  });
}
