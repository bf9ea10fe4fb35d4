/** From outcomes to the protocol's results. */

import { create } from "@bufbuild/protobuf";
import { FailureKind } from "@millrace/wire/v1";
import { ResultSchema, type Result } from "@millrace/wire/worker";
import { failureToProto } from "@millrace/wire";
import type { Outcome } from "./messages.ts";

export function resultOf(attemptId: string, outcome: Outcome): Result {
  switch (outcome.kind) {
    case "succeeded": {
      const xcoms = Object.fromEntries(
        Object.entries(outcome.xcoms).map(([key, data]) => [key, { data }]),
      );
      const value = outcome.value === null ? {} : { returnValue: { data: outcome.value } };
      return create(ResultSchema, {
        attemptId,
        outcome: { case: "succeeded", value: { ...value, xcoms } },
      });
    }
    case "failed":
      return create(ResultSchema, {
        attemptId,
        outcome: { case: "failed", value: failureToProto(outcome.failure) },
      });
    case "skipped":
      return create(ResultSchema, { attemptId, outcome: { case: "skipped", value: { message: outcome.message } } });
    case "returned":
      return create(ResultSchema, { attemptId, outcome: { case: "returned", value: { message: outcome.message } } });
  }
}

export function isCancelled(result: Result): boolean {
  return result.outcome.case === "failed" && result.outcome.value.kind === FailureKind.CANCELLED;
}
