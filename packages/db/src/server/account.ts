/**
 * Which operating-system account the server runs as. Postgres refuses to run as root, so root lends it the account
 * `postgres`; where that account cannot enter the directories above its files (such as /root), it gets the one capability to
 * enter them.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { MillraceError } from "@millrace/engine";

const accountName = "postgres";

export type Account = {
  /** Owner that the server's files need; null leaves them to the current user. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /** Program and first arguments to put before a command, such as `setpriv …`; empty runs it as it is. */
  readonly prefix: readonly string[];
};

/**
 * Picks the account for a server whose files and programs are at these paths.
 *
 * @throws MillraceError EMBEDDED_POSTGRES_FAILED when root has no account that could enter them.
 */
export function serverAccount(paths: readonly string[]): Account {
  if (process.getuid?.() !== 0) return { owner: null, prefix: [] };
  const owner = findAccount() ?? createAccount();
  const barred = paths.map((path) => barredParent(path)).find((dir) => dir !== null);
  if (barred === undefined) return { owner, prefix: [] };
  const prefix = enteringPrefix(owner);
  if (prefix !== null) return { owner, prefix };
  throw new MillraceError(
    "EMBEDDED_POSTGRES_FAILED",
    `Postgres does not run as root, and its account "${accountName}" may not enter ${barred}. ` +
      `Run as an ordinary user, use a directory that others may enter, or set DATABASE_URL.`,
    { metadata: { directory: barred } },
  );
}

function findAccount(): { uid: number; gid: number } | null {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${accountName}:`));
  if (line === undefined) return null;
  const [, , uid, gid] = line.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

function createAccount(): { uid: number; gid: number } {
  const made = spawnSync("useradd", ["--system", "--user-group", "--no-create-home", accountName]);
  const account = findAccount();
  if (account !== null) return account;
  throw new MillraceError(
    "EMBEDDED_POSTGRES_FAILED",
    `Postgres does not run as root, and the account "${accountName}" could not be made ` +
      `(${made.error?.message ?? made.stderr.toString().trim()}). Run as an ordinary user, or set DATABASE_URL.`,
  );
}

const othersMayEnter = 0o001;

/** Whether the account of a server started by root would not find the file. */
export function isBarred(account: Account, path: string): boolean {
  return account.owner !== null && barredParent(path) !== null;
}

/** The first directory above the path that only its owner or group may enter. */
function barredParent(path: string): string | null {
  const above: string[] = [];
  for (let dir = dirname(path); dirname(dir) !== dir; dir = dirname(dir)) above.unshift(dir);
  return (
    above.find((dir) => existsSync(dir) && (statSync(dir).mode & othersMayEnter) === 0) ?? null
  );
}

/**
 * Linux can hand one capability to a program of another account. DAC_READ_SEARCH is the narrow one; containers often have
 * only DAC_OVERRIDE.
 */
function enteringPrefix(owner: { uid: number; gid: number }): string[] | null {
  for (const capability of ["dac_read_search", "dac_override"]) {
    const prefix = [
      "setpriv",
      `--reuid=${owner.uid}`,
      `--regid=${owner.gid}`,
      "--clear-groups",
      `--inh-caps=+${capability}`,
      `--ambient-caps=+${capability}`,
      "--",
    ];
    const [program, ...rest] = prefix;
    if (spawnSync(program!, [...rest, "true"]).status === 0) return prefix;
  }
  return null;
}
