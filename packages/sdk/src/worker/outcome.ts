/** Turns what a body threw into what is reported. */

import { isMillraceError, type Failure } from "@millrace/engine";
import { plainStack } from "../bundle/stack.ts";
import { outcomeOfThrown } from "../context/outcome.ts";
import { failureMessageBytesMax, failureStackBytesMax } from "./limits.ts";
import type { Outcome, StopCause, Work } from "./messages.ts";
import { cut } from "./text.ts";

/** Causes of causes that are shown. */
const causesMax = 5;

/** What it means that a body threw this. */
export function bodyOutcome(thrown: unknown): Outcome {
  const outcome = outcomeOfThrown(thrown);
  return outcome.kind === "skipped"
    ? outcome
    : { kind: "failed", failure: failureOf(thrown, "application") };
}

/** The failure for anything thrown. `kind` says who failed: the body, or the preparation before it. */
export function failureOf(thrown: unknown, kind: Failure["kind"], mayRetry = true): Failure {
  const outcome = outcomeOfThrown(thrown);
  const failure = outcome.kind === "failed" ? outcome.failure : plainFailure(kind, outcome.message);
  return {
    kind,
    type: isMillraceError(thrown) ? thrown.reason : failure.type,
    message: cut(plainStack(failure.message), failureMessageBytesMax),
    stack: cut(stackOf(thrown), failureStackBytesMax),
    retryable: mayRetry && failure.retryable,
    retryAfterMs: failure.retryAfterMs,
  };
}

/** A failure that has no error behind it. */
export function plainFailure(kind: Failure["kind"], message: string, retryable = true): Failure {
  return {
    kind,
    type: "",
    message: cut(message, failureMessageBytesMax),
    stack: "",
    retryable,
    retryAfterMs: null,
  };
}

/** What is reported of an attempt that was told to stop, whatever its body did afterwards. */
export function stoppedOutcome(cause: StopCause, { timeoutMs, work }: StoppedTask): Outcome {
  if (cause !== "timeout") {
    return {
      kind: "failed",
      failure: plainFailure("cancelled", "The attempt was cancelled.", false),
    };
  }
  const what = nameOf(work);
  const message = `${what} took longer than its execution timeout of ${(timeoutMs ?? 0) / 1000} s.`;
  return work.sensor?.softFail === true
    ? { kind: "skipped", message }
    : { kind: "failed", failure: plainFailure("timeout", message) };
}

type StoppedTask = {
  readonly timeoutMs: number | null;
  readonly work: Pick<Work, "sensor" | "callback" | "call">;
};

function nameOf({ sensor, callback, call }: StoppedTask["work"]): string {
  if (sensor !== null) return "A look of the sensor";
  if (call !== null) return `The function of "${call.name}"`;
  return callback === null ? "The attempt" : "The callback";
}

function stackOf(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  for (let depth = 0; depth < causesMax && current instanceof Error; depth++) {
    const stack = userFrames(current.stack ?? String(current));
    parts.push(depth === 0 ? stack : `Caused by: ${stack}`);
    current = current.cause;
  }
  return plainStack(parts.join("\n"));
}

/** Frames of the worker below the body tell its author nothing. */
function userFrames(stack: string): string {
  const lines = stack.split("\n");
  const end = lines.findIndex((line) => line.includes("millraceCallBody"));
  return (end === -1 ? lines : lines.slice(0, end)).join("\n");
}
