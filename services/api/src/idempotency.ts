/** Mutating calls that the front door answers by itself: at most once for each request id. */

import { createHash } from "node:crypto";
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { answerRequestOnce, type RequestKey, type Transaction } from "@millrace/db";
import { principalLabel, type Call } from "@millrace/service";
import type { ApiContext } from "./context.ts";
import { requestIdField } from "./fields.ts";

/**
 * Answers as the first time when the request was answered before; else runs `answer` and stores what it says, in one
 * transaction with what it writes.
 *
 * @throws MillraceError REQUEST_ID_MISSING, REQUEST_ID_REUSED
 */
export async function once<I extends DescMessage, O extends DescMessage>(
  { db }: Pick<ApiContext, "db">,
  call: Call,
  schemas: { readonly input: I; readonly output: O },
  request: MessageShape<I> & { readonly requestId: string },
  answer: (tx: Transaction) => Promise<MessageInitShape<O>>,
): Promise<MessageShape<O>> {
  const key = requestKey(call, schemas.input, request);
  const bytes = await answerRequestOnce(db, key, async (tx) =>
    toBinary(schemas.output, create(schemas.output, await answer(tx))),
  );
  return fromBinary(schemas.output, bytes);
}

/** Names a request: who asks what under which id, and a hash of every field of it. */
export function requestKey<I extends DescMessage>(
  call: Call,
  input: I,
  request: MessageShape<I> & { readonly requestId: string },
): RequestKey {
  return {
    method: call.method,
    principal: principalLabel(call.principal),
    requestId: requestIdField(request.requestId),
    bodyHash: createHash("sha256").update(toBinary(input, request)).digest(),
  };
}
