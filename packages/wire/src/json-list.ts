/**
 * Lists inside codec JSON, cut into their elements without reading these: a mapped instance gets its element as the bytes
 * that were reported, whatever they mean.
 */

/** A list's elements, each the bytes of one JSON value within the bytes of the whole. */
export type JsonList = {
  readonly length: number;
  /** What knowing the elements costs beside the value itself. */
  readonly byteLength: number;
  /** The bytes share the memory of the value. */
  at(index: number): Uint8Array | undefined;
};

type Path = readonly (string | number)[];

/**
 * The list at a path of a value, as a worker that follows the path finds it (`docs/codec.md`); null when there is no list,
 * or the bytes are no JSON.
 */
export function listAt(json: Uint8Array, path: Path): JsonList | null {
  try {
    const at = find(json, path);
    return at >= 0 && json[at] === char.listOpen ? cut(json, at) : null;
  } catch (error) {
    if (error instanceof NotJson) return null;
    throw error;
  }
}

/** The bytes of the value at a path of a value; null when the path leads nowhere, or the bytes are no JSON. */
export function partAt(json: Uint8Array, path: Path): Uint8Array | null {
  try {
    const at = find(json, path);
    return at < 0 ? null : json.subarray(at, skipValue(json, at));
  } catch (error) {
    if (error instanceof NotJson) return null;
    throw error;
  }
}

class NotJson extends Error {}

const char = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  listOpen: 0x5b,
  backslash: 0x5c,
  listClose: 0x5d,
  objectOpen: 0x7b,
  objectClose: 0x7d,
} as const;

function cut(json: Uint8Array, at: number): JsonList {
  const found: number[] = [];
  eachElement(json, at, (start, end) => {
    found.push(start, end);
    return true;
  });
  const bounds = Int32Array.from(found);
  return {
    length: bounds.length / 2,
    byteLength: bounds.byteLength,
    at(index) {
      const start = bounds[2 * index];
      return start === undefined ? undefined : json.subarray(start, bounds[2 * index + 1]);
    },
  };
}

/** Where the value at the path begins; -1 when the path leads nowhere. */
function find(json: Uint8Array, path: Path): number {
  let at = skipSpace(json, 0);
  for (const key of path) {
    at = step(json, at, key);
    if (at < 0) return -1;
  }
  return at;
}

function step(json: Uint8Array, at: number, key: string | number): number {
  if (json[at] === char.listOpen) return typeof key === "number" ? elementAt(json, at, key) : -1;
  if (json[at] !== char.objectOpen) return -1;
  const tag = fieldAt(json, at, "$");
  if (tag < 0) return fieldAt(json, at, String(key));
  const payload = fieldAt(json, at, "v");
  if (payload < 0) return -1;
  const name = textAt(json, tag);
  if (name === "object" && json[payload] === char.objectOpen)
    return fieldAt(json, payload, String(key));
  if (name === "map" && json[payload] === char.listOpen) return entryAt(json, payload, key);
  return -1;
}

function elementAt(json: Uint8Array, list: number, index: number): number {
  let found = -1;
  let left = index;
  eachElement(json, list, (start) => {
    if (left === 0) found = start;
    left -= 1;
    return found < 0;
  });
  return found;
}

/** The value of the pair whose key is exactly this one: `1` and `"1"` differ. */
function entryAt(json: Uint8Array, pairs: number, key: string | number): number {
  let found = -1;
  eachElement(json, pairs, (pair) => {
    if (json[pair] !== char.listOpen) return true;
    const name = elementAt(json, pair, 0);
    if (name >= 0 && scalarAt(json, name) === key) found = elementAt(json, pair, 1);
    return true;
  });
  return found;
}

/** The last field of that name, as parsers have it. */
function fieldAt(json: Uint8Array, object: number, name: string): number {
  let found = -1;
  let at = skipSpace(json, object + 1);
  while (json[at] !== char.objectClose) {
    if (json[at] !== char.quote) throw new NotJson();
    const isNamed = textAt(json, at) === name;
    at = skipSpace(json, skipText(json, at));
    if (json[at] !== char.colon) throw new NotJson();
    at = skipSpace(json, at + 1);
    if (isNamed) found = at;
    at = skipSpace(json, skipValue(json, at));
    if (json[at] === char.comma) at = skipSpace(json, at + 1);
    else if (json[at] !== char.objectClose) throw new NotJson();
  }
  return found;
}

/** Calls with the bounds of each element until it answers false. */
function eachElement(
  json: Uint8Array,
  list: number,
  call: (start: number, end: number) => boolean,
): void {
  let at = skipSpace(json, list + 1);
  while (json[at] !== char.listClose) {
    const end = skipValue(json, at);
    if (!call(at, end)) return;
    at = skipSpace(json, end);
    if (json[at] === char.comma) at = skipSpace(json, at + 1);
    else if (json[at] !== char.listClose) throw new NotJson();
  }
}

function skipSpace(json: Uint8Array, from: number): number {
  let at = from;
  while (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) at += 1;
  return at;
}

function skipText(json: Uint8Array, from: number): number {
  for (let at = from + 1; at < json.length; at += 1) {
    if (json[at] === char.backslash) at += 1;
    else if (json[at] === char.quote) return at + 1;
  }
  throw new NotJson();
}

function skipValue(json: Uint8Array, from: number): number {
  const first = json[from];
  if (first === char.quote) return skipText(json, from);
  if (first === char.listOpen || first === char.objectOpen) return skipNested(json, from);
  let at = from;
  while (at < json.length && !endsScalar(json[at] as number)) at += 1;
  if (at === from) throw new NotJson();
  return at;
}

function skipNested(json: Uint8Array, from: number): number {
  let depth = 0;
  for (let at = from; at < json.length; at += 1) {
    const here = json[at];
    if (here === char.quote) {
      at = skipText(json, at) - 1;
    } else if (here === char.listOpen || here === char.objectOpen) {
      depth += 1;
    } else if (here === char.listClose || here === char.objectClose) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  throw new NotJson();
}

function endsScalar(here: number): boolean {
  return (
    here === char.comma || here === char.listClose || here === char.objectClose || here <= 0x20
  );
}

function textAt(json: Uint8Array, at: number): string | null {
  const value = json[at] === char.quote ? scalarAt(json, at) : null;
  return typeof value === "string" ? value : null;
}

/** A text or a number; null for anything else. */
function scalarAt(json: Uint8Array, at: number): string | number | null {
  if (json[at] === char.listOpen || json[at] === char.objectOpen) return null;
  const text = decoder.decode(json.subarray(at, skipValue(json, at)));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NotJson();
  }
  return typeof value === "string" || typeof value === "number" ? value : null;
}

const decoder = new TextDecoder();
