/** Values that come from outside: whether they are what `docs/codec.md` says, and how plain JSON is written in it. */

import { MillraceError } from "@millrace/engine";
import { apiLimits } from "./limits.ts";

type Json = null | boolean | number | string | readonly Json[] | JsonObject;
type JsonObject = { readonly [key: string]: Json };

/**
 * Checks a value that whoever holds a task token sent. A reference to a blob is refused: its key could be that of a run
 * which the token says nothing about.
 *
 * @throws MillraceError VALUE_TOO_LARGE, VALUE_INVALID
 */
export function assertCodecValue(field: string, data: Uint8Array): void {
  const limit = apiLimits.valueBytesMax;
  if (data.length > limit)
    throw new MillraceError(
      "VALUE_TOO_LARGE",
      `${field} has ${data.length} bytes; the limit is ${limit}. Store it elsewhere and send its address.`,
      { metadata: { field } },
    );
  let tree: Json;
  try {
    tree = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data)) as Json;
  } catch (error) {
    throw invalid(field, "is no UTF-8 JSON text", error);
  }
  check(field, tree, 0);
}

/** Plain JSON in the codec: objects with a key "$" are escaped. */
export function codecOf(plain: unknown): unknown {
  if (typeof plain !== "object" || plain === null) return plain;
  if (Array.isArray(plain)) return plain.map(codecOf);
  const fields = Object.fromEntries(Object.entries(plain).map(([key, v]) => [key, codecOf(v)]));
  return Object.hasOwn(plain, "$") ? { $: "object", v: fields } : fields;
}

/** An instant in the codec. */
export function codecDate(at: Date): unknown {
  return { $: "date", v: at.toISOString() };
}

function check(field: string, tree: Json | undefined, depth: number): void {
  if (typeof tree !== "object" || tree === null) return;
  if (depth >= apiLimits.valueDepthMax)
    throw invalid(field, `is nested more than ${apiLimits.valueDepthMax} levels deep`);
  if (isList(tree)) return tree.forEach((item) => check(field, item, depth + 1));
  if (!Object.hasOwn(tree, "$")) return checkFields(field, tree, depth);
  const tag = tree["$"];
  const payload = tree["v"];
  const isTag = typeof tag === "string" && Object.hasOwn(tags, tag);
  const keys = tag === "undefined" ? 1 : 2;
  if (!isTag || Object.keys(tree).length !== keys || tags[tag]?.(payload) !== true)
    throw invalid(field, `holds ${JSON.stringify(tree).slice(0, shownLength)}, which is no value`);
  if (tag === "object") return checkFields(field, payload as JsonObject, depth);
  if (tag !== "map" && tag !== "set") return;
  const items = payload as readonly Json[];
  const inner = tag === "map" ? (items as readonly (readonly Json[])[]).flat() : items;
  inner.forEach((item) => check(field, item, depth + 1));
}

function checkFields(field: string, fields: JsonObject, depth: number): void {
  for (const value of Object.values(fields)) check(field, value, depth + 1);
}

/** How much of what is wrong a message repeats. */
const shownLength = 80;

type Payload = Json | undefined;

/** Whether a payload is one of its tag. */
const tags: Readonly<Record<string, (payload: Payload) => boolean>> = {
  undefined: (payload) => payload === undefined,
  date: (payload) =>
    isMatch(/^(\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, payload) &&
    !Number.isNaN(Date.parse(payload as string)),
  bigint: (payload) => isMatch(/^(0|-?[1-9]\d*)$/, payload),
  number: (payload) => ["NaN", "Infinity", "-Infinity", "-0"].includes(payload as string),
  bytes: (payload) =>
    isMatch(/^[A-Za-z0-9+/]*={0,2}$/, payload) && (payload as string).length % 4 === 0,
  map: (payload) => isList(payload) && payload.every((pair) => isList(pair) && pair.length === 2),
  set: (payload) => isList(payload),
  object: (payload) => typeof payload === "object" && payload !== null && !isList(payload),
};

function isList(value: Payload): value is readonly Json[] {
  return Array.isArray(value);
}

function isMatch(pattern: RegExp, value: Payload): boolean {
  return typeof value === "string" && pattern.test(value);
}

function invalid(field: string, what: string, cause?: unknown): MillraceError {
  const message = `${field} ${what}; docs/codec.md says how values are written.`;
  return new MillraceError("VALUE_INVALID", message, { metadata: { field }, cause });
}
