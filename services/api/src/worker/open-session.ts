import { randomUUID } from "node:crypto";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { endSession, openSession } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import { principalLabel, type Handler } from "@millrace/service";
import type { OpenSessionRequest, WorkerService } from "@millrace/wire/worker";
import { hashToken } from "../auth/tokens.ts";
import { fieldInvalid, requestIdField, textField } from "../fields.ts";
import { workerLimits } from "../limits.ts";
import type { WorkerContext } from "./context.ts";
import { tellOwnersOfEnd } from "./inventories.ts";
import { expired } from "./sessions.ts";

/** The token follows from the worker's key and the request id, so that a repeated request gets the same session. */
export function openWorkerSession(
  context: WorkerContext,
): Handler<typeof WorkerService.method.openSession> {
  return async (request, call) => {
    const requestId = requestIdField(request.requestId);
    assertProtocol(request.protocol);
    const queues = queuesField(request, call.principal.queues);
    const token = call.deriveSecret(`session ${requestId}`);
    const row = await openSession(context.db, {
      sessionId: `ses_${randomUUID().replaceAll("-", "")}`,
      tokenHash: hashToken(token),
      requestId: `${principalLabel(call.principal)} ${requestId}`,
      workerName:
        textField("worker_name", request.workerName, workerLimits.workerNameLength) || "worker",
      sdk: textField("sdk", request.sdk, workerLimits.sdkLength),
      queues,
      handlers: namesField("handlers", request.handlers),
      runsBundles: request.runsBundles,
      slots: slotsField(request.slots),
      nodeId: context.nodeId,
      ttlMs: workerLimits.sessionTtlMs,
    });
    // Another key made it under the same id; its token is not this caller's to know.
    if (!row.token_hash.equals(hashToken(token))) throw new MillraceError("REQUEST_ID_REUSED");
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
  return async (request, call) => {
    const session = await context.sessions.require(request.session);
    await endSession(context.db, session.key);
    context.gateway.end(session);
    await tellOwnersOfEnd(context, session.key);
    call.log.info({ session_id: session.sessionId, worker: session.workerName }, "session.closed");
    return {};
  };
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
