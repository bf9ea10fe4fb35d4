/** How values cross edges: JSON with tagged extensions, without loss. The format and its limits: `docs/codec.md`. */

import { MillraceError } from "@millrace/engine";
import { fromTree } from "./decode.ts";
import { toTree, type Json } from "./encode.ts";
import { valueBytesMax } from "../limits.ts";

const utf8 = new TextEncoder();

/** Strict: bytes that are not UTF-8 are an error, not a question mark. */
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Encodes a value as UTF-8 JSON.
 *
 * @param what names the value in errors, such as `the result of task "load"`.
 * @param bytesMax default 256 KiB; what tasks return and leave may have 64 MiB.
 * @throws MillraceError VALUE_INVALID for what cannot be carried, VALUE_TOO_LARGE over `bytesMax`.
 */
export function encodeValue(
  value: unknown,
  what = "the value",
  bytesMax = valueBytesMax,
): Uint8Array<ArrayBuffer> {
  return bytesOf(textOf(value, what), what, bytesMax);
}

/** Like `encodeValue`, as text. */
export function encodeText(value: unknown, what = "the value"): string {
  const text = textOf(value, what);
  bytesOf(text, what);
  return text;
}

function textOf(value: unknown, what: string): string {
  try {
    return JSON.stringify(toTree(value, what));
  } catch (error) {
    if (!isTooLong(error)) throw error;
    throw new MillraceError(
      "VALUE_TOO_LARGE",
      `${what} is longer than a text can be when encoded. Store it elsewhere and pass its address.`,
      { cause: error },
    );
  }
}

/** Whether a text, or the base64 of bytes, would be longer than V8 allows. */
function isTooLong(error: unknown): boolean {
  const isCoded = error instanceof Error && "code" in error;
  return error instanceof RangeError || (isCoded && error.code === "ERR_STRING_TOO_LONG");
}

/**
 * Decodes what `encodeValue`, or another language's codec, wrote.
 *
 * @param bytesMax default 256 KiB.
 * @throws MillraceError VALUE_INVALID for anything but a well-formed value, VALUE_TOO_LARGE over `bytesMax`.
 */
export function decodeValue(
  data: Uint8Array | string,
  what = "the value",
  bytesMax = valueBytesMax,
): unknown {
  return fromTree(parseTree(data, what, bytesMax), what, refuseReference);
}

/** Parses, within the limit; tags are still tags. */
export function parseTree(data: Uint8Array | string, what: string, bytesMax = valueBytesMax): Json {
  const size = typeof data === "string" ? utf8.encode(data).length : data.length;
  refuseTooLarge(size, what, bytesMax);
  try {
    return JSON.parse(typeof data === "string" ? data : strictUtf8.decode(data)) as Json;
  } catch (error) {
    throw new MillraceError("VALUE_INVALID", `${what} is not UTF-8 JSON: ${String(error)}`, {
      cause: error,
    });
  }
}

/** The bytes of encoded text, within the limit. */
export function bytesOf(
  text: string,
  what: string,
  bytesMax = valueBytesMax,
): Uint8Array<ArrayBuffer> {
  const bytes = utf8.encode(text);
  refuseTooLarge(bytes.length, what, bytesMax);
  return bytes;
}

function refuseTooLarge(size: number, what: string, bytesMax: number): void {
  if (size <= bytesMax) return;
  throw new MillraceError(
    "VALUE_TOO_LARGE",
    `${what} has ${size} bytes when encoded; at most ${bytesMax} are allowed. ` +
      "Store it elsewhere and pass its address.",
    { metadata: { bytes: String(size), limit: String(bytesMax) } },
  );
}

function refuseReference(tag: string, what: string): never {
  if (tag === "blob")
    throw new MillraceError(
      "VALUE_INVALID",
      `${what} is a reference to a value that is stored elsewhere, and not the value`,
    );
  throw new MillraceError("VALUE_INVALID", `${what} has the unknown tag "${tag}"`);
}
