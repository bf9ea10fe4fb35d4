/**
 * Calls of a session that were answered lately: the same id with the same body gets the same answer, with another body none.
 *
 * Only this node's memory has it, and only for a while. That is enough: beyond it, what these calls name makes them safe to
 * repeat (the attempt for a report, line numbers for a log, the whole inventory for a renewal), and no call costs a write.
 */

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { requestReused } from "@millrace/db";
import type { Call } from "@millrace/service";
import { requestIdField } from "../fields.ts";
import { bodyHash } from "../idempotency.ts";
import { workerLimits } from "../limits.ts";

type Known = { readonly hash: Buffer; readonly answer: Promise<unknown>; readonly atMs: number };

/** By method and request id, the oldest first. */
export type Repeats = Map<string, Map<string, Known>>;

/**
 * Answers as the first time when the session's call was answered lately, or is being answered; else runs `answer`. What it
 * throws is not kept.
 *
 * @throws MillraceError REQUEST_ID_MISSING, REQUEST_ID_REUSED
 */
export async function onceInSession<I extends DescMessage, A>(
  { repeats }: { readonly repeats: Repeats },
  call: Pick<Call, "method" | "log">,
  input: I,
  request: MessageShape<I> & { readonly requestId: string },
  answer: () => Promise<A>,
): Promise<A> {
  const { method } = call;
  const requestId = requestIdField(request.requestId);
  const hash = bodyHash(input, request);
  const known = knownOf(repeats, method);
  const before = known.get(requestId);
  const now = performance.now();
  if (before !== undefined && now - before.atMs < workerLimits.repeatsKeptMs) {
    if (!before.hash.equals(hash)) throw requestReused({ method, requestId });
    call.log.debug({ method, request_id: requestId }, "call.repeated");
    // Of one method all answers are of one kind.
    return before.answer as Promise<A>;
  }
  const fresh: Known = { hash, answer: answer(), atMs: now };
  known.delete(requestId);
  known.set(requestId, fresh);
  if (known.size > workerLimits.repeatsKept) known.delete(known.keys().next().value ?? "");
  try {
    return (await fresh.answer) as A;
  } catch (error) {
    if (known.get(requestId) === fresh) known.delete(requestId);
    throw error;
  }
}

function knownOf(repeats: Repeats, method: string): Map<string, Known> {
  let known = repeats.get(method);
  if (known === undefined) repeats.set(method, (known = new Map()));
  return known;
}
