/** Objects that people give, params of a run and answers to a form: checked against their schema, defaults filled in. */

import { MillraceError, type ReasonName } from "@millrace/engine";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { shown } from "./fields.ts";
import { apiLimits } from "./limits.ts";

/** What an object is called, and what is wrong when it breaks its schema. */
type Kind = { readonly name: string; readonly reason: ReasonName };

const params: Kind = { name: "params", reason: "PARAMS_INVALID" };
const answer: Kind = { name: "values", reason: "INPUT_INVALID" };

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
  return compileSchema(params, "params_schema", schema);
}

/** Throws INPUT_INVALID when it is no JSON Schema. */
export function compileFormSchema(schema: string): ValidateFunction {
  return compileSchema(answer, "the form's schema", schema);
}

function compileSchema({ reason }: Kind, what: string, schema: string): ValidateFunction {
  try {
    return new Ajv2020(options).compile(JSON.parse(schema) as object);
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 300) : "unreadable";
    throw new MillraceError(reason, `${what} is no JSON Schema (draft 2020-12): ${why}`, {
      cause: error,
    });
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
  return Buffer.from(JSON.stringify(completeObject(params, given, validate)));
}

/**
 * The answer to a form, with the schema's defaults.
 *
 * @throws MillraceError VALUE_TOO_LARGE, VALUE_INVALID, INPUT_INVALID naming the field, such as `values.amount must be number, got nothing`
 */
export function completeAnswer(
  given: Uint8Array | null,
  validate: ValidateFunction,
): Readonly<Record<string, unknown>> {
  return completeObject(answer, given, validate);
}

function completeObject(
  kind: Kind,
  given: Uint8Array | null,
  validate: ValidateFunction | null,
): Record<string, unknown> {
  const object = readObject(kind, given);
  if (validate !== null && !validate(object)) throw invalid(kind, validate.errors?.[0], object);
  assertFits(kind, Buffer.byteLength(JSON.stringify(object)));
  return object;
}

function readObject(kind: Kind, given: Uint8Array | null): Record<string, unknown> {
  if (given === null || given.length === 0) return {};
  assertFits(kind, given.length);
  let object: unknown;
  try {
    object = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(given));
  } catch (error) {
    throw new MillraceError("VALUE_INVALID", `${kind.name} is no JSON text.`, { cause: error });
  }
  if (typeof object !== "object" || object === null || Array.isArray(object)) {
    throw new MillraceError(kind.reason, `${kind.name} must be object, got ${got(object)}`);
  }
  assertShallow(kind, object, 0);
  return object as Record<string, unknown>;
}

function assertFits({ name }: Kind, bytes: number): void {
  if (bytes <= apiLimits.paramsBytesMax) return;
  throw new MillraceError(
    "VALUE_TOO_LARGE",
    `${name} has ${bytes} bytes; the limit is ${apiLimits.paramsBytesMax}.`,
  );
}

/** What is nested deeper can be read, but not written again by every language. */
function assertShallow(kind: Kind, value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth >= apiLimits.paramsDepthMax) {
    throw new MillraceError(
      "VALUE_INVALID",
      `${kind.name} is nested more than ${apiLimits.paramsDepthMax} levels deep.`,
    );
  }
  for (const inner of Object.values(value)) assertShallow(kind, inner, depth + 1);
}

function invalid(
  { name, reason }: Kind,
  error: ErrorObject | undefined,
  object: unknown,
): MillraceError {
  const field = `${name}${(error?.instancePath ?? "").replaceAll("/", ".")}`;
  const value = valueAt(object, error?.instancePath ?? "");
  const message = `${field} ${whatIsWrong(error)}, got ${got(value)}`;
  return new MillraceError(reason, message, { metadata: { field } });
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

function valueAt(object: unknown, path: string): unknown {
  let value = object;
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
