/** The one place where errors become what a caller sees. */

import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { isMillraceError, reasons, type ReasonInfo, type ReasonName } from "@millrace/engine";
import { ErrorInfoSchema, StatusSchema, type ErrorInfo } from "@millrace/wire/v1";

/** The codes of gRPC, as the table of reasons names them. */
export type CodeName = ReasonInfo["code"] | "cancelled";

const codeNumbers: Record<CodeName, number> = {
  cancelled: 1,
  invalid_argument: 3,
  deadline_exceeded: 4,
  not_found: 5,
  already_exists: 6,
  permission_denied: 7,
  resource_exhausted: 8,
  failed_precondition: 9,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
};

const errorDomain = "millrace";

/** What a caller sees of an error. */
export type PublicError = {
  readonly code: CodeName;
  readonly message: string;
  readonly info: ErrorInfo;
  /** Whether it is a fault of ours, whose cause belongs into the log and not into the answer. */
  readonly isFault: boolean;
};

/**
 * Turns any error into what the caller may see. Errors of ours keep their reason, message and metadata; a caller that
 * went away is CANCELLED; everything else is INTERNAL with the request id, and nothing of it leaves the process.
 */
export function errorToStatus(
  error: unknown,
  requestId: string,
  signal?: AbortSignal,
): PublicError {
  if (isMillraceError(error)) {
    // A reason of another copy of this package may be unknown here.
    const known = Object.hasOwn(reasons, error.reason) ? reasons[error.reason] : reasons.INTERNAL;
    return publicError(
      known.code,
      error.message,
      error.reason,
      error.metadata,
      error.reason === "INTERNAL",
    );
  }
  if (signal?.aborted === true) {
    return publicError(
      "cancelled",
      "The caller is gone, or its deadline has passed.",
      "UNAVAILABLE",
      {},
      false,
    );
  }
  const message = `${reasons.INTERNAL.text} (request id ${requestId})`;
  return publicError("internal", message, "INTERNAL", { request_id: requestId }, true);
}

/** The trailer `grpc-status-details-bin`: a google.rpc.Status. */
export function statusDetails(error: PublicError): Buffer {
  const status = create(StatusSchema, {
    code: codeNumbers[error.code],
    message: error.message,
    details: [anyPack(ErrorInfoSchema, error.info)],
  });
  return Buffer.from(toBinary(StatusSchema, status));
}

function publicError(
  code: CodeName,
  message: string,
  reason: ReasonName,
  metadata: Readonly<Record<string, string>>,
  isFault: boolean,
): PublicError {
  const info = create(ErrorInfoSchema, { reason, domain: errorDomain, metadata: { ...metadata } });
  return { code, message, info, isFault };
}
