/** What stands for a value that is too long to be sent along: a reference into the blob store (`docs/codec.md`). */

import { runKeyOf } from "./run-id.ts";

export type BlobRef = {
  /** "<run id>/<SHA-256 of the value, hex>" */
  readonly key: string;
  /** Bytes of the whole value. */
  readonly size: number;
  /** Where in the value what is meant lies; empty for the whole. */
  readonly path: readonly (string | number)[];
};

/**
 * Every writer writes it exactly so, without white space: who never looks into values knows one by how it begins. Nothing
 * else begins so: an object of a user with a key "$" is escaped.
 */
const opening = '{"$":"blob",';
const openingBytes = new TextEncoder().encode(opening);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A reference is never longer. */
export const blobRefBytesMax = 64 * 1024;

/** Whether encoded bytes are a reference and no value. */
export function isBlobRef(data: Uint8Array): boolean {
  if (data.byteLength < openingBytes.length || data.byteLength > blobRefBytesMax) return false;
  return openingBytes.every((byte, index) => data[index] === byte);
}

export function writeBlobRef({ key, size, path }: BlobRef): Uint8Array<ArrayBuffer> {
  const v = path.length === 0 ? { key, size } : { key, size, path };
  return new TextEncoder().encode(JSON.stringify({ $: "blob", v }));
}

/** Null when the bytes are no reference, or one that cannot be read. */
export function readBlobRef(data: Uint8Array): BlobRef | null {
  if (!isBlobRef(data)) return null;
  try {
    return refOf(JSON.parse(decoder.decode(data)));
  } catch {
    return null;
  }
}

function refOf(tree: unknown): BlobRef | null {
  const v = fieldsOf(fieldsOf(tree)?.["v"]);
  if (v === null) return null;
  const { key, size, path = [] } = v;
  if (typeof key !== "string" || parseBlobKey(key) === null) return null;
  if (!Number.isSafeInteger(size) || (size as number) < 0) return null;
  const isPath =
    Array.isArray(path) &&
    path.every((step) => typeof step === "string" || Number.isSafeInteger(step));
  return isPath ? { key, size: size as number, path: path as (string | number)[] } : null;
}

function fieldsOf(tree: unknown): Record<string, unknown> | null {
  return typeof tree === "object" && tree !== null && !Array.isArray(tree)
    ? (tree as Record<string, unknown>)
    : null;
}

export type BlobKey = {
  readonly runId: string;
  readonly runKey: number;
  readonly digest: string;
};

/** Null for anything but a key that a server made: a key is part of a path in a store. */
export function parseBlobKey(key: string): BlobKey | null {
  const match = /^(run_[0-9a-z]{1,12})\/([0-9a-f]{64})$/.exec(key);
  if (match === null) return null;
  const [, runId = "", digest = ""] = match;
  const runKey = runKeyOf(runId);
  return runKey === null ? null : { runId, runKey, digest };
}
