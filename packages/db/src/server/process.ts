/**
 * A running server. It has a process group of its own, so that Ctrl+C reaches Millrace first; and a keeper, a shell that
 * waits for the end of Millrace and then stops the server, so that even `kill -9` leaves nothing behind.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { MillraceError } from "@millrace/engine";

import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { serverEnvironment, type Cluster } from "./cluster.ts";

/** Recovery after a crash may take a while: Postgres accepts connections when it is done. */
const readyTimeoutMs = 120_000;
const readyPollMs = 5;
/** A fast shutdown writes a checkpoint; after this the server is stopped without one and recovers at the next start. */
const stopTimeoutMs = 30_000;
/** The server's log starts anew above this size. */
const logBytesMax = 10 * 1024 * 1024;
/** Lines of the log to quote when the server does not start. */
const quotedLines = 5;

export type ServerProcess = {
  readonly pid: number;
  /** Resolves when the server has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Fast shutdown: open transactions are rolled back, the data is at rest on disk. Idempotent. */
  stop(): Promise<void>;
};

export type ServerOptions = {
  readonly port: number;
  /** Directory to remove once the server has ended, or null. */
  readonly removeAtEnd: string | null;
  readonly settings: Readonly<Record<string, string>>;
  /** Ends the start: the server is stopped again. */
  readonly signal?: AbortSignal | undefined;
};

/** Starts the server and waits until it accepts connections. */
export async function startServer(
  cluster: Cluster,
  binaries: Binaries,
  account: Account,
  options: ServerOptions,
): Promise<ServerProcess> {
  const logSize = existsSync(cluster.log) ? statSync(cluster.log).size : 0;
  const log = openSync(cluster.log, logSize > logBytesMax ? "w" : "a", 0o600);
  const settings = {
    port: String(options.port),
    listen_addresses: "127.0.0.1",
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const [command, ...before] = [...account.prefix, binaries.postgres];
  const child = spawn(command, [...before, "-D", cluster.data, ...flags], {
    stdio: ["ignore", log, log],
    detached: true,
    env: serverEnvironment(),
    ...(account.prefix.length === 0 ? (account.owner ?? {}) : {}),
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      if (options.removeAtEnd !== null)
        rmSync(options.removeAtEnd, { recursive: true, force: true });
      resolve();
    };
    child.once("exit", end);
    child.once("error", end);
  });
  child.unref();
  const keeper = startKeeper(child, options.removeAtEnd);
  void ended.then(() => keeper.kill("SIGKILL"));
  await untilReady(cluster, child, options.signal).catch(async (error: unknown) => {
    await stopServer(child, ended);
    throw error;
  });
  return { pid: child.pid!, ended, stop: () => stopServer(child, ended) };
}

/** `read` returns when the pipe closes, which the system does whatever way this process ends. */
const keeperScript = `read -r _
kill -INT "$0" || exit 0
[ -n "$1" ] || exit 0
while kill -0 "$0" 2>/dev/null; do sleep 0.1; done
rm -rf "$1"`;

function startKeeper(server: ChildProcess, removeAtEnd: string | null): ChildProcess {
  const keeper = spawn("sh", ["-c", keeperScript, String(server.pid), removeAtEnd ?? ""], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: serverEnvironment(),
  });
  keeper.on("error", () => {});
  keeper.unref();
  // The pipe must not keep this process alive. Its type says Writable, and it is a socket.
  (keeper.stdin as unknown as { unref(): void }).unref();
  return keeper;
}

async function untilReady(
  cluster: Cluster,
  child: ChildProcess,
  signal?: AbortSignal,
): Promise<void> {
  const lock = join(cluster.data, "postmaster.pid");
  const deadlineMs = performance.now() + readyTimeoutMs;
  for (;;) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      throw new MillraceError(
        "EMBEDDED_POSTGRES_FAILED",
        `Postgres did not start. ${quoteLog(cluster)}`,
      );
    }
    // The lock file's first line is the process id, its eighth the state.
    const lines = existsSync(lock) ? readFileSync(lock, "utf8").split("\n") : [];
    // Before the look at the state: a start that was called off is none, however quick it was.
    signal?.throwIfAborted();
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === "ready") return;
    if (performance.now() > deadlineMs) {
      throw new MillraceError(
        "EMBEDDED_POSTGRES_FAILED",
        `Postgres was not ready after ${readyTimeoutMs / 1000} s. ${quoteLog(cluster)}`,
      );
    }
    await delay(readyPollMs);
  }
}

function quoteLog(cluster: Cluster): string {
  const lines = existsSync(cluster.log) ? readFileSync(cluster.log, "utf8").trim().split("\n") : [];
  return `Its log, ${cluster.log}, ends: ${lines.slice(-quotedLines).join(" | ")}`;
}

async function stopServer(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  // Waiting for the end is work: it keeps this process alive.
  child.ref();
  child.kill("SIGINT");
  const late = setTimeout(() => child.kill("SIGQUIT"), stopTimeoutMs);
  await ended;
  clearTimeout(late);
}
