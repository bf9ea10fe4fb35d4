/** Worker sessions: the registered, renewed presence of worker processes. Only the database's clock decides their end. */

import { sqlText } from "./assets.ts";
import type { Database } from "./database.ts";
import type { Transaction } from "./requests.ts";
import { rowsOf } from "./statement.ts";

export type SessionRow = {
  readonly key: number;
  readonly session_id: string;
  /** SHA-256 of the session's token. */
  readonly token_hash: Buffer;
  readonly worker_name: string;
  readonly sdk: string;
  readonly queues: string[];
  readonly handlers: string[];
  readonly runs_bundles: boolean;
  readonly slots: number;
  readonly ended_at: Date | null;
};

export type NewSession = {
  readonly sessionId: string;
  readonly tokenHash: Uint8Array;
  readonly requestId: string;
  readonly workerName: string;
  readonly sdk: string;
  readonly queues: readonly string[];
  readonly handlers: readonly string[];
  readonly runsBundles: boolean;
  readonly slots: number;
  readonly nodeId: string;
  readonly ttlMs: number;
};

/** Makes a session, or finds the one that the same request id made before, with the token hash of that time. */
export async function openSession(db: Database, session: NewSession): Promise<SessionRow> {
  const [row] = await rowsOf<SessionRow>(db.pool, "session_open", [
    session.sessionId,
    session.tokenHash,
    session.requestId,
    session.workerName,
    session.sdk,
    session.queues,
    session.handlers,
    session.runsBundles,
    session.slots,
    session.nodeId,
    session.ttlMs,
  ]);
  if (row === undefined) throw new Error("session_open returned no row");
  return row;
}

/** A session, ended or not. */
export async function getSession(db: Database, sessionId: string): Promise<SessionRow | null> {
  const [row] = await rowsOf<SessionRow>(db.pool, "session_get", [sessionId]);
  return row ?? null;
}

/** Keeps sessions alive for `ttlMs` more; returns the keys of those that are, the others have ended. */
export async function renewSessions(
  db: Database,
  keys: readonly number[],
  { nodeId, ttlMs }: { readonly nodeId: string; readonly ttlMs: number },
): Promise<Set<number>> {
  const rows = await rowsOf<{ key: number }>(db.pool, "session_renew_batch", [keys, nodeId, ttlMs]);
  return new Set(rows.map((row) => row.key));
}

/** Ends a session; false when it had ended before. */
export async function endSession(tx: Transaction, key: number): Promise<boolean> {
  return (await tx.$executeRawUnsafe(sqlText("session_end"), key)) > 0;
}

/** Ends sessions that have been over for longer than `overdueMs`, at most `limit`. */
export async function endAbandonedSessions(
  db: Database,
  overdueMs: number,
  limit: number,
): Promise<void> {
  await rowsOf(db.pool, "session_end_abandoned", [overdueMs, limit]);
}

export type LiveSessionRow = {
  readonly key: number;
  readonly session_id: string;
  readonly worker_name: string;
  readonly sdk: string;
  readonly queues: string[];
  readonly handlers: string[];
  readonly slots: number;
  readonly node_id: string;
  readonly started_at: Date;
  readonly renewed_at: Date;
  /** Task instances that run in it. */
  readonly running: number;
};

/** Live sessions by worker name, after a position. */
export async function listLiveSessions(
  db: Database,
  page: {
    readonly after: { readonly name: string; readonly key: number } | null;
    readonly limit: number;
  },
): Promise<LiveSessionRow[]> {
  return rowsOf<LiveSessionRow>(db.pool, "session_list_live_page", [
    page.after?.name ?? null,
    page.after?.key ?? null,
    page.limit,
  ]);
}

export async function countLiveSessions(db: Database): Promise<number> {
  const [row] = await rowsOf<{ live: number }>(db.pool, "session_count_live");
  return row?.live ?? 0;
}
