import type { Code } from "@connectrpc/connect";
import { ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/wire/v1";

/** An error as the api sends it: a code, and a reason with its facts. */
export function refusal(
  code: Code,
  reason: string,
  message: string,
  metadata: Record<string, string> = {},
): ConnectError {
  return new ConnectError(message, code, undefined, [
    { desc: ErrorInfoSchema, value: { reason, domain: "millrace", metadata } },
  ]);
}
