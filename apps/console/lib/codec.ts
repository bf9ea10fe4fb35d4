/** Reads and writes values in the codec of `docs/codec.md`: JSON with tagged extensions under the key "$". */

/** A value as the console shows it. */
export type ValueNode =
  | { readonly kind: "scalar"; readonly type: ScalarType; readonly text: string }
  | { readonly kind: "list"; readonly type: "array" | "set"; readonly items: readonly ValueNode[] }
  | {
      readonly kind: "record";
      readonly type: "object" | "map";
      readonly entries: readonly (readonly [ValueNode, ValueNode])[];
    };

export type ScalarType =
  | "string"
  | "number"
  | "boolean"
  | "null"
  | "undefined"
  | "date"
  | "bigint"
  | "bytes"
  /** A value that is kept apart: the text is its size in bytes. */
  | "stored"
  | "unknown";

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The codec's own limit; deeper values cannot have been written. */
const DEPTH_MAX = 100;

/** A value that is not valid codec JSON comes back as one scalar of type `unknown` holding its text. */
export function decodeValue(data: Uint8Array): ValueNode {
  const text = new TextDecoder().decode(data);
  if (text === "") return scalar("undefined", "undefined");
  try {
    return nodeOf(JSON.parse(text) as Json, 0);
  } catch {
    return scalar("unknown", text);
  }
}

/** Plain JSON for a value of the codec, for copying: tags are resolved to their nearest JSON form. */
export function nodeToJson(node: ValueNode): Json {
  if (node.kind === "list") return node.items.map(nodeToJson);
  if (node.kind === "record") {
    return Object.fromEntries(
      node.entries.map(([key, value]) => [keyText(key), nodeToJson(value)]),
    );
  }
  if (node.type === "number")
    return Number.isFinite(Number(node.text)) ? Number(node.text) : node.text;
  if (node.type === "boolean") return node.text === "true";
  if (node.type === "null" || node.type === "undefined") return null;
  return node.text;
}

/** A key of an object as it is; any other key of a map as its text. */
export function keyText(key: ValueNode): string {
  return key.kind === "scalar" ? key.text : JSON.stringify(nodeToJson(key));
}

/** Plain JSON as codec JSON: only objects that have a key "$" need escaping. */
export function encodeJson(value: Json): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(escaped(value)));
}

function escaped(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => escaped(item));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, escaped(item)] as const);
  const object = Object.fromEntries(entries);
  return "$" in object ? { $: "object", v: object } : object;
}

function nodeOf(value: Json, depth: number): ValueNode {
  if (depth > DEPTH_MAX) return scalar("unknown", "…");
  if (value === null) return scalar("null", "null");
  if (typeof value === "string") return scalar("string", value);
  if (typeof value === "number") return scalar("number", String(value));
  if (typeof value === "boolean") return scalar("boolean", String(value));
  if (isList(value)) {
    return { kind: "list", type: "array", items: value.map((item) => nodeOf(item, depth + 1)) };
  }
  return "$" in value ? taggedNode(value, depth) : objectNode(value, depth);
}

function taggedNode(value: { readonly [key: string]: Json }, depth: number): ValueNode {
  const v = value["v"] ?? null;
  const tag = value["$"];
  if (tag === "undefined") return scalar("undefined", "undefined");
  if (typeof v === "string") {
    if (tag === "date" || tag === "bigint" || tag === "bytes") return scalar(tag, v);
    if (tag === "number") return scalar("number", v);
  }
  if (tag === "blob" && typeof v === "object" && v !== null && !isList(v)) {
    return scalar("stored", JSON.stringify(v["size"] ?? 0));
  }
  if (tag === "set" && isList(v)) {
    return { kind: "list", type: "set", items: v.map((item) => nodeOf(item, depth + 1)) };
  }
  if (tag === "map" && isList(v)) {
    const entries = v.filter(isList).map((pair) => {
      const [key, item] = pair;
      return [nodeOf(key ?? null, depth + 1), nodeOf(item ?? null, depth + 1)] as const;
    });
    return { kind: "record", type: "map", entries };
  }
  if (tag === "object" && typeof v === "object" && v !== null && !isList(v)) {
    return objectNode(v, depth);
  }
  return scalar("unknown", JSON.stringify(value));
}

function objectNode(value: { readonly [key: string]: Json }, depth: number): ValueNode {
  const entries = Object.entries(value).map(
    ([key, item]) => [scalar("string", key), nodeOf(item, depth + 1)] as const,
  );
  return { kind: "record", type: "object", entries };
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function scalar(type: ScalarType, text: string): ValueNode {
  return { kind: "scalar", type, text };
}
