/** How values cross edges: JSON with tagged extensions, without loss. The format and its limits: `docs/codec.md`. */

import { MillraceError } from "@millrace/engine";
import { fromTree } from "./codec-decode.ts";
import { toTree, type Json } from "./codec-encode.ts";
import { valueBytesMax } from "./limits.ts";

const utf8 = new TextEncoder();

/** Strict: bytes that are not UTF-8 are an error, not a question mark. */
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Encodes a value as UTF-8 JSON.
 *
 * @param what names the value in errors, such as `the result of task "load"`.
 * @throws MillraceError VALUE_INVALID for what cannot be carried, VALUE_TOO_LARGE over 256 KiB.
 */
export function encodeValue(value: unknown, what = "the value"): Uint8Array<ArrayBuffer> {
  return bytesOf(encodeText(value, what), what);
}

/** Like `encodeValue`, as text. */
export function encodeText(value: unknown, what = "the value"): string {
  const text = JSON.stringify(toTree(value, what));
  bytesOf(text, what);
  return text;
}

/**
 * Decodes what `encodeValue`, or another language's codec, wrote.
 *
 * @throws MillraceError VALUE_INVALID for anything but a well-formed value, VALUE_TOO_LARGE over 256 KiB.
 */
export function decodeValue(data: Uint8Array | string, what = "the value"): unknown {
  return fromTree(parseTree(data, what), what, refuseReference);
}

/** Parses, within the limit; tags are still tags. */
export function parseTree(data: Uint8Array | string, what: string): Json {
  const size = typeof data === "string" ? utf8.encode(data).length : data.length;
  refuseTooLarge(size, what);
  try {
    return JSON.parse(typeof data === "string" ? data : strictUtf8.decode(data)) as Json;
  } catch (error) {
    throw new MillraceError("VALUE_INVALID", `${what} is not UTF-8 JSON: ${String(error)}`, {
      cause: error,
    });
  }
}

/** The bytes of encoded text, within the limit. */
export function bytesOf(text: string, what: string): Uint8Array<ArrayBuffer> {
  const bytes = utf8.encode(text);
  refuseTooLarge(bytes.length, what);
  return bytes;
}

function refuseTooLarge(size: number, what: string): void {
  if (size <= valueBytesMax) return;
  throw new MillraceError(
    "VALUE_TOO_LARGE",
    `${what} has ${size} bytes when encoded; at most ${valueBytesMax} are allowed. ` +
      "Store it elsewhere and pass its address.",
    { metadata: { bytes: String(size), limit: String(valueBytesMax) } },
  );
}

function refuseReference(tag: string, what: string): never {
  throw new MillraceError("VALUE_INVALID", `${what} has the unknown tag "${tag}"`);
}
