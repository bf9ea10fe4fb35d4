/** Checks of single request fields. Messages name the field and never repeat more than a little of the input. */

import { MillraceError, partitionKeyProblem, type EpochMs } from "@millrace/engine";
import { runKeyOf } from "@millrace/wire";
import { apiLimits } from "./limits.ts";

const idPattern = /^[A-Za-z0-9_.-]{1,250}$/;
const shownLength = 64;

export function fieldInvalid(field: string, what: string): MillraceError {
  return new MillraceError("FIELD_INVALID", `${field} ${what}`, { metadata: { field } });
}

/** The years that every date of ours lies in. `Date.UTC` takes a year below 100 for one of the twentieth century. */
const earliest = Date.parse("0001-01-01T00:00:00Z");
const latest = Date.parse("9999-12-31T23:59:59.999Z");

/** @throws MillraceError FIELD_INVALID for what is no date within the years 1 to 9999. */
export function requireYear(field: string, at: EpochMs): void {
  if (!(at >= earliest && at <= latest))
    throw fieldInvalid(field, "is not within the years 1 to 9999.");
}

/** Text as it came, for messages: short, and without anything a terminal would act on. */
export function shown(text: string): string {
  const short = text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
  return JSON.stringify(short);
}

/** @throws MillraceError FIELD_INVALID when the text is too long or has characters that no store takes. */
export function textField(field: string, text: string, lengthMax: number): string {
  if (text.length > lengthMax)
    throw fieldInvalid(field, `has ${text.length} characters; the limit is ${lengthMax}.`);
  if (text.includes("\u0000")) throw fieldInvalid(field, "has a NUL character; remove it.");
  return text.toWellFormed();
}

/** Null for none. @throws MillraceError FIELD_INVALID */
export function partitionKeyField(key: string): string | null {
  if (key === "") return null;
  const problem = partitionKeyProblem(key);
  if (problem === null) return key;
  throw fieldInvalid("partition_key", `is ${shown(key)}; ${problem}.`);
}

/** @throws MillraceError REQUEST_ID_MISSING */
export function requestIdField(requestId: string): string {
  if (
    requestId.length === 0 ||
    requestId.length > apiLimits.requestIdLength ||
    requestId.includes("\u0000")
  ) {
    throw new MillraceError("REQUEST_ID_MISSING");
  }
  return requestId.toWellFormed();
}

/** @throws MillraceError FIELD_INVALID when empty, DAG_NOT_FOUND when no DAG can have it. */
export function dagIdField(dagId: string): string {
  if (dagId === "") throw fieldInvalid("dag_id", "is empty; say which DAG.");
  if (!idPattern.test(dagId)) throw dagNotFound(dagId);
  return dagId;
}

/** @throws MillraceError FIELD_INVALID when empty, RUN_NOT_FOUND when no run can have it. */
export function runIdField(runId: string): number {
  if (runId === "") throw fieldInvalid("run_id", "is empty; say which run.");
  const key = runKeyOf(runId);
  if (key === null) throw runNotFound(runId);
  return key;
}

export function dagNotFound(dagId: string): MillraceError {
  return new MillraceError("DAG_NOT_FOUND", `No DAG has the id ${shown(dagId)}.`, {
    metadata: { dag_id: dagId.slice(0, shownLength) },
  });
}

export function runNotFound(runId: string): MillraceError {
  return new MillraceError("RUN_NOT_FOUND", `No DAG run has the id ${shown(runId)}.`, {
    metadata: { run_id: runId.slice(0, shownLength) },
  });
}
