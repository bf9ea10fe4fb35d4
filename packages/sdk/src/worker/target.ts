/** Completeness: before a body, whether what it makes is there already; after it, whether it is there now. */

import { MillraceError } from "@millrace/engine";
import { existingTargetKey } from "@millrace/wire";
import { runInContext } from "../context/context.ts";
import { encodeValue } from "../codec/codec.ts";
import type { Target, TaskTarget } from "../task/target.ts";
import { targetNameCharsMax } from "../limits.ts";
import type { Attempt } from "./attempt.ts";
import type { Outcome } from "./messages.ts";
import { failureOf, plainFailure } from "./outcome.ts";

/** What was there before the body, and what is the task's value therefore. */
export type Existing = { readonly value: unknown };

/** Null where the body has to run. Rejects with what the target throws. */
export async function existing(
  attempt: Attempt,
  target: TaskTarget,
  args: unknown[],
): Promise<Existing | null> {
  return await runInContext(attempt, async () => {
    const found = await targetOf(attempt, target, args);
    if (!(await doesExist(attempt, found))) return null;
    const value = await found.read?.();
    const name = nameOf(found);
    attempt.xcoms[existingTargetKey] = encodeValue(name, "the name of the target");
    attempt.lines.add("info", "system", `The target ${name} exists: the body was not run.`);
    return { value };
  });
}

/** The failure of an attempt whose body is done, and whose target is not there; null when all is well. */
export async function missing(
  attempt: Attempt,
  target: TaskTarget,
  args: unknown[],
): Promise<Outcome | null> {
  try {
    return await runInContext(attempt, async () => {
      const found = await targetOf(attempt, target, args);
      if (await doesExist(attempt, found)) return null;
      const message =
        `The body is done, and its target ${nameOf(found)} does not exist. Write it in the body, correct the option ` +
        "target, or set checkTarget: false where it appears later.";
      return {
        kind: "failed",
        failure: { ...plainFailure("application", message), type: "TargetMissing" },
      };
    });
  } catch (error) {
    return { kind: "failed", failure: failureOf(error, "application") };
  }
}

async function targetOf(
  { task }: Attempt,
  target: TaskTarget,
  args: unknown[],
): Promise<Target<unknown>> {
  const found = (await target.of(...args)) as Partial<Target<unknown>> | null | undefined;
  if (typeof found?.exists === "function") return found as Target<unknown>;
  throw new MillraceError(
    "VALUE_INVALID",
    `the option target of task "${task.id}" returned ${found === null ? "null" : typeof found}; it must be an object with a function exists, such as fileTarget(path)`,
  );
}

async function doesExist({ task }: Attempt, target: Target<unknown>): Promise<boolean> {
  const answer: unknown = await target.exists();
  if (typeof answer === "boolean") return answer;
  throw new MillraceError(
    "VALUE_INVALID",
    `exists() of the target ${nameOf(target)} of task "${task.id}" answered ${typeof answer}; it must be true or false`,
  );
}

function nameOf({ name }: Target<unknown>): string {
  if (typeof name !== "string" || name === "") return "without a name";
  return name.length > targetNameCharsMax ? `${name.slice(0, targetNameCharsMax - 1)}…` : name;
}
