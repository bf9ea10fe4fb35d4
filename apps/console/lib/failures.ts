/** What a refused or failed call says to a person. */
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/wire/v1";

export type CallFailure = {
  /** One sentence. */
  readonly message: string;
  /** From the server's table of reasons, such as DAG_NOT_FOUND. Empty when it gave none. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether asking again can help. */
  readonly canRetry: boolean;
  readonly isNotFound: boolean;
};

export function callFailure(error: unknown): CallFailure {
  const connectError = ConnectError.from(error);
  const info = connectError.findDetails(ErrorInfoSchema)[0];
  return {
    message: isUnreachable(connectError) ? "The server cannot be reached." : sentence(connectError),
    reason: info?.reason ?? "",
    metadata: info?.metadata ?? {},
    canRetry: ![Code.NotFound, Code.InvalidArgument, Code.PermissionDenied].includes(
      connectError.code,
    ),
    isNotFound: connectError.code === Code.NotFound,
  };
}

/** No server answered: connection refused, a proxy without its server, no answer in time. A refusal with a reason is one. */
export function isUnreachable(error: unknown): boolean {
  const connectError = ConnectError.from(error);
  if (connectError.findDetails(ErrorInfoSchema).length > 0) return false;
  return (
    connectError.code === Code.Unavailable ||
    connectError.code === Code.DeadlineExceeded ||
    connectError.cause instanceof TypeError
  );
}

function sentence(error: ConnectError): string {
  return error.rawMessage === "" ? "The call failed without saying why." : error.rawMessage;
}
