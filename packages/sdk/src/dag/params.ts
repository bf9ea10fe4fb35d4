/** Params schemas: any Standard Schema that can give JSON Schema (Zod, Valibot, ArkType), or JSON Schema itself. */

import type { StandardTypedV1 } from "@standard-schema/spec";
import { MillraceError } from "@millrace/engine";
import type { FromJsonSchema, JsonSchema } from "../options/json-schema.ts";

export type ParamsSchema = StandardTypedV1 | JsonSchema;

declare const none: unique symbol;

/** Params of a DAG without a schema: none that the compiler knows of. */
export type NoParams = { readonly [none]?: never };

/** The params as bodies see them: defaults filled in. */
export type ParamsOf<S> = S extends StandardTypedV1
  ? StandardTypedV1.InferOutput<S>
  : S extends JsonSchema
    ? FromJsonSchema<S, "output">
    : NoParams;

/** The params as a caller gives them: what has a default may be left out. */
export type ParamsGivenOf<S> = S extends StandardTypedV1
  ? StandardTypedV1.InferInput<S>
  : S extends JsonSchema
    ? FromJsonSchema<S, "input">
    : NoParams;

type Convert = (options: { readonly target: string }) => Record<string, unknown>;

/** JSON Schema text of a params schema. @throws MillraceError DAG_INVALID */
export function paramsSchemaText(schema: unknown, name: string): string {
  const json = isStandard(schema) ? convert(schema, name) : schema;
  if (typeof json !== "object" || json === null || (json as JsonSchema).type !== "object") {
    throw new MillraceError(
      "DAG_INVALID",
      `${name} must describe an object, such as z.object({ … })`,
    );
  }
  const { $schema: _dialect, ...rest } = json as Record<string, unknown>;
  return JSON.stringify(rest);
}

function isStandard(schema: unknown): schema is StandardTypedV1 {
  return (
    (typeof schema === "object" || typeof schema === "function") &&
    schema !== null &&
    "~standard" in schema
  );
}

/**
 * The server checks params and fills defaults by JSON Schema alone: it never runs the schema's own code.
 * Describing the output too makes the library refuse what that cannot express, such as transforms.
 */
function convert(schema: StandardTypedV1, name: string): Record<string, unknown> {
  const { vendor, ...standard } = schema["~standard"];
  const { jsonSchema } = standard as { jsonSchema?: { input: Convert; output: Convert } };
  if (jsonSchema === undefined) {
    const remedy =
      vendor === "valibot"
        ? "wrap it with toStandardJsonSchema of @valibot/to-json-schema"
        : "update the library, or give JSON Schema";
    throw new MillraceError(
      "DAG_INVALID",
      `${name}: this ${vendor} schema cannot give JSON Schema; ${remedy}`,
    );
  }
  try {
    jsonSchema.output({ target: "draft-2020-12" });
    return jsonSchema.input({ target: "draft-2020-12" });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new MillraceError(
      "DAG_INVALID",
      `${name} cannot be written as JSON Schema: ${problem}; params are checked without running code`,
      { cause: error },
    );
  }
}
