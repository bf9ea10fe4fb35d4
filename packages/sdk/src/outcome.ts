/** What a body can throw to say more than "it failed". */

import { inspect } from "node:util";
import type { Failure } from "@millrace/engine";
import { isMarked } from "./shared.ts";

const failMark: unique symbol = Symbol.for("millrace.FailTask");
const skipMark: unique symbol = Symbol.for("millrace.SkipTask");

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

/** Longest message of a failure, in characters; longer ones end in "…". */
const messageMax = 4096;

/** Longest stack of a failure, in characters. */
const stackMax = 16_384;

export type Thrown =
  | { readonly kind: "skipped"; readonly message: string }
  | { readonly kind: "failed"; readonly failure: Failure };

/** What it means that a body threw this: anything but our two words is a failure that retries. */
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
