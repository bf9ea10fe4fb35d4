/** What a worker's report makes of a call. Pure. */

import type { Failure } from "@millrace/engine";
import { failureFromProto, isBlobRef } from "@millrace/wire";
import type { Result } from "@millrace/wire/worker";
import type { Answer } from "./call.ts";

/** `lost`: the worker lost it. `again`: it was given back. Either way somebody else is asked. */
export type Told =
  Exclude<Answer, { kind: "dropped" }> | { readonly kind: "lost" } | { readonly kind: "again" };

export function told({ outcome }: Pick<Result, "outcome">, bytesMax: number): Told {
  switch (outcome.case) {
    case "returned":
      return { kind: "again" };
    case "failed": {
      const failure = failureFromProto(outcome.value);
      return failure.kind === "lost" ? { kind: "lost" } : { kind: "failed", failure };
    }
    case "succeeded": {
      const value = outcome.value.returnValue?.data ?? null;
      if (value === null || (value.length <= bytesMax && !isBlobRef(value)))
        return { kind: "value", value };
      return noAnswer(`It answered ${value.length} bytes; an answer may have ${bytesMax}.`);
    }
    case "skipped":
    case "rescheduled":
    case "deferred":
    case undefined:
      return noAnswer(`It is asked for an answer, and reported: ${outcome.case ?? "nothing"}.`);
  }
}

export function noAnswer(
  message: string,
  kind: Failure["kind"] = "application",
): { readonly kind: "failed"; readonly failure: Failure } {
  const plain = { type: "", stack: "", retryable: true, retryAfterMs: null };
  return { kind: "failed", failure: { kind, message, ...plain } };
}
