/** Results as they may be stored: what is too large becomes a failure that says so, since a verdict must come of it. */

import { create } from "@bufbuild/protobuf";
import { failureFromProto, failureToProto } from "@millrace/wire";
import { FailureKind, FailureSchema, type Failure } from "@millrace/wire/v1";
import { ResultSchema, type Result } from "@millrace/wire/worker";
import { fieldInvalid } from "../fields.ts";
import { apiLimits, workerLimits } from "../limits.ts";
import { completeDeferral } from "./complete-deferral.ts";
import { storedValueProblem } from "./stored-values.ts";

/** @throws MillraceError FIELD_INVALID when there are too many, or one says nothing. */
export function checkedResults(results: readonly Result[]): Result[] {
  if (results.length > workerLimits.resultsPerMessage) {
    throw fieldInvalid(
      "results",
      `has ${results.length} entries; the limit is ${workerLimits.resultsPerMessage}.`,
    );
  }
  return results.map(checked);
}

function checked(result: Result): Result {
  const { outcome } = result;
  const problem = xcomsProblem(result.xcoms) ?? storedValueProblem(result);
  switch (outcome.case) {
    case undefined:
      throw fieldInvalid("results.outcome", "is unset; say how the attempt ended.");
    case "failed":
      // There and back cuts texts that are over their limits. What it failed of counts, not what it left.
      return create(ResultSchema, {
        ...result,
        outcome: { case: "failed", value: failureToProto(failureFromProto(outcome.value)) },
        xcoms: problem === null ? result.xcoms : {},
      });
    case "succeeded": {
      const why = problem ?? problemOf(outcome.value);
      return why === null ? withShortLabel(result, outcome.value) : refused(result, tooLarge(why));
    }
    case "deferred": {
      if (problem !== null) return refused(result, tooLarge(problem));
      const deferred = completeDeferral(outcome.value);
      if ("problem" in deferred) return refused(result, notAsked(deferred.problem));
      const value = deferred.deferral;
      return create(ResultSchema, { ...result, outcome: { case: "deferred", value } });
    }
    case "skipped":
    case "returned":
    case "rescheduled":
      return problem === null ? result : refused(result, tooLarge(problem));
  }
}

/** A label is for people: what is too long of it is left out. */
function withShortLabel(result: Result, value: Succeeded): Result {
  const { mapIndexLabel } = value;
  if (mapIndexLabel.length <= workerLimits.mapIndexLabelLength) return result;
  const short = mapIndexLabel.slice(0, workerLimits.mapIndexLabelLength).toWellFormed();
  const cut = { ...value, mapIndexLabel: short };
  return create(ResultSchema, { ...result, outcome: { case: "succeeded", value: cut } });
}

/** A failure in the place of what cannot be taken. */
function refused({ attemptId }: Result, value: Failure): Result {
  return create(ResultSchema, { attemptId, outcome: { case: "failed", value } });
}

type Succeeded = Extract<Result["outcome"], { case: "succeeded" }>["value"];

function problemOf({ returnValue, lengths, choice }: Succeeded): string | null {
  const most = workerLimits.choicesPerResult;
  if (lengths.length > most) return `It told ${lengths.length} lengths; the limit is ${most}.`;
  const cases = choice?.cases ?? [];
  if (cases.length > most || cases.some((name) => name.length > workerLimits.caseLength))
    return `It chose ${cases.length} cases; the limit is ${most}, of ${workerLimits.caseLength} characters each.`;
  const limit = apiLimits.valueBytesMax;
  const bytes = returnValue?.data.length ?? 0;
  if (bytes > limit)
    return `The return value has ${bytes} bytes; the limit is ${limit}. Store it elsewhere and return where.`;
  return null;
}

function xcomsProblem(xcoms: Result["xcoms"]): string | null {
  const keys = Object.keys(xcoms);
  if (keys.length > workerLimits.xcomsPerResult)
    return `It left ${keys.length} XComs; the limit is ${workerLimits.xcomsPerResult}.`;
  const limit = apiLimits.valueBytesMax;
  for (const key of keys) {
    if (
      key === "" ||
      key.length > workerLimits.xcomKeyLength ||
      key === "return_value" ||
      key.includes("\u0000")
    ) {
      return `The XCom key ${JSON.stringify(key.slice(0, 64))} is not allowed; use 1 to ${workerLimits.xcomKeyLength} characters, not return_value.`;
    }
    const size = xcoms[key]?.data.length ?? 0;
    if (size > limit)
      return `The XCom ${JSON.stringify(key)} has ${size} bytes; the limit is ${limit}.`;
  }
  return null;
}

function tooLarge(message: string): Failure {
  const type = "VALUE_TOO_LARGE";
  const kind = FailureKind.APPLICATION;
  return create(FailureSchema, { kind, type, message, stack: "", retryable: false });
}

/** A wait that nothing could end. */
function notAsked(message: string): Failure {
  const kind = FailureKind.SETUP;
  return create(FailureSchema, { kind, type: "FIELD_INVALID", message, retryable: false });
}
