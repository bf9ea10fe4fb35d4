/** What the command's exit code says; the table stands in docs/cli.md. */
import { Code, ConnectError } from "@connectrpc/connect";
import { isMillraceError, reasons } from "@millrace/engine";
import { ErrorInfoSchema } from "@millrace/wire/v1";

export const ExitCode = {
  ok: 0,
  /** The thing asked for failed, such as the run that was watched. */
  failed: 1,
  usage: 2,
  notFound: 3,
  auth: 4,
  conflict: 5,
  unavailable: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Thrown by commands to end with a code and one sentence for people. */
export class CommandFailure extends Error {
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string) {
    super(message);
    this.name = "CommandFailure";
    this.code = code;
  }
}

const byCode: Partial<Record<Code, ExitCode>> = {
  [Code.InvalidArgument]: ExitCode.usage,
  [Code.NotFound]: ExitCode.notFound,
  [Code.Unauthenticated]: ExitCode.auth,
  [Code.PermissionDenied]: ExitCode.auth,
  [Code.AlreadyExists]: ExitCode.conflict,
  [Code.FailedPrecondition]: ExitCode.conflict,
  // A connection that broke in the middle of an answer.
  [Code.Aborted]: ExitCode.unavailable,
  [Code.Unavailable]: ExitCode.unavailable,
  [Code.DeadlineExceeded]: ExitCode.unavailable,
  [Code.ResourceExhausted]: ExitCode.unavailable,
};

const byReason: Record<string, ExitCode> = {
  invalid_argument: ExitCode.usage,
  not_found: ExitCode.notFound,
  unauthenticated: ExitCode.auth,
  permission_denied: ExitCode.auth,
  already_exists: ExitCode.conflict,
  failed_precondition: ExitCode.conflict,
  unavailable: ExitCode.unavailable,
  resource_exhausted: ExitCode.unavailable,
};

/** The code and the sentence an error ends the command with. */
export function describeFailure(error: unknown): { code: ExitCode; message: string } {
  if (error instanceof CommandFailure) return { code: error.code, message: error.message };
  if (isMillraceError(error)) {
    const code = byReason[reasons[error.reason].code] ?? ExitCode.failed;
    return { code, message: error.message };
  }
  if (error instanceof ConnectError) {
    return { code: byCode[error.code] ?? ExitCode.failed, message: explainConnect(error) };
  }
  return { code: ExitCode.failed, message: error instanceof Error ? error.message : String(error) };
}

function explainConnect(error: ConnectError): string {
  if (error.code === Code.Aborted) {
    return `The connection to the server broke (${error.rawMessage}); ask again.`;
  }
  if (error.code === Code.Unavailable && /ECONNREFUSED|ENOTFOUND|ECONNRESET/.test(error.message)) {
    return `No Millrace server answers (${error.rawMessage}). Start one with "millrace up", or name another with --url or MILLRACE_URL.`;
  }
  if (error.code === Code.Unauthenticated && reasonOf(error) !== "TASK_TOKEN_INVALID") {
    return `${error.rawMessage} Name a key with --key-file or MILLRACE_KEY.`;
  }
  return error.rawMessage;
}

/** Empty for answers of proxies, and of servers that cannot be reached. */
function reasonOf(error: ConnectError): string {
  return error.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
}
