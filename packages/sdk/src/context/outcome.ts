/** What a body can throw to say more than "it failed". */

import { inspect } from "node:util";
import { MillraceError, type Failure } from "@millrace/engine";
import { durationForms, durationMs, type Duration } from "../options/duration.ts";
import { isMarked } from "../shared.ts";

const failMark: unique symbol = Symbol.for("millrace.FailTask");
const skipMark: unique symbol = Symbol.for("millrace.SkipTask");
const retryMark: unique symbol = Symbol.for("millrace.RetryTask");

/** Thrown by a body: the task fails at once, whatever retries are left. */
export class FailTask extends Error {
  readonly [failMark] = true;
  override readonly name = "FailTask";
}

/** Thrown by a body: the task is skipped, and so is what depends on it. */
export class SkipTask extends Error {
  readonly [skipMark] = true;
  override readonly name = "SkipTask";
}

export type RetryTaskOptions = ErrorOptions & {
  /** How long to wait before the next try. Default: the task's own delay. */
  readonly after?: Duration;
};

/**
 * Thrown by a body: the attempt failed, and the next one, if the task has retries left, comes after this long.
 *
 * @example throw new RetryTask("the quota is used up", { after: "15m" });
 */
export class RetryTask extends Error {
  readonly [retryMark]: { readonly afterMs: number | null };
  override readonly name = "RetryTask";

  /** @throws MillraceError FIELD_INVALID when `after` is no duration. */
  constructor(options?: RetryTaskOptions);
  constructor(message: string, options?: RetryTaskOptions);
  constructor(first: string | RetryTaskOptions = {}, second: RetryTaskOptions = {}) {
    const { after, ...options } = typeof first === "string" ? second : first;
    super(typeof first === "string" ? first : "the body asked for another try", options);
    const afterMs = after === undefined ? null : durationMs(after);
    if (after !== undefined && afterMs === null) {
      throw new MillraceError(
        "FIELD_INVALID",
        `RetryTask: after is ${JSON.stringify(after)}; it must be ${durationForms}`,
        { cause: this },
      );
    }
    this[retryMark] = { afterMs };
  }
}

/** Longest message of a failure, in characters; longer ones end in "…". */
const messageMax = 4096;

/** Longest stack of a failure, in characters. */
const stackMax = 16_384;

export type Thrown =
  | { readonly kind: "skipped"; readonly message: string }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Whether an error says by itself whether there is another try; no retry policy is asked about it. */
export function decidesItself(thrown: unknown): boolean {
  return [failMark, skipMark, retryMark].some((mark) => isMarked(thrown, mark));
}

/** What it means that a body threw this: anything but our three words is a failure that retries. */
export function outcomeOfThrown(thrown: unknown): Thrown {
  if (isMarked(thrown, skipMark)) return { kind: "skipped", message: messageOf(thrown) };
  return {
    kind: "failed",
    failure: {
      kind: "application",
      type: textIn(thrown, "name") ?? "",
      message: messageOf(thrown),
      stack: cut(textIn(thrown, "stack") ?? "", stackMax),
      retryable: !isMarked(thrown, failMark),
      retryAfterMs: isMarked(thrown, retryMark) ? (thrown as RetryTask)[retryMark].afterMs : null,
    },
  };
}

/** Anything can be thrown, also objects that have no text of their own. */
function messageOf(thrown: unknown): string {
  return cut(textIn(thrown, "message") ?? inspect(thrown), messageMax);
}

/** Errors of other realms are no `instanceof Error` here, so errors are read by their fields. */
function textIn(thrown: unknown, field: "name" | "message" | "stack"): string | null {
  if (typeof thrown === "string") return field === "message" ? thrown : null;
  if (typeof thrown !== "object" || thrown === null) return null;
  const value = (thrown as Readonly<Record<string, unknown>>)[field];
  return typeof value === "string" ? value : null;
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
