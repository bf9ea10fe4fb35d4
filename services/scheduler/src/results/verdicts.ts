/** The answers to results, and what rows say of results that are repeated or late. */

import { create, fromBinary } from "@bufbuild/protobuf";
import type { AttemptOutcome } from "@millrace/db";
import { isFinal, isWaitState, RunState, TaskState, type Verdict } from "@millrace/engine";
import { failureFromProto } from "@millrace/wire";
import { FailureKind, FailureSchema } from "@millrace/wire/v1";
import {
  StaleReason,
  VerdictKind,
  VerdictSchema,
  type Result,
  type Verdict as VerdictMessage,
} from "@millrace/wire/worker";
import { encodeFailure } from "../flush/step.ts";

const kinds = {
  OK: VerdictKind.OK,
  ALREADY: VerdictKind.ALREADY,
  CONFLICT: VerdictKind.CONFLICT,
  STALE: VerdictKind.STALE,
} as const satisfies Record<Verdict["kind"], VerdictKind>;

export function verdictMessage(attemptId: string, verdict: Verdict): VerdictMessage {
  const staleReason =
    verdict.kind === "STALE" ? StaleReason[verdict.reason] : StaleReason.UNSPECIFIED;
  return create(VerdictSchema, { attemptId, kind: kinds[verdict.kind], staleReason });
}

/** The body must stop; its result is still wanted. */
export function cancelVerdict(attemptId: string): VerdictMessage {
  return create(VerdictSchema, { attemptId, kind: VerdictKind.CANCEL_REQUESTED });
}

/** Nothing can be said just now: this node is not the owner, or the database is away. Ask again. */
export function noVerdict(attemptId: string): VerdictMessage {
  return create(VerdictSchema, { attemptId });
}

export const ok: Verdict = { kind: "OK" };
/** An attempt that this history has never granted. */
export const neverGranted: Verdict = { kind: "STALE", reason: "EPOCH" };
/** Somebody else has it now. */
export const regranted: Verdict = { kind: "STALE", reason: "EXPIRED_AND_REGRANTED" };
const cancelled: Verdict = { kind: "STALE", reason: "CANCELLED" };
/** It is over, whatever is said of it. */
export const finished: Verdict = { kind: "STALE", reason: "FINISHED" };
const cleared: Verdict = { kind: "STALE", reason: "CLEARED" };

/** What a success carries into its row: null when nothing was returned. */
export function outputOf(result: Result): Uint8Array | null {
  return result.outcome.case === "succeeded"
    ? (result.outcome.value.returnValue?.data ?? null)
    : null;
}

/** What a failure becomes in its row; the same result always gives the same bytes. */
function failureBytes(result: Result): Uint8Array | null {
  return result.outcome.case === "failed"
    ? encodeFailure(failureFromProto(result.outcome.value))
    : null;
}

/**
 * Judges a result by its rows: the same outcome with the same content was taken before, another one was, or it no
 * longer matters. Null when the attempt is still open there: its run is in nobody's memory just now.
 */
export function judgeByRow(
  row: AttemptOutcome | undefined,
  result: Result,
  attempt: number,
): Verdict | null {
  if (row === undefined || row.newest === null || attempt > row.newest) return neverGranted;
  if (attempt < row.newest) {
    const isRepeat =
      result.outcome.case === "failed" && isSame(row.earlierFailure, failureBytes(result));
    // Looks in vain leave no row.
    const isLook = result.outcome.case === "rescheduled" && row.earlierState === null;
    const isWait =
      result.outcome.case === "deferred" &&
      row.earlierState !== null &&
      isWaitState(row.earlierState);
    if (isRepeat || isLook || isWait) return { kind: "ALREADY" };
    return row.earlierState === TaskState.restarting ? cleared : regranted;
  }
  const { state } = row;
  if (state === TaskState.none) return cleared;
  const isOpen =
    state === TaskState.running || state === TaskState.scheduled || state === TaskState.restarting;
  if (isOpen && (row.runState === RunState.queued || row.runState === RunState.running))
    return null;
  // No try is behind the state: a person set it.
  if (state !== null && isFinal(state) && row.newest === row.uncounted)
    return row.isCancelled ? cancelled : finished;
  switch (result.outcome.case) {
    case "succeeded":
      if (state === TaskState.success) return same(isSameSuccess(row, result));
      break;
    case "failed":
      if (state === TaskState.failed || state === TaskState.up_for_retry) {
        if (isSame(row.failure, failureBytes(result))) return { kind: "ALREADY" };
      }
      break;
    case "skipped":
      if (state === TaskState.skipped && !row.isCancelled) return { kind: "ALREADY" };
      break;
    case "rescheduled":
      if (state === TaskState.up_for_reschedule) return { kind: "ALREADY" };
      break;
    case "deferred":
      if (state !== null && isWaitState(state)) return { kind: "ALREADY" };
      // What came of the wait may be anything, and so may be what ended an attempt that never got to wait.
      return row.isCancelled ? cancelled : finished;
    case "returned":
    case undefined:
      break;
  }
  if (row.isCancelled) return cancelled;
  return state !== null && wasReported(row, state) ? { kind: "CONFLICT" } : finished;
}

/** The attempt ended by what its worker said, not by the server's own decision. */
function wasReported(row: AttemptOutcome, state: TaskState): boolean {
  if (state === TaskState.success || isWaitState(state)) return true;
  if (!isFinal(state) && state !== TaskState.up_for_retry) return false;
  if (row.failure === null) return false;
  const { kind, type } = fromBinary(FailureSchema, row.failure);
  const isByServer =
    type === "ExecutionTimeout" || kind === FailureKind.LOST || kind === FailureKind.CANCELLED;
  return !isByServer;
}

function same(isTheSame: boolean): Verdict {
  return { kind: isTheSame ? "ALREADY" : "CONFLICT" };
}

function isSameSuccess({ out, choice }: AttemptOutcome, result: Result): boolean {
  const { outcome } = result;
  const chosen = outcome.case === "succeeded" ? (outcome.value.choice?.cases ?? null) : null;
  return isSame(out, outputOf(result)) && choice?.join("\n") === chosen?.join("\n");
}

function isSame(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return Buffer.compare(a, b) === 0;
}
