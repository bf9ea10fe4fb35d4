/** Requests that were answered already: the same id with the same body gets the same answer, with another body none. */

import { MillraceError } from "@millrace/engine";

import type { Database } from "./database.ts";
import type { Prisma } from "./gen/prisma/client.ts";
import { rowsOf } from "./statement.ts";

/** How long an answer is kept. */
export const requestKeptDays = 30;

export type RequestKey = {
  /** `package.Service/Method` */
  readonly method: string;
  /** Such as `user:admin`; ids of one principal mean nothing to another. */
  readonly principal: string;
  readonly requestId: string;
  /** SHA-256 of the request. */
  readonly bodyHash: Uint8Array;
};

export type Transaction = Prisma.TransactionClient;

/**
 * Answers a request once: what `answer` writes and the answer itself are one transaction.
 * Requests with the same key wait for each other.
 *
 * @throws MillraceError REQUEST_ID_REUSED when the same id came with another body before.
 */
export async function answerRequestOnce(
  db: Database,
  key: RequestKey,
  answer: (tx: Transaction) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  return db.prisma.$transaction(async (tx) => {
    const lock = `${key.method} ${key.principal} ${key.requestId}`;
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))`;
    const before = await findIn(tx, key);
    if (before !== null) return before;
    const fresh = await answer(tx);
    await tx.request.create({
      data: {
        method: key.method,
        principal: key.principal,
        requestId: key.requestId,
        bodyHash: Uint8Array.from(key.bodyHash),
        answer: Uint8Array.from(fresh),
      },
    });
    return fresh;
  });
}

async function findIn(
  tx: Transaction,
  { method, principal, requestId, bodyHash }: RequestKey,
): Promise<Uint8Array | null> {
  const row = await tx.request.findUnique({
    where: { method_principal_requestId: { method, principal, requestId } },
  });
  if (row === null) return null;
  if (Buffer.compare(row.bodyHash, bodyHash) !== 0) {
    throw new MillraceError(
      "REQUEST_ID_REUSED",
      `request_id ${requestId} was used for another ${method.split("/").at(-1) ?? "request"}; choose a new one.`,
      { metadata: { request_id: requestId } },
    );
  }
  return row.answer;
}

/** Forgets answers older than `requestKeptDays`, at most `limit`; says nothing about the rest. */
export async function deleteOldRequests(db: Database, limit: number): Promise<void> {
  await rowsOf(db.pool, "request_delete_old", [requestKeptDays, limit]);
}
