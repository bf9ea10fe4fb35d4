/** From errors of a call to the one class of errors, by the reason that the server gives. */

import { Code, ConnectError } from "@connectrpc/connect";
import { isMillraceError, MillraceError, reasons, type ReasonName } from "@millrace/engine";
import { ErrorInfoSchema, type ErrorInfo } from "@millrace/wire/v1";

/** Who defines our reasons. */
const domain = "millrace";

/** Reasons for answers without details: those of proxies, and of servers that cannot be reached. */
const byCode: Partial<Record<Code, ReasonName>> = {
  [Code.Unavailable]: "UNAVAILABLE",
  [Code.DeadlineExceeded]: "UNAVAILABLE",
  [Code.Aborted]: "UNAVAILABLE",
  [Code.Unauthenticated]: "UNAUTHENTICATED",
  [Code.PermissionDenied]: "PERMISSION_DENIED",
  [Code.ResourceExhausted]: "OVERLOADED",
  [Code.InvalidArgument]: "FIELD_INVALID",
};

export function errorOfCall(error: unknown): MillraceError {
  if (isMillraceError(error)) return error;
  const failed = ConnectError.from(error);
  const info = infoOf(failed);
  return new MillraceError(reasonOf(error, failed, info), textOf(error), {
    metadata: info === null ? {} : { ...info.metadata },
    cause: error,
  });
}

/** What went wrong, in words; a connection tried at several addresses has them in its parts only. */
export function textOf(error: unknown): string {
  const { rawMessage, cause } = ConnectError.from(error);
  if (rawMessage !== "" || !(cause instanceof AggregateError)) return rawMessage;
  return cause.errors.map(String).join(", ");
}

/** Answers of proxies, and of connections that break: nobody of ours has decided anything. */
const passing: readonly Code[] = [
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Aborted,
  Code.Unknown,
];

/**
 * Whether the same call, with the same request id, may well succeed soon.
 *
 * @param of `hasBegun`: the stream had given messages. What ends it then without a reason of ours is a connection that broke.
 */
export function isPassing(
  error: unknown,
  of: { readonly hasBegun: boolean } | null = null,
): boolean {
  if (isMillraceError(error)) return mayPass(error.reason);
  const failed = ConnectError.from(error);
  const info = infoOf(failed);
  if (info !== null) return isReason(info.reason) && mayPass(info.reason);
  return passing.includes(failed.code) || isOfNetwork(error) || of?.hasBegun === true;
}

/** A server that is too busy is one that cannot be reached just now. */
function mayPass(reason: ReasonName): boolean {
  return reasons[reason].code === "unavailable" || reason === "OVERLOADED";
}

function reasonOf(error: unknown, failed: ConnectError, info: ErrorInfo | null): ReasonName {
  if (info !== null && isReason(info.reason)) return info.reason;
  return byCode[failed.code] ?? (isOfNetwork(error) ? "UNAVAILABLE" : "INTERNAL");
}

function infoOf(failed: ConnectError): ErrorInfo | null {
  return failed.findDetails(ErrorInfoSchema).find((detail) => detail.domain === domain) ?? null;
}

/** An error of connecting, sending or receiving, which Node gives together with the system call that failed. */
function isOfNetwork(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return "syscall" in error || isOfNetwork(error.cause);
}

function isReason(reason: string): reason is ReasonName {
  return Object.hasOwn(reasons, reason);
}
