/** From a value to the JSON tree that stands for it. */

import { MillraceError } from "@millrace/engine";
import { valueDepthMax } from "../limits.ts";

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Where the encoder is, for messages: `the value.rows[3]`. */
type Place = { readonly at: string; readonly depth: number };

/** What stands for a value that is no plain data, such as a handle; undefined leaves it to the codec. */
export type Replace = (value: object) => Json | undefined;

const replaceNothing: Replace = () => undefined;

/**
 * @param options `depth` is how many levels are already around the value.
 * @throws MillraceError VALUE_INVALID that says where, what and what to do instead.
 */
export function toTree(
  value: unknown,
  what: string,
  options: { readonly replace?: Replace; readonly depth?: number } = {},
): Json {
  return encode(value, { at: what, depth: options.depth ?? 0 }, options.replace ?? replaceNothing);
}

function encode(value: unknown, place: Place, replace: Replace): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return encodeNumber(value);
    case "bigint":
      return { $: "bigint", v: value.toString() };
    case "undefined":
      return { $: "undefined" };
    case "object":
      return value === null ? null : encodeObject(value, place, replace);
    case "function":
      return replace(value) ?? refuse(place, "is a function, which cannot be carried");
    case "symbol":
    default:
      return refuse(place, "is a symbol, which cannot be carried");
  }
}

function encodeNumber(value: number): Json {
  if (Object.is(value, -0)) return { $: "number", v: "-0" };
  return Number.isFinite(value) ? value : { $: "number", v: String(value) };
}

function encodeObject(value: object, place: Place, replace: Replace): Json {
  const replaced = replace(value);
  if (replaced !== undefined) return replaced;
  if (value instanceof Date) return encodeDate(value, place);
  if (value instanceof Uint8Array) return encodeBytes(value, place);
  const inside = { at: place.at, depth: place.depth + 1 };
  if (inside.depth > valueDepthMax) {
    refuse(
      place,
      `is nested deeper than ${valueDepthMax} levels, or contains itself; flatten it or cut the circle`,
    );
  }
  if (Array.isArray(value)) return encodeList(value, inside, replace);
  if (value instanceof Map) return encodeMap(value, inside, replace);
  if (value instanceof Set) {
    return { $: "set", v: encodeList([...(value as Set<unknown>)], inside, replace) };
  }
  return encodeFields(value, inside, replace);
}

function encodeDate(value: Date, place: Place): Json {
  if (Number.isNaN(value.getTime())) refuse(place, "is an invalid Date");
  return { $: "date", v: value.toISOString() };
}

function encodeBytes(value: Uint8Array, place: Place): Json {
  if (Object.getPrototypeOf(value) !== Uint8Array.prototype) {
    refuse(
      place,
      `is a ${classOf(value)}, which would arrive as a Uint8Array; pass new Uint8Array(value)`,
    );
  }
  return { $: "bytes", v: Buffer.from(value).toString("base64") };
}

function encodeList(list: readonly unknown[], place: Place, replace: Replace): Json[] {
  // Array.from visits holes too, where map would leave them.
  return Array.from(list, (item, index) => {
    const here = { at: `${place.at}[${index}]`, depth: place.depth };
    if (!(index in list)) refuse(here, "is a hole of a sparse array; fill it");
    return encode(item, here, replace);
  });
}

function encodeMap(map: ReadonlyMap<unknown, unknown>, place: Place, replace: Replace): Json {
  const entries = [...map].map(([key, value], index): Json => {
    const here = { at: `${place.at}.entry[${index}]`, depth: place.depth };
    return [encode(key, here, replace), encode(value, here, replace)];
  });
  return { $: "map", v: entries };
}

function encodeFields(value: object, place: Place, replace: Replace): Json {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!isPlainPrototype(prototype)) {
    refuse(
      place,
      `is an instance of ${classOf(value)}, whose class would be lost; return a plain object`,
    );
  }
  if (Object.getOwnPropertySymbols(value).length > 0) refuse(place, "has a key that is a symbol");
  // Entries, so that a key "__proto__" stays a key.
  const fields = Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      encode(field, { at: `${place.at}.${key}`, depth: place.depth }, replace),
    ]),
  );
  return Object.hasOwn(fields, "$") ? { $: "object", v: fields } : fields;
}

/** Plain objects of another realm (a `vm` context, a worker's bundle) count as plain too. */
function isPlainPrototype(prototype: unknown): boolean {
  return (
    prototype === null ||
    prototype === Object.prototype ||
    (typeof prototype === "object" &&
      Object.getPrototypeOf(prototype) === null &&
      Object.hasOwn(prototype, "isPrototypeOf"))
  );
}

function classOf(value: object): string {
  const maker: unknown = value.constructor;
  return typeof maker === "function" && maker.name !== "" ? maker.name : "an unnamed class";
}

function refuse(place: Place, problem: string): never {
  throw new MillraceError("VALUE_INVALID", `${place.at} ${problem}`);
}
