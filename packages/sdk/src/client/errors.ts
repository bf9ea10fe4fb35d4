/** From errors of a call to the one class of errors, by the reason that the server gives. */

import { Code, ConnectError } from "@connectrpc/connect";
import { MillraceError, reasons, type ReasonName } from "@millrace/engine";
import { ErrorInfoSchema } from "@millrace/wire/v1";

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
  const failed = ConnectError.from(error);
  const info = failed.findDetails(ErrorInfoSchema).find((detail) => detail.domain === domain);
  const reason =
    info !== undefined && isReason(info.reason) ? info.reason : (byCode[failed.code] ?? "INTERNAL");
  return new MillraceError(reason, failed.rawMessage, {
    metadata: info === undefined ? {} : { ...info.metadata },
    cause: error,
  });
}

/** Aborted is what a connection that breaks in the middle of an answer becomes: its server died. */
const passing: readonly Code[] = [Code.Unavailable, Code.DeadlineExceeded, Code.Aborted];

/** Whether the same call, with the same request id, may well succeed soon. */
export function isPassing(error: unknown): boolean {
  return passing.includes(ConnectError.from(error).code);
}

function isReason(reason: string): reason is ReasonName {
  return Object.hasOwn(reasons, reason);
}
