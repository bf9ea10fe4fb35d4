/** Calls that become commands to owners: asked again under the same id, they have one effect and one answer. */

import { createHash } from "node:crypto";
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { claimRequest, findAnswer, settleRequest, type RequestKey } from "@millrace/db";
import { isMillraceError } from "@millrace/engine";
import type { Call } from "@millrace/service";
import { OwnerReplySchema, type OwnerReply } from "@millrace/wire/internal";
import type { ApiContext } from "./context.ts";
import { answered, requestKey } from "./idempotency.ts";

export type OwnersCall<I extends DescMessage, O extends DescMessage, T> = {
  readonly schemas: { readonly input: I; readonly output: O };
  /** What must hold before anything is done; a refusal leaves the id free. */
  prepare(): Promise<T>;
  /** Asks the owners, under ids made by `partId`. */
  act(prepared: T, key: RequestKey): Promise<MessageInitShape<O>>;
};

/**
 * Answers as the first time when the request was answered before. The id is bound to the request before owners are asked,
 * so that it can never stand for two; cut short, the call can be made again, and goes on where it was.
 *
 * @throws MillraceError REQUEST_ID_MISSING, REQUEST_ID_REUSED
 */
export async function onceByOwners<I extends DescMessage, O extends DescMessage, T>(
  context: Pick<ApiContext, "db">,
  call: Call,
  request: MessageShape<I> & { readonly requestId: string },
  { schemas, prepare, act }: OwnersCall<I, O, T>,
): Promise<MessageShape<O>> {
  const before = await answered(context, call, schemas, request);
  if (before !== null) return before;
  const prepared = await prepare();
  const key = requestKey(call, schemas.input, request);
  const meanwhile = await claimRequest(context.db, key);
  if (meanwhile !== null) return fromBinary(schemas.output, meanwhile);
  const answer = create(schemas.output, await act(prepared, key));
  const kept = await settleRequest(context.db, key, toBinary(schemas.output, answer));
  return fromBinary(schemas.output, kept);
}

/** The id of the command about one run that a request becomes: owners keep their answers under ids too. */
export function partId({ requestId }: RequestKey, runKey: number): string {
  return createHash("sha256").update(`${requestId}\u0000${runKey}`).digest("base64url");
}

/**
 * What an owner answered before, for a request that is refused now: what was asked and answered is not judged again, and the
 * DAG may have changed since, or be gone. Looked up only for what is refused, so that others cost no further query.
 *
 * @throws `refusal` when there is no such answer
 */
export async function ownerAnsweredBefore(
  { db }: Pick<ApiContext, "db">,
  key: RequestKey,
  refusal: unknown,
): Promise<OwnerReply> {
  const answer = isMillraceError(refusal) ? await findAnswer(db, key) : null;
  if (answer === null) throw refusal;
  return fromBinary(OwnerReplySchema, answer);
}
