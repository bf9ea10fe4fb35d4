/** What bodies of branches, short circuits and sensors answer, and how workers and test runners read it. */

import { MillraceError, type TaskSpec } from "@millrace/engine";
import { isMarked } from "../shared.ts";

const doneMark: unique symbol = Symbol.for("millrace.done");

/** A sensor's answer that what it waits for is there, with a value. */
export interface Done<out T> {
  readonly [doneMark]: { readonly value: T };
}

/**
 * Answers that a sensor is done; the value becomes the task's.
 *
 * @example return size > 0 ? done({ path, size }) : false;
 */
export function done(): Done<undefined>;
export function done<T>(value: T): Done<T>;
export function done(value?: unknown): Done<unknown> {
  return { [doneMark]: { value } };
}

/** What the body of a sensor may answer: `true` is done without a value, false and nothing are "not yet". */
export type SensorAnswer<T = unknown> = Done<T> | boolean | null | undefined | void;

/** What the body of a branch may answer: one case, several, or none. */
export type BranchAnswer<C extends string = string> = C | readonly C[] | null | undefined | void;

/** In the choice of a short circuit, what stands for going on. */
const goOn = "continue";

/**
 * Reads a sensor's answer.
 *
 * @param what names the task, such as `task "wait"`.
 * @throws MillraceError VALUE_INVALID for an answer that is none.
 */
export function readSensorAnswer(
  answer: unknown,
  what: string,
): { readonly isDone: boolean; readonly value: unknown } {
  if (isMarked(answer, doneMark)) {
    return { isDone: true, value: (answer as Done<unknown>)[doneMark].value };
  }
  if (answer === true) return { isDone: true, value: undefined };
  if (answer === false || answer === undefined || answer === null) {
    return { isDone: false, value: undefined };
  }
  throw new MillraceError(
    "VALUE_INVALID",
    `the sensor ${what} answered ${shown(answer)}; answer true, false or done(value)`,
  );
}

/**
 * What a branch or a short circuit chose, as it is reported: names of cases; of a short circuit, "continue" or none.
 * Null for a task that chooses nothing.
 *
 * @param returned what the body returned; it is the task's value too.
 * @throws MillraceError VALUE_INVALID for a case that the branch does not have, and for what is no answer.
 */
export function readChoice(
  { control, cases }: { readonly control: TaskSpec["control"]; readonly cases: readonly string[] },
  returned: unknown,
  what: string,
): readonly string[] | null {
  if (control === "none") return null;
  if (control === "branch") return chosenCases(returned, cases, what);
  if (typeof returned === "boolean") return returned ? [goOn] : [];
  throw new MillraceError(
    "VALUE_INVALID",
    `the short circuit ${what} returned ${shown(returned)}; return true to go on, false to skip`,
  );
}

function chosenCases(returned: unknown, cases: readonly string[], what: string): string[] {
  if (returned === undefined || returned === null) return [];
  const names: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  return [...new Set(names)].map((name) => {
    if (typeof name === "string" && cases.includes(name)) return name;
    throw new MillraceError(
      "VALUE_INVALID",
      `the branch ${what} chose ${shown(name)}, which is none of its cases: ${cases.join(", ")}`,
    );
  });
}

/** How much of a wrong answer a message repeats. */
const shownMax = 100;

function shown(answer: unknown): string {
  const text = typeof answer === "string" ? JSON.stringify(answer) : kindOf(answer);
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}

function kindOf(answer: unknown): string {
  if (answer === null || answer === undefined) return String(answer);
  if (Array.isArray(answer)) return "a list";
  return typeof answer === "object" ? "an object" : `a ${typeof answer}`;
}
