import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { endSession, openSession, requestReused, type SessionRow } from "@millrace/db";
import { isMillraceError, MillraceError } from "@millrace/engine";
import { principalLabel, type Handler } from "@millrace/service";
import {
  CloseSessionRequestSchema,
  CloseSessionResponseSchema,
  type OpenSessionRequest,
  type SessionRef,
  type WorkerService,
} from "@millrace/wire/worker";
import { hashToken } from "../auth/tokens.ts";
import { fieldInvalid, requestIdField, textField } from "../fields.ts";
import { once } from "../idempotency.ts";
import { workerLimits } from "../limits.ts";
import type { WorkerContext } from "./context.ts";
import { tellOwnersOfEnd } from "./inventories.ts";
import type { WorkerSession } from "./session.ts";
import { expired } from "./sessions.ts";

/** The token follows from the worker's key and the request id, so that a repeated request gets the same session. */
export function openWorkerSession(
  context: WorkerContext,
): Handler<typeof WorkerService.method.openSession> {
  return async (request, call) => {
    const requestId = requestIdField(request.requestId);
    assertProtocol(request.protocol);
    const token = call.deriveSecret(`session ${requestId}`);
    const announced = announcement(request, call.principal.queues);
    const row = await openSession(context.db, {
      ...announced,
      sessionId: `ses_${randomUUID().replaceAll("-", "")}`,
      tokenHash: hashToken(token),
      requestId: `${principalLabel(call.principal)} ${requestId}`,
      nodeId: context.nodeId,
      ttlMs: workerLimits.sessionTtlMs,
    });
    // Another key made it under the same id, whose token is not this caller's to know; or it was for another worker.
    if (!row.token_hash.equals(hashToken(token)) || !isFor(announced, row))
      throw requestReused({ method: call.method, requestId });
    if (row.ended_at !== null) throw expired();
    context.sessions.adopt(row);
    call.log.info(
      { session_id: row.session_id, worker: row.worker_name, slots: row.slots },
      "session.opened",
    );
    return {
      sessionId: row.session_id,
      sessionToken: token,
      ttl: durationFromMs(workerLimits.sessionTtlMs),
      renewInterval: durationFromMs(workerLimits.renewIntervalMs),
    };
  };
}

/** What the session still holds is given back at once: owners are told. */
export function closeSession(
  context: WorkerContext,
): Handler<typeof WorkerService.method.closeSession> {
  const schemas = { input: CloseSessionRequestSchema, output: CloseSessionResponseSchema };
  return async (request, call) => {
    // The answer outlives the session: kept like that of any other call.
    const session = await openOrClosed(context, request.session);
    const answer = await once(context, call, schemas, request, async (tx) => {
      if (session === null) throw expired();
      await endSession(tx, session.key);
      return {};
    });
    if (session === null) return answer;
    context.gateway.end(session);
    await tellOwnersOfEnd(context, session.key);
    call.log.info(
      { session_id: session.sessionId, worker: session.workerName, request_id: request.requestId },
      "session.closed",
    );
    return answer;
  };
}

/** Null when it has ended. */
async function openOrClosed(
  { sessions }: WorkerContext,
  ref: SessionRef | undefined,
): Promise<WorkerSession | null> {
  try {
    return await sessions.require(ref);
  } catch (error) {
    if (isMillraceError(error) && error.reason === "SESSION_EXPIRED") return null;
    throw error;
  }
}

/** What a worker says of itself. */
type Announced = Pick<SessionRow, "sdk" | "slots" | "queues" | "handlers"> & {
  readonly workerName: string;
  readonly runsBundles: boolean;
};

function announcement(request: OpenSessionRequest, allowed: readonly string[] | null): Announced {
  return {
    workerName:
      textField("worker_name", request.workerName, workerLimits.workerNameLength) || "worker",
    sdk: textField("sdk", request.sdk, workerLimits.sdkLength),
    queues: queuesField(request, allowed),
    handlers: namesField("handlers", request.handlers),
    runsBundles: request.runsBundles,
    slots: slotsField(request.slots),
  };
}

function isFor(announced: Announced, row: SessionRow): boolean {
  return isDeepStrictEqual(announced, {
    workerName: row.worker_name,
    sdk: row.sdk,
    queues: row.queues,
    handlers: row.handlers,
    runsBundles: row.runs_bundles,
    slots: row.slots,
  });
}

function assertProtocol(protocol: number): void {
  if (protocol === workerLimits.protocol) return;
  throw new MillraceError(
    "PROTOCOL_UNSUPPORTED",
    `The worker speaks protocol ${protocol}, this server ${workerLimits.protocol}; upgrade the older of the two.`,
  );
}

function queuesField(request: OpenSessionRequest, allowed: readonly string[] | null): string[] {
  const queues = namesField("queues", request.queues);
  const wanted = queues.length > 0 ? queues : ["default"];
  const foreign = allowed === null ? undefined : wanted.find((queue) => !allowed.includes(queue));
  if (foreign === undefined) return wanted;
  throw new MillraceError(
    "QUEUE_NOT_ALLOWED",
    `The worker key does not allow the queue ${JSON.stringify(foreign)}.`,
    {
      metadata: { queue: foreign },
    },
  );
}

function namesField(field: string, names: readonly string[]): string[] {
  if (names.length > workerLimits.namesMax)
    throw fieldInvalid(
      field,
      `has ${names.length} entries; the limit is ${workerLimits.namesMax}.`,
    );
  return [...new Set(names.map((name) => textField(field, name, workerLimits.workerNameLength)))];
}

function slotsField(slots: number): number {
  if (slots >= 1 && slots <= workerLimits.slotsMax) return slots;
  throw fieldInvalid("slots", `is ${slots}; write a number from 1 to ${workerLimits.slotsMax}.`);
}
