/** From the JSON tree back to the value. Strict: what no encoder writes is an error. */

import { MillraceError } from "@millrace/engine";
import type { Json } from "./encode.ts";
import { valueDepthMax } from "../limits.ts";

type Tagged = { readonly [key: string]: Json };

/** Decodes a tag that is not of the codec itself, or throws. */
export type OtherTag = (tag: string, what: string, tagged: Tagged) => unknown;

/** @throws MillraceError VALUE_INVALID. */
export function fromTree(tree: Json, what: string, otherTag: OtherTag): unknown {
  return decode(tree, { what, depth: 0, otherTag });
}

type Decoder = { readonly what: string; readonly depth: number; readonly otherTag: OtherTag };

function decode(tree: Json, decoder: Decoder): unknown {
  if (typeof tree !== "object" || tree === null) return tree;
  if (Array.isArray(tree)) return decodeList(tree, deeper(decoder));
  if (!Object.hasOwn(tree, "$")) return decodeFields(tree, deeper(decoder));
  return decodeTagged(tree, decoder);
}

function decodeTagged(tagged: Tagged, decoder: Decoder): unknown {
  const tag = tagged["$"];
  const payload = tagged["v"];
  if (typeof tag !== "string") return refuse(decoder, "a tag that is no text", tag);
  switch (tag) {
    case "undefined":
      requireKeys(tagged, 1, decoder);
      return undefined;
    case "date":
      requireKeys(tagged, 2, decoder);
      return decodeDate(payload, decoder);
    case "bigint":
      requireKeys(tagged, 2, decoder);
      return decodeBigint(payload, decoder);
    case "number":
      requireKeys(tagged, 2, decoder);
      return decodeNumber(payload, decoder);
    case "bytes":
      requireKeys(tagged, 2, decoder);
      return decodeBytes(payload, decoder);
    case "map":
      requireKeys(tagged, 2, decoder);
      return decodeMap(payload, deeper(decoder));
    case "set":
      requireKeys(tagged, 2, decoder);
      return decodeSet(payload, deeper(decoder));
    case "object":
      requireKeys(tagged, 2, decoder);
      return decodeEscaped(payload, deeper(decoder));
    default:
      return decoder.otherTag(tag, decoder.what, tagged);
  }
}

function deeper(decoder: Decoder): Decoder {
  const depth = decoder.depth + 1;
  if (depth > valueDepthMax) {
    throw new MillraceError(
      "VALUE_INVALID",
      `${decoder.what} is nested deeper than ${valueDepthMax} levels`,
    );
  }
  return { ...decoder, depth };
}

function decodeList(list: readonly Json[], decoder: Decoder): unknown[] {
  return list.map((item) => decode(item, decoder));
}

function decodeFields(fields: Tagged, decoder: Decoder): object {
  // fromEntries defines properties, so a key "__proto__" is a key and never a prototype.
  return Object.fromEntries(Object.entries(fields).map(([key, v]) => [key, decode(v, decoder)]));
}

function decodeEscaped(payload: Json | undefined, decoder: Decoder): object {
  if (!isFields(payload)) return refuse(decoder, 'an "object" without fields', payload);
  return decodeFields(payload, decoder);
}

function decodeDate(payload: Json | undefined, decoder: Decoder): Date {
  const date = typeof payload === "string" && isoUtc.test(payload) ? new Date(payload) : null;
  if (date === null || Number.isNaN(date.getTime())) {
    return refuse(decoder, "a date that is no ISO 8601 instant in UTC", payload);
  }
  return date;
}

/** Any number of decimals, so that languages with finer clocks need not cut them. */
const isoUtc = /^(\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

function decodeBigint(payload: Json | undefined, decoder: Decoder): bigint {
  if (typeof payload !== "string" || !/^(0|-?[1-9]\d*)$/.test(payload)) {
    return refuse(decoder, "a bigint that is no decimal integer", payload);
  }
  return BigInt(payload);
}

const numbersByName = new Map<unknown, number>([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

function decodeNumber(payload: Json | undefined, decoder: Decoder): number {
  return numbersByName.get(payload) ?? refuse(decoder, "an unknown tagged number", payload);
}

function decodeBytes(payload: Json | undefined, decoder: Decoder): Uint8Array {
  const isBase64 =
    typeof payload === "string" &&
    payload.length % 4 === 0 &&
    /^[A-Za-z0-9+/]*={0,2}$/.test(payload);
  if (!isBase64) return refuse(decoder, "bytes that are no padded base64", payload);
  return new Uint8Array(Buffer.from(payload, "base64"));
}

function decodeMap(payload: Json | undefined, decoder: Decoder): Map<unknown, unknown> {
  if (!Array.isArray(payload)) return refuse(decoder, "a map that is no list of pairs", payload);
  return new Map(
    payload.map((pair) => {
      if (!Array.isArray(pair) || pair.length !== 2) {
        return refuse(decoder, "a map entry that is no pair", pair);
      }
      const [key, value] = pair as [Json, Json];
      return [decode(key, decoder), decode(value, decoder)];
    }),
  );
}

function decodeSet(payload: Json | undefined, decoder: Decoder): Set<unknown> {
  if (!Array.isArray(payload)) return refuse(decoder, "a set that is no list", payload);
  return new Set(decodeList(payload, decoder));
}

function isFields(payload: Json | undefined): payload is Record<string, Json> {
  return typeof payload === "object" && payload !== null && !Array.isArray(payload);
}

function requireKeys(tagged: Tagged, count: number, decoder: Decoder): void {
  if (Object.keys(tagged).length === count && (count === 1 || Object.hasOwn(tagged, "v"))) return;
  refuse(decoder, `a tag ${JSON.stringify(tagged["$"])} with other fields than it has`, tagged);
}

/** How much of a wrong payload a message repeats. */
const shownMax = 80;

function refuse(decoder: Decoder, problem: string, payload: unknown): never {
  const shown = JSON.stringify(payload)?.slice(0, shownMax) ?? "nothing";
  throw new MillraceError("VALUE_INVALID", `${decoder.what} holds ${problem}: ${shown}`);
}
