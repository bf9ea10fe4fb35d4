/**
 * Requests that were answered already: the same id with the same body gets the same answer, with another body none.
 * Refusals are not kept: they had no effect, and asking again may be answered otherwise.
 */

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
    await tx.request.create({ data: rowOf(key, fresh) });
    return fresh;
  });
}

/**
 * The answer that was given to a request; null when there was none yet.
 *
 * @throws MillraceError REQUEST_ID_REUSED when the same id came with another body before.
 */
export async function findAnswer(db: Database, key: RequestKey): Promise<Uint8Array | null> {
  const answer = await findIn(db.prisma, key);
  return answer === null || answer.length === 0 ? null : answer;
}

/**
 * Binds a request id to its body before an effect that is somebody else's to write, and that may safely be asked for again.
 * Returns the answer when the request was answered before. Answers of no bytes count as none.
 *
 * @throws MillraceError REQUEST_ID_REUSED when the same id came with another body before.
 */
export async function claimRequest(db: Database, key: RequestKey): Promise<Uint8Array | null> {
  const row = rowOf(key, new Uint8Array());
  await db.prisma.request.createMany({ data: [row], skipDuplicates: true });
  return findAnswer(db, key);
}

/** Keeps the answer to a claimed request. Of two that were given at once the first stays; it is returned. */
export async function settleRequest(
  db: Database,
  key: RequestKey,
  answer: Uint8Array,
): Promise<Uint8Array> {
  const { method, principal, requestId } = key;
  await db.prisma.request.updateMany({
    where: { method, principal, requestId, answer: new Uint8Array() },
    data: { answer: Uint8Array.from(answer) },
  });
  return (await findAnswer(db, key)) ?? answer;
}

function rowOf({ method, principal, requestId, bodyHash }: RequestKey, answer: Uint8Array) {
  return {
    method,
    principal,
    requestId,
    bodyHash: Uint8Array.from(bodyHash),
    answer: Uint8Array.from(answer),
  };
}

async function findIn(
  tx: Transaction,
  { method, principal, requestId, bodyHash }: RequestKey,
): Promise<Uint8Array | null> {
  const row = await tx.request.findUnique({
    where: { method_principal_requestId: { method, principal, requestId } },
  });
  if (row === null) return null;
  if (Buffer.compare(row.bodyHash, bodyHash) !== 0) throw requestReused({ method, requestId });
  return row.answer;
}

/** REQUEST_ID_REUSED in words. */
export function requestReused({
  method,
  requestId,
}: Pick<RequestKey, "method" | "requestId">): MillraceError {
  return new MillraceError(
    "REQUEST_ID_REUSED",
    `request_id ${requestId} was used for another ${method.split("/").at(-1) ?? "request"}; choose a new one.`,
    { metadata: { request_id: requestId } },
  );
}

/** Forgets answers older than `requestKeptDays`, at most `limit`; says nothing about the rest. */
export async function deleteOldRequests(db: Database, limit: number): Promise<void> {
  await rowsOf(db.pool, "request_delete_old", [requestKeptDays, limit]);
}
