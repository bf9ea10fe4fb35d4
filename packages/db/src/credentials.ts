/** Who may call: keys, login tokens and console sessions. Secrets come and stay as SHA-256 hashes. */

import { sqlText } from "./assets.ts";
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

/** What became of the login token with this hash. One whose time is over is unknown before long. */
export async function loginTokenState(
  db: Database,
  tokenHash: Uint8Array,
): Promise<"unknown" | "unused" | "used"> {
  const row = await db.prisma.credential.findUnique({
    where: { tokenHash: Uint8Array.from(tokenHash), kind: "login_token" },
  });
  if (row === null) return "unknown";
  return row.usedAt === null ? "unused" : "used";
}

/** Uses up a login token: succeeds once, before its time is over. */
export async function tradeLoginToken(
  tx: Transaction,
  tokenHash: Uint8Array,
): Promise<Pick<CredentialRow, "name" | "role"> | null> {
  const [row] = await tx.$queryRawUnsafe<Pick<CredentialRow, "name" | "role">[]>(
    sqlText("credential_trade"),
    Uint8Array.from(tokenHash),
  );
  return row ?? null;
}

/** Whether a console session with this hash lives and began no longer than `ageMs` ago. */
export async function isConsoleSessionYoung(
  db: Database,
  tokenHash: Uint8Array,
  ageMs: number,
): Promise<boolean> {
  return (await rowsOf(db.pool, "credential_young_session", [tokenHash, ageMs])).length > 0;
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
