/** The first keys of an installation: made once, kept in files that only their owner can read. */

import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { addCredential, claimFile, type Database } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import { hashToken, isToken, newToken } from "./auth/tokens.ts";

export type Credentials = {
  /** May do everything that people and programs may do. */
  readonly adminKey: string;
  /** May do what workers do, on any queue. */
  readonly workerKey: string;
};

/** Reads `admin.key` and `worker.key` in a folder, makes those that are missing, and sees to it that the database knows them. */
export async function ensureCredentials(db: Database, dir: string): Promise<Credentials> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const adminKey = await ensureKey(join(dir, "admin.key"));
  const workerKey = await ensureKey(join(dir, "worker.key"));
  const forever = { expiresAt: null };
  await addCredential(db.prisma, {
    kind: "api_key",
    name: "admin",
    role: "admin",
    tokenHash: hashToken(adminKey),
    ...forever,
  });
  await addCredential(db.prisma, {
    kind: "worker_key",
    name: "worker",
    role: "worker",
    tokenHash: hashToken(workerKey),
    ...forever,
  });
  return { adminKey, workerKey };
}

async function ensureKey(path: string): Promise<string> {
  const fresh = newToken();
  // Of two processes that start at once, one makes the key and the other reads it.
  if (claimFile(path, `${fresh}\n`, 0o600)) return fresh;
  await chmod(path, 0o600);
  const key = (await readFile(path, "utf8")).trim();
  if (!isToken(key)) {
    throw new MillraceError(
      "FIELD_INVALID",
      `${path} holds no key of Millrace; remove the file, and a new one is made.`,
    );
  }
  return key;
}
