/** Params as the server takes them: checked against the DAG's schema, defaults filled in. */

import type { DagSpec } from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ErrorObject } from "ajv/dist/2020.js";

/** Problems that a message shows. */
const shownProblems = 5;

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
  const ajv = new Ajv2020({
    useDefaults: true,
    allErrors: true,
    strict: false,
    validateFormats: false,
  });
  const check = ajv.compile(JSON.parse(spec.paramsSchema) as object);
  if (check(params)) return params;
  const problems = (check.errors ?? []).slice(0, shownProblems).map(sayProblem);
  throw invalid(spec, problems.join("; "));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sayProblem({ instancePath, message, params }: ErrorObject): string {
  const field = instancePath === "" ? "params" : `params${instancePath.replaceAll("/", ".")}`;
  const extra =
    "additionalProperty" in params ? ` ("${String(params["additionalProperty"])}")` : "";
  return `${field} ${message ?? "is wrong"}${extra}`;
}

function invalid(spec: DagSpec, what: string): MillraceError {
  return new MillraceError(
    "PARAMS_INVALID",
    `The params of DAG "${spec.dagId}" do not fit its schema: ${what}.`,
  );
}
