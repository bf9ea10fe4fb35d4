/** Who may call: keys, login tokens and console sessions. Secrets come and stay as SHA-256 hashes. */

import type { Database } from "./database.ts";
import type { Transaction } from "./requests.ts";
import { rowsOf } from "./statement.ts";

export type CredentialKind = "api_key" | "worker_key" | "login_token" | "console_session";

export type CredentialRow = {
  readonly id: number;
  readonly kind: CredentialKind;
  readonly name: string;
  readonly role: "admin" | "worker";
  /** Queues that a worker key is limited to; empty means all. */
  readonly queues: readonly string[];
  readonly expires_at: Date | null;
};

export type NewCredential = {
  readonly kind: CredentialKind;
  readonly name: string;
  readonly role: "admin" | "worker";
  readonly tokenHash: Uint8Array;
  /** Null for credentials that last. */
  readonly expiresAt: Date | null;
};

/** The live credential with this hash; login tokens are none, they can only be traded. */
export async function findCredential(
  db: Database,
  tokenHash: Uint8Array,
): Promise<CredentialRow | null> {
  const [row] = await rowsOf<CredentialRow>(db.pool, "credential_find", [tokenHash]);
  return row ?? null;
}

/** Stores a credential and says when it ends. One with the same hash is left as it is. */
export async function addCredential(
  tx: Transaction,
  credential: NewCredential,
): Promise<Date | null> {
  const tokenHash = Uint8Array.from(credential.tokenHash);
  await tx.credential.createMany({ data: [{ ...credential, tokenHash }], skipDuplicates: true });
  const row = await tx.credential.findUniqueOrThrow({ where: { tokenHash } });
  return row.expiresAt;
}

/** Whether a login token with this hash was made and traded in already. */
export async function isLoginTokenUsed(tx: Transaction, tokenHash: Uint8Array): Promise<boolean> {
  const row = await tx.credential.findUnique({ where: { tokenHash: Uint8Array.from(tokenHash) } });
  return row !== null && row.usedAt !== null;
}

/** Uses up a login token: succeeds once, before its time is over. */
export async function tradeLoginToken(
  db: Database,
  tokenHash: Uint8Array,
): Promise<Pick<CredentialRow, "name" | "role"> | null> {
  const [row] = await rowsOf<Pick<CredentialRow, "name" | "role">>(db.pool, "credential_trade", [
    tokenHash,
  ]);
  return row ?? null;
}

/** A console session that is used lives `ttlMs` from now. */
export async function slideConsoleSession(db: Database, id: number, ttlMs: number): Promise<void> {
  await rowsOf(db.pool, "credential_slide", [id, ttlMs]);
}

export async function deleteCredential(db: Database, id: number): Promise<void> {
  await db.prisma.credential.deleteMany({ where: { id } });
}

/** Forgets login tokens and console sessions whose time is over. */
export async function deleteExpiredCredentials(db: Database): Promise<void> {
  await db.prisma.credential.deleteMany({
    where: { kind: { in: ["login_token", "console_session"] }, expiresAt: { lt: new Date() } },
  });
}
