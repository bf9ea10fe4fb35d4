/** Throw-away servers for tests: quick, not durable, gone with their directory. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { MillraceError } from "@millrace/engine";

import { startEmbeddedPostgres } from "./embedded.ts";
import { packagedBinaries, systemBinaries, type Binaries } from "./server/binaries.ts";

export type TestServer = { readonly url: string; stop(): Promise<void> } & AsyncDisposable;

/** Nothing of a test outlives it, so nothing has to reach the disk. */
const settings = {
  fsync: "off",
  full_page_writes: "off",
  shared_buffers: "64MB",
  autovacuum: "off",
  max_connections: "300",
};

/** A server from npm's binaries. */
export function startTestServer(): Promise<TestServer> {
  return start(packagedBinaries());
}

/**
 * A server from the system's newest binaries (`/usr/lib/postgresql`), to try Millrace on the oldest version it supports.
 *
 * @throws MillraceError EMBEDDED_POSTGRES_FAILED when there are none; ask `hasSystemPostgres` first.
 */
export function startSystemPostgres(): Promise<TestServer> {
  const binaries = systemBinaries();
  if (binaries === null) {
    throw new MillraceError(
      "EMBEDDED_POSTGRES_FAILED",
      "No PostgreSQL is installed in /usr/lib/postgresql. Install the system's package postgresql.",
    );
  }
  return start(binaries);
}

export function hasSystemPostgres(): boolean {
  return systemBinaries() !== null;
}

async function start(binaries: Binaries): Promise<TestServer> {
  const server = await startEmbeddedPostgres({
    dataDir: mkdtempSync(join(tmpdir(), "millrace-test-pg-")),
    isThrowAway: true,
    binaries,
    settings,
  });
  return { url: server.url, stop: server.stop, [Symbol.asyncDispose]: server.stop };
}
