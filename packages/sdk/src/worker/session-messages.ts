/** What the process that starts a worker and its session thread say to each other. */

import { isMillraceError, MillraceError, type ReasonName } from "@millrace/engine";
import type { ServerOptions } from "./connection.ts";
import type { LogMessage } from "./log.ts";
import type { FromRunner, ToRunner } from "./messages.ts";

export type SessionThreadData = {
  readonly announce: {
    readonly workerName: string;
    readonly sdk: string;
    readonly protocol: number;
    readonly queues: string[];
    readonly handlers: string[];
    readonly runsBundles: boolean;
    readonly slots: number;
  };
  readonly slots: number;
  readonly threads: number;
  readonly graceMs: number;
  readonly bundleCacheDir: string;
};

export type CarriedError = { readonly reason: ReasonName | null; readonly message: string };

/** From any thread that keeps a session. */
export type SessionMessage =
  | LogMessage
  | { readonly kind: "session"; readonly sessionId: string }
  | { readonly kind: "refused"; readonly error: CarriedError }
  | { readonly kind: "stopped" };

/** For handlers, which run in the process that started the worker. */
export type HandlerMessage = { readonly kind: "handler"; readonly message: ToRunner };

export type FromSession = SessionMessage | HandlerMessage;

/** To any thread that keeps a session. */
export type StopMessage =
  /** The first message: where the server is. Until then the thread does what it can without. */
  | { readonly kind: "server"; readonly server: ServerOptions }
  | { readonly kind: "stop"; readonly drainMs: number };

export type ToSession = StopMessage | { readonly kind: "handler"; readonly message: FromRunner };

/** Errors lose their class between threads. */
export function carryError(error: unknown): CarriedError {
  return isMillraceError(error)
    ? { reason: error.reason, message: error.message }
    : { reason: null, message: String(error) };
}

export function restoreError({ reason, message }: CarriedError): Error {
  return reason === null ? new Error(message) : new MillraceError(reason, message);
}
