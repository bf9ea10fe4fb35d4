/** The answer that is taken when nobody gives one: checked where the body ran, so that it is known at once. */

import { MillraceError } from "@millrace/engine";
import type { ErrorObject } from "ajv/dist/2020.js";
import type { FormSpec } from "../waiting/trigger-spec.ts";

/** Problems that a message shows. */
const shownProblems = 5;

/**
 * The defaults of a form with those of its schema filled in; null where there are none. The schema is compiled either
 * way: a form that nobody could answer is found before it is asked.
 *
 * @throws MillraceError FIELD_INVALID naming the field.
 */
export async function formDefaults({ schema, defaults }: FormSpec): Promise<object | null> {
  // Loaded when it is needed: most workers never ask anybody.
  const { Ajv2020 } = await import("ajv/dist/2020.js");
  const ajv = new Ajv2020({
    useDefaults: true,
    allErrors: true,
    strict: false,
    validateFormats: false,
    logger: false,
  });
  let check;
  try {
    check = ajv.compile(JSON.parse(schema) as object);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw invalid("schema", `is no JSON Schema: ${problem}`);
  }
  if (defaults === null) return null;
  const values = structuredClone(defaults);
  if (check(values)) return values;
  const problems = (check.errors ?? []).slice(0, shownProblems).map(said);
  throw invalid("defaults", `break the schema: ${problems.join("; ")}`);
}

function said({ instancePath, message, params }: ErrorObject): string {
  const field = instancePath === "" ? "defaults" : `defaults${instancePath.replaceAll("/", ".")}`;
  const extra =
    "additionalProperty" in params ? ` ("${String(params["additionalProperty"])}")` : "";
  return `${field} ${message ?? "is wrong"}${extra}`;
}

function invalid(field: string, problem: string): MillraceError {
  return new MillraceError("FIELD_INVALID", `trigger.input: ${field} ${problem}`, {
    metadata: { field: `trigger.input: ${field}` },
  });
}
