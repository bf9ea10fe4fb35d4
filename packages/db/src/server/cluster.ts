/** The files of a server: its data, its password, and the port it had. */

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { MillraceError } from "@millrace/engine";

import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";

/** The superuser of clusters made here. */
export const superuser = "millrace";

export type Cluster = {
  /** Everything of this server is in here. */
  readonly dir: string;
  /** PGDATA. */
  readonly data: string;
  readonly log: string;
  readonly password: string;
};

/** Finds the cluster in this directory, or makes one. A first start that was killed half-way leaves nothing that a second one trusts. */
export async function ensureCluster(
  dir: string,
  binaries: Binaries,
  account: Account,
): Promise<Cluster> {
  const data = join(dir, "data");
  const passwordFile = join(dir, "password");
  if (!existsSync(join(data, "PG_VERSION"))) {
    const password = randomBytes(24).toString("base64url");
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    await initialise(dir, data, password, binaries, account);
  }
  checkMajor(data, binaries);
  const password = readFileSync(passwordFile, "utf8").trim();
  return { dir, data, log: join(dir, "postgres.log"), password };
}

async function initialise(
  dir: string,
  data: string,
  password: string,
  binaries: Binaries,
  account: Account,
): Promise<void> {
  const draft = join(dir, "data.new");
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  const pwfile = join(draft, "..", "initdb.password");
  writeFileSync(pwfile, `${password}\n`, { mode: 0o600 });
  if (account.owner !== null) {
    chownSync(draft, account.owner.uid, account.owner.gid);
    chownSync(pwfile, account.owner.uid, account.owner.gid);
  }
  // From 17 on Postgres brings C.UTF-8 itself; before, the system has to have it.
  const locale =
    binaries.major >= 17
      ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
      : ["--locale=C.UTF-8"];
  const flags = [
    "--encoding=UTF8",
    "--auth=scram-sha-256",
    "--data-checksums",
    `--pwfile=${pwfile}`,
  ];
  try {
    await runProgram(account, binaries.initdb, [
      `--pgdata=${draft}`,
      `--username=${superuser}`,
      ...locale,
      ...flags,
    ]);
  } finally {
    rmSync(pwfile, { force: true });
  }
  renameSync(draft, data);
}

function checkMajor(data: string, binaries: Binaries): void {
  const found = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
  if (found === String(binaries.major)) return;
  throw new MillraceError(
    "EMBEDDED_POSTGRES_FAILED",
    `${data} holds data of PostgreSQL ${found}, and this is PostgreSQL ${binaries.major}. ` +
      `Dump it with the version that wrote it, or start with another directory.`,
  );
}

async function runProgram(
  account: Account,
  program: string,
  args: readonly string[],
): Promise<void> {
  const [command, ...before] = [...account.prefix, program];
  const child = spawn(command, [...before, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: serverEnvironment(),
    ...(account.prefix.length === 0 ? (account.owner ?? {}) : {}),
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [stderr, code] = await Promise.all([text(child.stderr), closed]);
  if (code === 0) return;
  throw new MillraceError("EMBEDDED_POSTGRES_FAILED", `${program} failed: ${stderr.trim()}`);
}

/** Messages in English, times in UTC, and nothing of the caller's environment. */
export function serverEnvironment(): Record<string, string> {
  return { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
}

/** The port of last time, so that addresses people have noted stay right; another one when it is taken. */
export async function choosePort(dir: string): Promise<number> {
  const file = join(dir, "port");
  const last = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  const port = (last > 0 ? await freePort(last) : null) ?? (await freePort(0));
  if (port === null) {
    throw new MillraceError("EMBEDDED_POSTGRES_FAILED", "No port is free on 127.0.0.1.");
  }
  writeFileSync(file, `${port}\n`);
  return port;
}

function freePort(wanted: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(null));
    probe.listen(wanted, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : null;
      probe.close(() => resolve(port));
    });
  });
}
