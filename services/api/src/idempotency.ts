/**
 * Mutating calls that the front door answers by itself: at most once for each request id. Workers' calls, of which there are
 * too many for that, have `worker/repeats.ts`.
 */

import { createHash } from "node:crypto";
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { answerRequestOnce, findAnswer, type RequestKey, type Transaction } from "@millrace/db";
import { principalLabel, type Call } from "@millrace/service";
import type { ApiContext } from "./context.ts";
import { requestIdField } from "./fields.ts";

type Schemas<I extends DescMessage, O extends DescMessage> = {
  readonly input: I;
  readonly output: O;
};
type Requested<I extends DescMessage> = MessageShape<I> & { readonly requestId: string };

/**
 * Answers as the first time when the request was answered before; else runs `answer` and stores what it says, in one
 * transaction with what it writes.
 *
 * @throws MillraceError REQUEST_ID_MISSING, REQUEST_ID_REUSED
 */
export async function once<I extends DescMessage, O extends DescMessage>(
  { db }: Pick<ApiContext, "db">,
  call: Call,
  schemas: Schemas<I, O>,
  request: Requested<I>,
  answer: (tx: Transaction) => Promise<MessageInitShape<O>>,
): Promise<MessageShape<O>> {
  const key = requestKey(call, schemas.input, request);
  const bytes = await answerRequestOnce(db, key, async (tx) =>
    toBinary(schemas.output, create(schemas.output, await answer(tx))),
  );
  return fromBinary(schemas.output, bytes);
}

/**
 * The answer given to this request before, for calls that look at more than the request before they act: what they look at
 * may be gone by now. Null when there was none.
 *
 * @throws MillraceError REQUEST_ID_MISSING, REQUEST_ID_REUSED
 */
export async function answered<I extends DescMessage, O extends DescMessage>(
  { db }: Pick<ApiContext, "db">,
  call: Call,
  schemas: Schemas<I, O>,
  request: Requested<I>,
): Promise<MessageShape<O> | null> {
  const bytes = await findAnswer(db, requestKey(call, schemas.input, request));
  return bytes === null ? null : fromBinary(schemas.output, bytes);
}

/** Names a request: who asks what under which id, and a hash of every field of it. */
export function requestKey<I extends DescMessage>(
  call: Call,
  input: I,
  request: Requested<I>,
): RequestKey {
  return {
    method: call.method,
    principal: principalLabel(call.principal),
    requestId: requestIdField(request.requestId),
    bodyHash: bodyHash(input, request),
  };
}

/** SHA-256 over every field of a request. */
export function bodyHash<I extends DescMessage>(input: I, request: MessageShape<I>): Buffer {
  return createHash("sha256").update(toBinary(input, request)).digest();
}
