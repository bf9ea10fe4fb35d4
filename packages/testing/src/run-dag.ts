/** Runs a DAG in memory to its end, for tests and for `millrace dags test`. */

import type { DagDefinition } from "@millrace/sdk/spec";
import type { RunResult } from "./result.ts";
import { resultOf } from "./result.ts";
import type { RunDagOptions } from "./run-options.ts";
import { makeRun } from "./run-options.ts";

/**
 * Runs a DAG's bodies in this process, on the engine that runs them in production, without server or database.
 * Waits for retries and sensors take no time. A failing task is a result, not an exception. Callbacks are really run.
 *
 * @example
 * const done = await runDag(etl, { params: { region: "eu" } });
 * expect(done.task("load").state).toBe("success");
 * @throws MillraceError PARAMS_INVALID, FIELD_INVALID, NOBODY_ANSWERS when it waits for what `events` does not bring, and the reasons of compiling a DAG
 */
export async function runDag<Given, Result = unknown>(
  definition: DagDefinition<Given, Result>,
  options: RunDagOptions<Given> = {},
): Promise<RunResult<Result>> {
  const run = makeRun(definition, options, true);
  await run.finish();
  return resultOf(run);
}
