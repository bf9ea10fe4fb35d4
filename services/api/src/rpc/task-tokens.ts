/** Calls of whoever holds a task token: the token is the permission. */

import { isMillraceError, MillraceError, type Failure } from "@millrace/engine";
import type { Call, Handler } from "@millrace/service";
import { failureToProto } from "@millrace/wire";
import {
  CompleteTaskTokenRequestSchema,
  HeartbeatTaskTokenRequestSchema,
  type CompleteTaskTokenRequest,
  type TaskInstanceService,
  type TokenFailure,
} from "@millrace/wire/v1";
import type { EndWait } from "@millrace/wire/internal";
import { assertCodecValue } from "../codec-values.ts";
import type { ApiContext } from "../context.ts";
import { fieldInvalid, requestIdField } from "../fields.ts";
import { bodyHash } from "../idempotency.ts";
import { apiLimits } from "../limits.ts";

export function completeTaskToken(
  context: ApiContext,
): Handler<typeof TaskInstanceService.method.completeTaskToken> {
  return async (request, call) => {
    const hash = bodyHash(CompleteTaskTokenRequestSchema, request);
    await endWait(context, call, { request, hash, news: newsOf });
    return {};
  };
}

export function heartbeatTaskToken(
  context: ApiContext,
): Handler<typeof TaskInstanceService.method.heartbeatTaskToken> {
  return async (request, call) => {
    const hash = bodyHash(HeartbeatTaskTokenRequestSchema, request);
    await endWait(context, call, {
      request,
      hash,
      news: () => ({ case: "heartbeat", value: { $typeName: "millrace.internal.v1.Done" } }),
    });
    return {};
  };
}

type Asked<R> = {
  readonly request: R;
  readonly hash: Buffer;
  /** Throws for what cannot be. */
  news(request: R): EndWait["news"];
};

/** The token is looked at first: what else is wrong with a request is nobody's business without one. */
async function endWait<R extends { readonly requestId: string; readonly token: string }>(
  { tokens, commands }: ApiContext,
  call: Call,
  { request, hash, news }: Asked<R>,
): Promise<void> {
  const { shard, runKey, ix, mapIx, attempt, attemptId } = await tokens.read(request.token);
  const command = {
    // Request ids are the token's own: strangers may choose the same.
    principal: `token:${attemptId}`,
    requestId: requestIdField(request.requestId),
    bodyHash: hash,
    command: {
      case: "endWait",
      value: {
        runKey: BigInt(runKey),
        taskIx: ix,
        mapIndex: mapIx,
        attempt,
        news: news(request),
      },
    },
  } as const;
  const { signal } = call;
  try {
    await commands.send(shard, command, { signal, answerMs: apiLimits.endWaitAnswerMs });
  } catch (error) {
    throw asOfToken(error);
  }
  call.log.info({ attempt_id: attemptId, news: command.command.value.news.case }, "token.used");
}

/** Its run may have been deleted. */
function asOfToken(error: unknown): unknown {
  if (!isMillraceError(error)) return error;
  const isGone = error.reason === "RUN_NOT_FOUND" || error.reason === "TASK_NOT_FOUND";
  return isGone ? new MillraceError("TASK_TOKEN_USED", undefined, { cause: error }) : error;
}

function newsOf({ outcome }: CompleteTaskTokenRequest): EndWait["news"] {
  switch (outcome.case) {
    case "success": {
      const { data } = outcome.value;
      // No bytes are no value, as of a task that returned nothing.
      if (data.length > 0) assertCodecValue("success", data);
      return outcome;
    }
    case "failure":
      return { case: "failure", value: failureToProto(failureOf(outcome.value)) };
    case undefined:
      throw fieldInvalid("outcome", "is unset; say success or failure.");
  }
}

function failureOf({ message, type, retryable = true }: TokenFailure): Failure {
  return { kind: "application", type, message, stack: "", retryable, retryAfterMs: null };
}
