/** What happens around every handler, on every transport: request id, authentication, authorisation, errors. */

import { randomUUID } from "node:crypto";
import { MillraceError } from "@millrace/engine";
import { errorToStatus, type PublicError } from "./error-to-status.ts";
import type { Logger } from "./logger.ts";
import type { Principal } from "./principal.ts";
import type { Call } from "./rpc.ts";

/** Reads a request's metadata or headers; undefined when absent. */
export type HeaderReader = (name: string) => string | undefined;

/** A call as a transport hands it over. */
export type IncomingCall = {
  /** `package.Service/Method` */
  readonly method: string;
  /** From `requestIdOf`. */
  readonly requestId: string;
  readonly header: HeaderReader;
  readonly signal: AbortSignal;
  /** Whether a browser could have been made to send it: only HTTP carries cookies. */
  readonly isHttp: boolean;
  /** Whether the request came as HTTP GET, which only methods without side effects allow. */
  readonly isGet: boolean;
  setCookie(cookie: string): void;
};

export type Authenticated = {
  readonly principal: Principal;
  /** See `Call.deriveSecret`. */
  readonly deriveSecret: (purpose: string) => string;
};

/** Who may call what. One object for all transports. */
export type Gate = {
  /** Says who is calling. Throws UNAUTHENTICATED or PERMISSION_DENIED. No credential at all is `anonymous`. */
  authenticate(incoming: IncomingCall): Promise<Authenticated>;
  /** Throws UNAUTHENTICATED or PERMISSION_DENIED unless the principal may call the method on these ids. */
  authorize(principal: Principal, method: string, ids: Readonly<Record<string, string>>): void;
};

export type Calls = {
  /** Aborts when the server stops: streams end then, with UNAVAILABLE; other calls may finish. */
  readonly stopping: AbortSignal;
  stop(): void;
  /** Authenticates a call; `authorize` must follow before the handler runs. */
  open(incoming: IncomingCall): Promise<Call>;
  /** Ids are read from the message; streams are authorised before their first message, with none. */
  authorize(call: Call, message: unknown): void;
  /** Says what the caller sees of an error, and logs it, once, when it is a fault or a refusal. */
  fail(
    error: unknown,
    call: { method: string; requestId: string; signal: AbortSignal },
  ): PublicError;
};

const requestIdPattern = /^[A-Za-z0-9._-]{1,100}$/;

/** The caller's own `x-request-id` when it is fit to be logged, else a new one. */
export function requestIdOf(header: HeaderReader): string {
  const given = header("x-request-id");
  return given !== undefined && requestIdPattern.test(given) ? given : randomUUID();
}

export type CallsOptions = {
  readonly gate: Gate;
  readonly log: Logger;
  /** Turns errors of a library into ours, where that is more than a fault: a database that cannot be reached. */
  readonly translate?: (error: unknown) => unknown;
};

export function createCalls({ gate, log, translate = (error) => error }: CallsOptions): Calls {
  const stopping = new AbortController();
  return {
    stopping: stopping.signal,
    stop: () => stopping.abort(),
    async open(incoming) {
      const { principal, deriveSecret } = await gate.authenticate(incoming);
      return {
        method: incoming.method,
        requestId: incoming.requestId,
        principal,
        signal: incoming.signal,
        log,
        setCookie: incoming.setCookie,
        deriveSecret,
      };
    },
    authorize(call, message) {
      gate.authorize(call.principal, call.method, idsOf(message));
    },
    fail(error, call) {
      const shown = errorToStatus(translate(error), call.requestId, call.signal);
      const fields = { method: call.method, request_id: call.requestId, reason: shown.info.reason };
      if (shown.isFault) log.error({ ...fields, err: error }, "call.failed");
      else if (isRefusal(shown)) log.warn(fields, "call.refused");
      else log.debug({ ...fields, message: shown.message }, "call.rejected");
      return shown;
    },
  };
}

/** The call of a stream: its signal aborts when the server stops, too. */
export function streamCall(calls: Calls, call: Call): Call {
  return { ...call, signal: AbortSignal.any([call.signal, calls.stopping]) };
}

/** For streams that ended early because the server stops. */
export function assertNotStopping(calls: Calls): void {
  if (calls.stopping.aborted)
    throw new MillraceError("UNAVAILABLE", "The server stops; ask another.");
}

/** The fields of a request that name objects. */
const idFields = ["dagId", "runId", "taskId", "folder"] as const;

function idsOf(message: unknown): Readonly<Record<string, string>> {
  const ids: Record<string, string> = {};
  if (typeof message !== "object" || message === null) return ids;
  for (const field of idFields) {
    const value = (message as Record<string, unknown>)[field];
    if (typeof value === "string" && value !== "") ids[field] = value;
  }
  return ids;
}

function isRefusal(error: PublicError): boolean {
  return error.code === "unauthenticated" || error.code === "permission_denied";
}

/** Throws FIELD_INVALID with the decoder's reason, shortened: decoders echo input. */
export function undecodable(cause: unknown): MillraceError {
  const why = cause instanceof Error ? cause.message.slice(0, 200) : "unreadable";
  return new MillraceError("FIELD_INVALID", `The request cannot be read: ${why}`, { cause });
}
