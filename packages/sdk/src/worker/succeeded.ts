/** What the control plane has to know of a value that it never looks into: what it chose, how long its lists are. */

import { isMillraceError, MillraceError } from "@millrace/engine";
import { readChoice } from "../task/answers.ts";
import { follow } from "../context/args.ts";
import { decodeValue, encodeText, encodeValue } from "../codec/codec.ts";
import { blobBytesMax } from "../limits.ts";
import type { PathKey } from "../wiring/reference.ts";
import type { Attempt } from "./attempt.ts";
import { renderLabel } from "./label.ts";
import type { Outcome } from "./messages.ts";
import { failureOf } from "./outcome.ts";

/** The outcome of a body that returned this; a failure when the value does not fit its task. */
export async function succeeded(attempt: Attempt, value: unknown): Promise<Outcome> {
  const { work } = attempt;
  const what = `task "${work.taskId}"`;
  let choice: readonly string[] | null;
  let data: Uint8Array | null;
  try {
    choice = readChoice(work, value, what);
    data = value === undefined ? null : encodeValue(value, `the result of ${what}`, blobBytesMax);
  } catch (error) {
    // The same value would be refused again: no retry can help.
    return {
      kind: "failed",
      failure: failureOf(error, "application", !isMillraceError(error)),
    };
  }
  try {
    const lengths = lengthsOf(value, work.measuredPaths, `the result of ${what}`);
    const { run, items } = attempt;
    const mapIndexLabel = await renderLabel(work.mapIndexTemplate, { ...work, run, items });
    const { outletEvents } = attempt;
    const said = outletEvents.length > 0 ? { outletEvents } : {};
    return { kind: "succeeded", value: data, lengths, choice, mapIndexLabel, ...said };
  } catch (error) {
    return { kind: "failed", failure: failureOf(error, "setup", false) };
  }
}

/**
 * How long the lists at the measured paths of a value are.
 *
 * @param what names the value.
 * @throws MillraceError VALUE_INVALID where there is no list.
 */
export function lengthsOf(
  value: unknown,
  measuredPaths: readonly Uint8Array[],
  what: string,
): number[] {
  return measuredPaths.map((path) => lengthOf(value, readPath(path), what));
}

function lengthOf(value: unknown, path: readonly PathKey[], what: string): number {
  const found = follow(value, path);
  if (Array.isArray(found)) return found.length;
  const place = path.map((key) => `[${JSON.stringify(key)}]`).join("");
  throw new MillraceError(
    "VALUE_INVALID",
    `${what}${place} is ${described(found)} and no list, but another task is mapped over it`,
  );
}

function readPath(path: Uint8Array): PathKey[] {
  const read = decodeValue(path, "a measured path");
  const isPath =
    Array.isArray(read) && read.every((key) => typeof key === "string" || Number.isInteger(key));
  if (isPath) return read as PathKey[];
  throw new MillraceError("VALUE_INVALID", "the assignment measures a value without a path");
}

/** How much of a wrong value a message repeats. */
const shownMax = 100;

function described(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "object") return `a ${value.constructor?.name ?? "Object"}`;
  const text = encodeText(value);
  return `the ${typeof value} ${text.length > shownMax ? `${text.slice(0, shownMax)}…` : text}`;
}
