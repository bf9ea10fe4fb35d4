/** What argument expressions refer to, as the control plane hands it on. */

import { MillraceError } from "@millrace/engine";
import { fromTree } from "../codec/decode.ts";
import type { Json } from "../codec/encode.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes values by key. Unlike a value that crosses an edge, an input may have any size: of a mapped task it is the
 * list of the values of its instances.
 *
 * @param nameOf names a value in errors.
 * @throws MillraceError VALUE_INVALID
 */
export function decodeInputs(
  inputs: Readonly<Record<string, Uint8Array>>,
  nameOf: (key: string) => string,
): Map<string, unknown> {
  const entries = Object.entries(inputs);
  return new Map(entries.map(([key, data]) => [key, decodeInput(data, nameOf(key))]));
}

function decodeInput(data: Uint8Array, what: string): unknown {
  const tree = parse(data, what);
  const refuse = (tag: string): never => {
    throw new MillraceError("VALUE_INVALID", `${what} has the unknown tag "${tag}"`);
  };
  // Each value of such a list had the codec's depth for itself.
  return Array.isArray(tree)
    ? tree.map((one) => fromTree(one, what, refuse))
    : fromTree(tree, what, refuse);
}

function parse(data: Uint8Array, what: string): Json {
  try {
    return JSON.parse(strictUtf8.decode(data)) as Json;
  } catch (error) {
    throw new MillraceError("VALUE_INVALID", `${what} is not UTF-8 JSON: ${String(error)}`, {
      cause: error,
    });
  }
}
