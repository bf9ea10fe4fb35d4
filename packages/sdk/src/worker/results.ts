/** From outcomes to the protocol's results. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { FailureKind } from "@millrace/wire/v1";
import { ResultSchema, type Result } from "@millrace/wire/worker";
import { failureToProto } from "@millrace/wire";
import type { Outcome } from "./messages.ts";

export function resultOf(attemptId: string, outcome: Outcome): Result {
  return create(ResultSchema, { attemptId, outcome: outcomeToProto(outcome) });
}

function outcomeToProto(
  outcome: Outcome,
): NonNullable<MessageInitShape<typeof ResultSchema>["outcome"]> {
  if (outcome.kind === "failed") return { case: "failed", value: failureToProto(outcome.failure) };
  if (outcome.kind === "skipped") return { case: "skipped", value: { message: outcome.message } };
  if (outcome.kind === "rescheduled") {
    return { case: "rescheduled", value: { after: durationFromMs(outcome.afterMs) } };
  }
  if (outcome.kind === "returned") return { case: "returned", value: { message: outcome.message } };
  const entries = Object.entries(outcome.xcoms).map(([key, data]) => [key, { data }]);
  const value = outcome.value === null ? {} : { returnValue: { data: outcome.value } };
  const { lengths, choice, mapIndexLabel } = outcome;
  return {
    case: "succeeded",
    value: {
      ...value,
      xcoms: Object.fromEntries(entries),
      lengths: [...lengths],
      mapIndexLabel,
      ...(choice !== null && { choice: { cases: [...choice] } }),
    },
  };
}

export function isCancelled(result: Result): boolean {
  return result.outcome.case === "failed" && result.outcome.value.kind === FailureKind.CANCELLED;
}
