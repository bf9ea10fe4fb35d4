/** Failures on the wire and as the engine knows them. */

import { create } from "@bufbuild/protobuf";
import type { Failure } from "@millrace/engine";
import type { Failure as FailureMessage } from "./gen/millrace/v1/value_pb.ts";
import { FailureKind, FailureSchema } from "./gen/millrace/v1/value_pb.ts";
import { durationOf, msOf } from "./time.ts";

const kinds = {
  application: FailureKind.APPLICATION,
  timeout: FailureKind.TIMEOUT,
  cancelled: FailureKind.CANCELLED,
  lost: FailureKind.LOST,
  exited: FailureKind.EXITED,
  setup: FailureKind.SETUP,
} as const satisfies Record<Failure["kind"], FailureKind>;

const names = new Map<FailureKind, Failure["kind"]>(
  Object.entries(kinds).map(([name, kind]) => [kind, name as Failure["kind"]]),
);

/** Bytes of UTF-8; longer texts are cut and end in "…". The same figures as in `value.proto`. */
const messageBytes = 4 * 1024;
const stackBytes = 16 * 1024;

/** Cuts what is over its limit: a failure is worth reporting however long its message. */
export function failureToProto(failure: Failure): FailureMessage {
  return create(FailureSchema, {
    kind: kinds[failure.kind],
    type: cut(failure.type, messageBytes),
    message: cut(failure.message, messageBytes),
    stack: cut(failure.stack, stackBytes),
    retryable: failure.retryable,
    retryAfter: durationOf(failure.retryAfterMs),
  });
}

/** Reads a failure; a kind that this version does not know counts as one of the task's body. */
export function failureFromProto(message: FailureMessage): Failure {
  return {
    kind: names.get(message.kind) ?? "application",
    type: cut(message.type, messageBytes),
    message: cut(message.message, messageBytes),
    stack: cut(message.stack, stackBytes),
    retryable: message.retryable,
    retryAfterMs: msOf(message.retryAfter),
  };
}

function cut(text: string, limit: number): string {
  // No text has more bytes than three times its length.
  if (text.length * 3 <= limit) return text;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= limit) return text;
  const ellipsis = "…";
  // A character that the cut would split is dropped whole.
  const kept = new TextDecoder().decode(bytes.subarray(0, limit - 3), { stream: true });
  return kept + ellipsis;
}
