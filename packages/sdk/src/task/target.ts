/** Targets: what a task makes, of which somebody can say whether it is there already. */

import type { Body } from "../wiring/body.ts";
import { flag, refuseOption, type Read } from "../options/read-options.ts";

/**
 * What a task makes: a file, an object, a row. Where it exists, the task is complete without running. Any object with
 * `exists` will do; `fileTarget`, `httpTarget` and `s3Target` of @millrace/operators are ready-made.
 *
 * @typeParam V the task's value.
 */
export type Target<V = undefined> = {
  /** For people, in logs and explanations: "file:///data/out.csv". At most 250 characters are shown. */
  readonly name?: string;
  /** Only looks. What it throws fails the attempt, which is retried as any. */
  exists(): boolean | PromiseLike<boolean>;
  /** The task's value where the body does not run. */
  read?(): V | PromiseLike<V>;
};

/** The target of a task that has a value: who comes after it wants that value whether the body runs or not. */
export type ReadableTarget<V> = Target<V> & { read(): V | PromiseLike<V> };

/** What a task with the value `V` may aim at: without `read`, its value is undefined where the target exists. */
export type TargetFor<V> = undefined extends V ? Target<V> : ReadableTarget<V>;

/** The options of a task that makes something of which can be said whether it is there. */
export type Targets<A extends readonly unknown[], V> = {
  /**
   * What the task makes, by its arguments. Where it exists when the task's turn comes, the body does not run, and the
   * task succeeds. It is called by the worker, before the body and after it.
   */
  readonly target: (...args: A) => TargetFor<V> | PromiseLike<TargetFor<V>>;
  /** Whether an attempt fails whose target does not exist when its body is done. Default true. */
  readonly checkTarget?: boolean;
};

/** A task's target as its worker has it. */
export type TaskTarget = { readonly of: Body; readonly isChecked: boolean };

const read: Read<Body> = (value, name) =>
  typeof value === "function"
    ? (value as Body)
    : refuseOption(
        name,
        value,
        "a function of the task's arguments that returns a target, such as (day) => fileTarget(`/out/${day}.csv`)",
      );

/** What the options `target` and `checkTarget` say. @throws MillraceError DAG_INVALID */
export function readTarget(
  target: unknown,
  checkTarget: unknown,
  what: string,
): TaskTarget | undefined {
  if (target === undefined) {
    if (checkTarget === undefined) return undefined;
    const remedy = "left out where there is no option target";
    return refuseOption(`${what}: option "checkTarget"`, checkTarget, remedy);
  }
  const isChecked =
    checkTarget === undefined ? true : flag(checkTarget, `${what}: option "checkTarget"`);
  return { of: read(target, `${what}: option "target"`), isChecked };
}
