/** Compares two JSON Schemas by structure, for arrows that were registered by hand. What is not said is taken to be fine. */

import type { ItemReference, Json, JsonObject } from "./args.ts";
import { isJsonObject, itemReference, taskReference } from "./args.ts";

const depthLimit = 20;

/** What does not fit, and where: `at` is a path such as `rows[].id`, empty for the value itself. */
export type Mismatch = { readonly at: string; readonly gives: string; readonly wants: string };

/** Parses a schema's text; null when it is no JSON object or boolean. */
export function readSchema(text: string): JsonObject | boolean | null {
  try {
    const schema = JSON.parse(text) as Json;
    return typeof schema === "boolean" || isJsonObject(schema) ? schema : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The schema of what a path selects; undefined when nothing is known; a mismatch when the schema rules the path out. */
export function schemaAtPath(
  schema: Json | undefined,
  path: readonly (string | number)[],
): { schema: Json | undefined } | Mismatch {
  let current = schema;
  for (const [depth, part] of path.entries()) {
    if (!isJsonObject(current)) return { schema: undefined };
    const next = typeof part === "number" ? itemAt(current, part) : property(current, part);
    if (next === null) {
      const gives = `${describe(current)} without "${part}"`;
      return { at: path.slice(0, depth + 1).join("."), gives, wants: `a value at "${part}"` };
    }
    current = next;
  }
  return { schema: current };
}

/** Why values of `from` cannot be taken where `to` is asked for, or null when they can or when too little is known. */
export function mismatch(
  from: Json | undefined,
  to: Json | undefined,
  at = "",
  depth = 0,
): Mismatch | null {
  if (!isJsonObject(from) || !isJsonObject(to) || depth > depthLimit) return null;
  const given = typesOf(from);
  const wanted = typesOf(to);
  if (given && wanted && !given.some((type) => accepts(wanted, type)))
    return { at, gives: given.join(" or "), wants: wanted.join(" or ") };
  return (
    fieldMismatch(from, to, at, depth) ?? mismatch(from["items"], to["items"], `${at}[]`, depth + 1)
  );
}

/** What is known of the values that references stand for; undefined for nothing. */
export type GivenSchemas = {
  ofTask(taskId: string): Json | undefined;
  ofItem(item: ItemReference): Json | undefined;
};

/** Checks an argument expression, in which references stand for other values, against a schema. */
export function argMismatch(
  expression: Json,
  to: Json | undefined,
  given: GivenSchemas,
  at = "",
): (Mismatch & { readonly giver: string }) | null {
  const reference = taskReference(expression);
  if (reference) {
    const { taskId: giver, path } = reference;
    return referenceMismatch({ giver, schema: given.ofTask(giver), path }, to, at);
  }
  const item = itemReference(expression);
  if (item) {
    const { of: giver, path } = item;
    return referenceMismatch({ giver, schema: given.ofItem(item), path }, to, at);
  }
  if (!isJsonObject(to)) return null;
  if (Array.isArray(expression)) {
    for (const [ix, item] of (expression as readonly Json[]).entries()) {
      const wrong = argMismatch(item, itemAt(to, ix) ?? undefined, given, `${at}[${ix}]`);
      if (wrong) return wrong;
    }
  } else if (isJsonObject(expression) && expression["$"] === undefined) {
    for (const [key, value] of Object.entries(expression)) {
      const wrong = argMismatch(value, property(to, key) ?? undefined, given, join(at, key));
      if (wrong) return wrong;
    }
  }
  return null;
}

function referenceMismatch(
  from: {
    readonly giver: string;
    readonly schema: Json | undefined;
    readonly path: readonly (string | number)[];
  },
  to: Json | undefined,
  at: string,
): (Mismatch & { readonly giver: string }) | null {
  const { giver } = from;
  const selected = schemaAtPath(from.schema, from.path);
  if ("gives" in selected) return { ...selected, giver };
  const wrong = mismatch(selected.schema, to, at);
  return wrong && { ...wrong, giver };
}

function fieldMismatch(
  from: JsonObject,
  to: JsonObject,
  at: string,
  depth: number,
): Mismatch | null {
  const { properties: wanted } = to;
  if (!isJsonObject(wanted) || !isJsonObject(from["properties"])) return null;
  const required = Array.isArray(to["required"]) ? (to["required"] as readonly Json[]) : [];
  for (const key of Object.keys(wanted)) {
    const given = property(from, key);
    if (given === null) {
      if (required.includes(key))
        return { at: join(at, key), gives: "nothing", wants: describe(wanted[key]) };
      continue;
    }
    const wrong = mismatch(given, wanted[key], join(at, key), depth + 1);
    if (wrong) return wrong;
  }
  return null;
}

/** undefined: unknown; null: ruled out. */
function property(schema: JsonObject, key: string): Json | undefined | null {
  const types = typesOf(schema);
  if (types && !types.includes("object"))
    return types.includes("array") && key === "length" ? undefined : null;
  const { properties } = schema;
  if (!isJsonObject(properties)) return undefined;
  if (Object.hasOwn(properties, key)) return properties[key];
  const isOpen =
    schema["additionalProperties"] !== undefined && schema["additionalProperties"] !== false;
  return isOpen ||
    schema["patternProperties"] !== undefined ||
    schema["$ref"] !== undefined ||
    isUnion(schema)
    ? undefined
    : null;
}

function itemAt(schema: JsonObject, ix: number): Json | undefined | null {
  const types = typesOf(schema);
  if (types && !types.includes("array")) return types.includes("object") ? undefined : null;
  const { prefixItems } = schema;
  if (Array.isArray(prefixItems) && ix < prefixItems.length)
    return (prefixItems as readonly Json[])[ix];
  return schema["items"];
}

function isUnion(schema: JsonObject): boolean {
  return ["anyOf", "oneOf", "allOf", "if"].some((key) => schema[key] !== undefined);
}

function typesOf(schema: JsonObject): readonly string[] | null {
  const { type } = schema;
  if (typeof type === "string") return [type];
  return Array.isArray(type) ? (type as readonly string[]) : null;
}

function accepts(wanted: readonly string[], given: string): boolean {
  if (wanted.includes(given)) return true;
  return (
    (given === "integer" && wanted.includes("number")) ||
    (given === "number" && wanted.includes("integer"))
  );
}

function describe(schema: Json | undefined): string {
  return (isJsonObject(schema) && typesOf(schema)?.join(" or ")) || "a value";
}

function join(at: string, key: string): string {
  return at === "" ? key : `${at}.${key}`;
}
