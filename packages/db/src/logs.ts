/** Lines of attempts, in chunks that are appended and never changed. */

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

export type LogKey = {
  readonly runKey: number;
  readonly ix: number;
  readonly mapIx: number;
  readonly attempt: number;
};

export type LogChunk = LogKey & {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** millrace.worker.v1.AppendLogRequest with lines only. */
  readonly lines: Uint8Array;
};

/** What is stored of an attempt's log. */
export type LogState = {
  /** Whether the attempt was ever granted. */
  readonly isKnown: boolean;
  readonly lastSeq: number;
  readonly bytes: number;
};

/** Stores chunks, all or none; those whose first line is stored already change nothing. */
export async function appendLogChunks(db: Database, chunks: readonly LogChunk[]): Promise<void> {
  await rowsOf(db.pool, "task_log_append_batch", [
    chunks.map((chunk) => chunk.runKey),
    chunks.map((chunk) => chunk.ix),
    chunks.map((chunk) => chunk.mapIx),
    chunks.map((chunk) => chunk.attempt),
    chunks.map((chunk) => chunk.firstSeq),
    chunks.map((chunk) => chunk.lastSeq),
    chunks.map((chunk) => Buffer.from(chunk.lines)),
  ]);
}

export async function readLogState(db: Database, key: LogKey): Promise<LogState> {
  const [row] = await rowsOf<{ is_known: boolean; last_seq: number; bytes: number }>(
    db.pool,
    "task_log_state",
    [key.runKey, key.ix, key.mapIx, key.attempt],
  );
  return { isKnown: row?.is_known ?? false, lastSeq: row?.last_seq ?? 0, bytes: row?.bytes ?? 0 };
}

/** Chunks that hold lines after `afterSeq`, in order, at most `limit`. */
export async function readLogChunks(
  db: Database,
  key: LogKey,
  page: { readonly afterSeq: number; readonly limit: number },
): Promise<{ readonly first_seq: number; readonly last_seq: number; readonly lines: Buffer }[]> {
  return rowsOf<{ first_seq: number; last_seq: number; lines: Buffer }>(db.pool, "task_log_read", [
    key.runKey,
    key.ix,
    key.mapIx,
    key.attempt,
    page.afterSeq,
    page.limit,
  ]);
}
