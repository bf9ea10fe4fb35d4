/** Params as the server takes them: checked against the DAG's schema, defaults filled in. */

import type { DagSpec } from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import { fitTo, isObject } from "./forms.ts";

/**
 * The params of a run. What is given is left as it is; the answer is a copy.
 *
 * @throws MillraceError PARAMS_INVALID that names the field
 */
export function readParams(spec: DagSpec, given: unknown): Record<string, unknown> {
  const params = structuredClone(given ?? {});
  if (!isObject(params))
    throw invalid(spec, `must be an object, not ${JSON.stringify(params) ?? typeof params}`);
  if (spec.paramsSchema === null) return params;
  const problem = fitTo(spec.paramsSchema, params, "params");
  if (problem === null) return params;
  throw invalid(spec, problem);
}

function invalid(spec: DagSpec, what: string): MillraceError {
  return new MillraceError(
    "PARAMS_INVALID",
    `The params of DAG "${spec.dagId}" do not fit its schema: ${what}.`,
  );
}
