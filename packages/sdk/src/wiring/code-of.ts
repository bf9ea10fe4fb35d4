/** The functions behind the tasks of a DAG. */

import { MillraceError } from "@millrace/engine";
import { dagMark, type DagDefinition } from "../dag/dag.ts";
import type { CallbackFunction } from "../callback/callback.ts";
import type { RetryPolicy } from "../task/retry-policy.ts";
import type { Body } from "./body.ts";
import type { TaskTarget } from "../task/target.ts";

/** The functions of a task. */
export type TaskCode = {
  readonly body: Body;
  readonly retryPolicy: RetryPolicy | undefined;
  /** Goes on after a wait. */
  readonly resume?: Body | undefined;
  /** What it makes; of a task that runs where it does not exist only. */
  readonly target?: TaskTarget | undefined;
};

/**
 * The function behind a handler of a DAG's bundle tasks.
 *
 * @throws MillraceError TASK_NOT_FOUND when the DAG, as it is now, has no such task.
 */
export function bodyOf(dag: DagDefinition, handler: string): Body {
  const body = dag[dagMark].bodyOf(handler);
  if (body !== undefined) return body;
  throw new MillraceError("TASK_NOT_FOUND", `DAG "${dag.id}" has no TypeScript task "${handler}"`);
}

/** What to ask about errors of a handler's function; undefined when the task has no retry policy. */
export function retryPolicyOf(dag: DagDefinition, handler: string): RetryPolicy | undefined {
  return dag[dagMark].retryPolicyOf(handler);
}

/** What goes on with a task after a wait; undefined when what it waited for is its value. */
export function resumeOf(dag: DagDefinition, handler: string): Body | undefined {
  return dag[dagMark].resumeOf(handler);
}

/** What a task makes, of which somebody can say whether it is there; undefined when it does not say. */
export function targetOf(dag: DagDefinition, handler: string): TaskTarget | undefined {
  return dag[dagMark].targetOf(handler);
}

/**
 * The function that the control plane asks under a handler, such as "#schedule()".
 *
 * @throws MillraceError TASK_NOT_FOUND when the DAG, as it is now, has no such function.
 */
export function calledOf(dag: DagDefinition, handler: string): Body {
  const called = dag[dagMark].calledOf(handler);
  if (called !== undefined) return called;
  throw new MillraceError("TASK_NOT_FOUND", `DAG "${dag.id}" has no function "${handler}"`);
}

/**
 * The function behind a handler of a callback, such as "load#onFailure/0", or "#onFailure/0" of the run.
 *
 * @throws MillraceError TASK_NOT_FOUND when the DAG, as it is now, has no such callback.
 */
export function callbackOf(dag: DagDefinition, handler: string): CallbackFunction {
  const callback = dag[dagMark].callbackOf(handler);
  if (callback !== undefined) return callback;
  throw new MillraceError(
    "TASK_NOT_FOUND",
    `DAG "${dag.id}" has no TypeScript callback "${handler}"`,
  );
}
