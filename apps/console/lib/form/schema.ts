/** Reads JSON Schema (draft 2020-12) as far as a form needs it. */
import type { Json } from "../codec.ts";

export type Schema = { readonly [key: string]: Json };

/** One of several values, as JSON text, so that 1 and "1" differ. */
export type Choice = { readonly label: string; readonly json: string };

/** Null for a text that is no object. */
export function parseSchema(text: string): Schema | null {
  if (text.trim() === "") return null;
  try {
    return asObject(JSON.parse(text) as Json);
  } catch {
    return null;
  }
}

/** References followed so far, against schemas that contain themselves. */
const refsMax = 20;

/** Follows `$ref`, takes the one part of an `allOf` in, and the real choice of a nullable `anyOf` or `oneOf`. */
export function resolve(schema: Schema, root: Schema, depth = 0): Schema {
  if (depth > refsMax) return {};
  const { $ref: reference, ...own } = schema;
  if (typeof reference === "string") {
    return resolve({ ...targetOf(reference, root), ...own }, root, depth + 1);
  }
  for (const key of ["anyOf", "oneOf"]) {
    const parts = asList(schema[key]).map((part) => asObject(part) ?? {});
    const real = parts.filter((part) => !isNull(part));
    const [only] = real;
    if (only === undefined || real.length > 1) continue;
    const { [key]: _parts, ...rest } = schema;
    const inner = resolve({ ...only, ...rest }, root, depth + 1);
    return real.length === parts.length ? inner : { ...inner, [nullable]: true };
  }
  const all = asList(schema["allOf"]);
  if (all.length === 1) {
    const { allOf: _all, ...rest } = schema;
    return resolve({ ...asObject(all[0]), ...rest }, root, depth + 1);
  }
  return schema;
}

/** No keyword of JSON Schema: left on a schema whose `null` alternative was taken out. */
const nullable = "\u0000nullable";

function targetOf(reference: string, root: Schema): Schema {
  if (!reference.startsWith("#")) return {};
  let target: Json | undefined = root;
  for (const part of reference.split("/").slice(1)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    target = asObject(target)?.[key];
  }
  return asObject(target) ?? {};
}

function isNull(schema: Schema): boolean {
  return schema["type"] === "null" || schema["const"] === null;
}

export function isNullable(schema: Schema): boolean {
  return schema[nullable] === true || asList(schema["type"]).includes("null");
}

/** Empty when there is none, or more than one. */
export function typeOf(schema: Schema): string {
  const types = asList(schema["type"]).filter((type) => type !== "null");
  if (types.length === 1) return asText(types[0]);
  return asText(schema["type"]);
}

/** From `enum`, or from alternatives that are each one value, which may have a title. Empty when it is neither. */
export function choicesOf(schema: Schema): readonly Choice[] {
  const listed = asList(schema["enum"]).filter((value) => value !== null);
  if (listed.length > 0) return listed.map((value) => choice(value, ""));
  const parts = [...asList(schema["oneOf"]), ...asList(schema["anyOf"])]
    .map((part) => asObject(part) ?? {})
    .filter((part) => !isNull(part));
  if (parts.length === 0 || parts.some((part) => part["const"] === undefined)) return [];
  return parts.map((part) => choice(part["const"] ?? null, asText(part["title"])));
}

function choice(value: Json, title: string): Choice {
  const label = typeof value === "string" ? value : JSON.stringify(value);
  return { label: title === "" ? label : title, json: JSON.stringify(value) };
}

export function asObject(value: Json | undefined): Schema | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Schema)
    : null;
}

export function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export function asText(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

export function asNumber(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}
