/** Retry policies: what to do about an error, decided where the body ran. */

import type { Failure } from "@millrace/engine";
import { durationForms, durationMs, type Duration } from "../options/duration.ts";
import { decidesItself } from "../context/outcome.ts";

/**
 * What to do about an error: retry after the task's delay, fail at once, retry after a delay of its own, or leave it to
 * the task's options. It cannot give more retries than the task has.
 */
export type RetryDecision = "retry" | "fail" | { readonly after: Duration } | undefined | void;

/**
 * Asked about every error of a body but `FailTask`, `SkipTask` and `RetryTask`, which say it themselves.
 *
 * @param tryNumber which try failed, from 1.
 */
export type RetryPolicy = (error: unknown, tryNumber: number) => RetryDecision;

/**
 * The failure after the task's policy was asked. A policy that throws or answers something else changes nothing but
 * the message: an error in it must not hide the one it was asked about.
 *
 * @param thrown what the body threw.
 */
export function withRetryPolicy(
  policy: RetryPolicy | undefined,
  thrown: unknown,
  tryNumber: number,
  failure: Failure,
): Failure {
  if (policy === undefined || decidesItself(thrown)) return failure;
  try {
    return decided(policy(thrown, tryNumber), failure);
  } catch (error) {
    return withNote(failure, `its retry policy threw: ${String(error)}`);
  }
}

function decided(decision: unknown, failure: Failure): Failure {
  if (decision === undefined) return failure;
  if (decision === "retry") return { ...failure, retryable: true };
  if (decision === "fail") return { ...failure, retryable: false };
  const after = typeof decision === "object" && decision !== null && "after" in decision;
  const afterMs = after ? durationMs(decision.after) : null;
  if (afterMs !== null) return { ...failure, retryable: true, retryAfterMs: afterMs };
  return withNote(
    failure,
    `its retry policy answered neither "retry", "fail" nor { after }, with after being ${durationForms}`,
  );
}

function withNote(failure: Failure, note: string): Failure {
  return { ...failure, message: `${failure.message} (${note})` };
}
