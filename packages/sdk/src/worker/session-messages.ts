/** What the process that starts a worker and its session thread say to each other. */

import { isMillraceError, MillraceError, type ReasonName } from "@millrace/engine";
import type { ServerOptions } from "./connection.ts";
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

export type FromSession =
  | {
      readonly kind: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly fields: object;
      readonly event: string;
    }
  | { readonly kind: "session"; readonly sessionId: string }
  | { readonly kind: "refused"; readonly error: CarriedError }
  /** For handlers, which run in the process that started the worker. */
  | { readonly kind: "handler"; readonly message: ToRunner }
  | { readonly kind: "stopped" };

export type ToSession =
  /** The first message: where the server is. Until then the thread does what it can without. */
  | { readonly kind: "server"; readonly server: ServerOptions }
  | { readonly kind: "stop"; readonly drainMs: number }
  | { readonly kind: "handler"; readonly message: FromRunner };

/** Errors lose their class between threads. */
export function carryError(error: unknown): CarriedError {
  return isMillraceError(error)
    ? { reason: error.reason, message: error.message }
    : { reason: null, message: String(error) };
}

export function restoreError({ reason, message }: CarriedError): Error {
  return reason === null ? new Error(message) : new MillraceError(reason, message);
}
