/** Params of a run: checked against the DAG's schema, defaults filled in. */

import { MillraceError } from "@millrace/engine";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { shown } from "./fields.ts";
import { apiLimits } from "./limits.ts";

/** `format` is a note to people in this draft; unknown keywords are those of other tools. Nothing is ever fetched. */
const options = {
  useDefaults: true,
  strict: false,
  validateFormats: false,
  logger: false,
  addUsedSchema: false,
} as const;

/** Compiles a schema; null means any object. Throws PARAMS_INVALID when it is no JSON Schema. */
export function compileParamsSchema(schema: string | null): ValidateFunction | null {
  if (schema === null || schema === "") return null;
  try {
    return new Ajv2020(options).compile(JSON.parse(schema) as object);
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 300) : "unreadable";
    throw new MillraceError(
      "PARAMS_INVALID",
      `params_schema is no JSON Schema (draft 2020-12): ${why}`,
      { cause: error },
    );
  }
}

/**
 * The params as they are stored: JSON text of an object with the schema's defaults.
 *
 * @throws MillraceError VALUE_TOO_LARGE, VALUE_INVALID, PARAMS_INVALID naming the field, such as `params.region must be string, got 5`
 */
export function completeParams(
  given: Uint8Array | null,
  validate: ValidateFunction | null,
): Uint8Array {
  const params = readParams(given);
  if (validate !== null && !validate(params)) throw paramsInvalid(validate.errors?.[0], params);
  const complete = Buffer.from(JSON.stringify(params));
  assertFits(complete.length);
  return complete;
}

function readParams(given: Uint8Array | null): Record<string, unknown> {
  if (given === null || given.length === 0) return {};
  assertFits(given.length);
  let params: unknown;
  try {
    params = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(given));
  } catch (error) {
    throw new MillraceError("VALUE_INVALID", "params is no JSON text.", { cause: error });
  }
  if (typeof params !== "object" || params === null || Array.isArray(params)) {
    throw new MillraceError("PARAMS_INVALID", `params must be object, got ${got(params)}`);
  }
  assertShallow(params, 0);
  return params as Record<string, unknown>;
}

function assertFits(bytes: number): void {
  if (bytes <= apiLimits.paramsBytesMax) return;
  throw new MillraceError(
    "VALUE_TOO_LARGE",
    `params has ${bytes} bytes; the limit is ${apiLimits.paramsBytesMax}.`,
  );
}

/** What is nested deeper can be read, but not written again by every language. */
function assertShallow(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth >= apiLimits.paramsDepthMax) {
    throw new MillraceError(
      "VALUE_INVALID",
      `params is nested more than ${apiLimits.paramsDepthMax} levels deep.`,
    );
  }
  for (const inner of Object.values(value)) assertShallow(inner, depth + 1);
}

function paramsInvalid(error: ErrorObject | undefined, params: unknown): MillraceError {
  const field = `params${(error?.instancePath ?? "").replaceAll("/", ".")}`;
  const value = valueAt(params, error?.instancePath ?? "");
  const message = `${field} ${whatIsWrong(error)}, got ${got(value)}`;
  return new MillraceError("PARAMS_INVALID", message, { metadata: { field } });
}

function whatIsWrong(error: ErrorObject | undefined): string {
  const parameters = (error?.params ?? {}) as Record<string, unknown>;
  if (error?.keyword === "type") return `must be ${String(parameters["type"])}`;
  if (error?.keyword === "enum")
    return `must be one of ${JSON.stringify(parameters["allowedValues"])}`;
  if (error?.keyword === "additionalProperties")
    return `must not have the field ${shown(String(parameters["additionalProperty"]))}`;
  return error?.message ?? "is not allowed";
}

function valueAt(params: unknown, path: string): unknown {
  let value = params;
  for (const part of path.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    value =
      typeof value === "object" && value !== null
        ? (value as Record<string, unknown>)[key]
        : undefined;
  }
  return value;
}

function got(value: unknown): string {
  if (value === undefined) return "nothing";
  return shown(JSON.stringify(value)).slice(1, -1).replaceAll('\\"', '"');
}
