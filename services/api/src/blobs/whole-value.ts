/** Values as people get them: what stands in a row, or what the reference there stands for. */

import { isMillraceError, MillraceError } from "@millrace/engine";
import { isBlobRef, readBlobRef, type BlobRef } from "@millrace/wire";
import { apiLimits } from "../limits.ts";
import type { BlobStore } from "./blob-store.ts";

export type ListedValue = {
  /** Null when it is too large to be listed, or its content cannot be had. */
  readonly data: Uint8Array<ArrayBuffer> | null;
  /** Bytes of the whole. */
  readonly size: number;
};

/** Values for a list: stored ones whole as long as they are small, and not too much together. */
export async function listedValues(
  store: BlobStore,
  rows: readonly Uint8Array[],
): Promise<ListedValue[]> {
  let left: number = apiLimits.listedBlobBytes;
  const values: ListedValue[] = [];
  for (const row of rows) {
    if (!isBlobRef(row)) {
      values.push({ data: Uint8Array.from(row), size: row.length });
      continue;
    }
    const ref = requireRef(row);
    const isListed = ref.size <= Math.min(left, apiLimits.listedBlobBytesEach);
    if (isListed) left -= ref.size;
    values.push({ data: isListed ? await contentIfThere(store, ref) : null, size: ref.size });
  }
  return values;
}

/** The value in pieces. @throws MillraceError BLOB_NOT_FOUND, BLOB_STORE_UNAVAILABLE */
export async function* wholeValue(
  store: BlobStore,
  row: Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (isBlobRef(row)) yield* store.get(requireRef(row).key);
  else yield row;
}

async function contentIfThere(
  store: BlobStore,
  { key }: BlobRef,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of store.get(key)) pieces.push(piece);
  } catch (error) {
    // The other values are to be seen all the same; who reads this one by itself is told why it cannot be had.
    if (isMillraceError(error)) return null;
    throw error;
  }
  return new Uint8Array(Buffer.concat(pieces));
}

function requireRef(row: Uint8Array): BlobRef {
  const ref = readBlobRef(row);
  if (ref !== null) return ref;
  throw new MillraceError("BLOB_NOT_FOUND", "The reference to the stored value cannot be read.");
}
