/** For bundlers, workers and test runners: what is behind DAG definitions. Users do not import this. */

import { MillraceError } from "@millrace/engine";
import { dagMark, type DagDefinition } from "./dag.ts";
import type { Body } from "./wiring.ts";

export { encodeText, encodeValue, decodeValue } from "./codec.ts";
export { resolveArgs } from "./args.ts";
export { valueOfRun, type RunFacts, type RunValue } from "./run-facts.ts";
export { runInContext, type LogFields, type TaskContext, type TaskLog } from "./context.ts";
export { outcomeOfThrown, type Thrown } from "./outcome.ts";
export { dagsOf, isDag } from "./dags-of.ts";
export { durationMs, type Duration } from "./duration.ts";
export { instantMs, type Instant } from "./instant.ts";
export { valueBytesMax, valueDepthMax, xcomsMax } from "./limits.ts";
export type { DagDefinition, SpecOrigin } from "./dag.ts";
export type { Body } from "./wiring.ts";

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
