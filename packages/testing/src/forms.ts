/** JSON Schemas as the server applies them: to params, and to what people answer. */

import { Ajv2020 } from "ajv/dist/2020.js";
import type { ErrorObject } from "ajv/dist/2020.js";

/** Problems that a message shows. */
const shownProblems = 5;

/**
 * Fills defaults in, and says what is wrong with the rest; null when nothing is.
 *
 * @param name what the object is called in the answer, such as "params".
 */
export function fitTo(schema: string, values: object, name: string): string | null {
  const ajv = new Ajv2020({
    useDefaults: true,
    allErrors: true,
    strict: false,
    validateFormats: false,
  });
  const check = ajv.compile(JSON.parse(schema) as object);
  if (check(values)) return null;
  const problems = (check.errors ?? []).slice(0, shownProblems);
  return problems.map((problem) => sayProblem(problem, name)).join("; ");
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sayProblem({ instancePath, message, params }: ErrorObject, name: string): string {
  const field = instancePath === "" ? name : `${name}${instancePath.replaceAll("/", ".")}`;
  const extra =
    "additionalProperty" in params ? ` ("${String(params["additionalProperty"])}")` : "";
  return `${field} ${message ?? "is wrong"}${extra}`;
}
