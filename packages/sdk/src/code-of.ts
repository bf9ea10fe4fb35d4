/** The functions behind the tasks of a DAG. */

import { MillraceError } from "@millrace/engine";
import { dagMark, type DagDefinition } from "./dag.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { Body } from "./wiring.ts";

/** The functions of a task. */
export type TaskCode = { readonly body: Body; readonly retryPolicy: RetryPolicy | undefined };

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
