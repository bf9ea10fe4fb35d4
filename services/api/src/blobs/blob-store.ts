/** Where values lie that are too long for rows. A seam: what follows knows files; an object store fits in by the same words. */

export type StoredBlob = { readonly key: string; readonly storedAt: Date };

/**
 * Keys are "<run id>/<SHA-256, hex>"; a store refuses any other. What is stored under a key never changes.
 * Its errors: BLOB_NOT_FOUND for a key that has nothing, BLOB_STORE_UNAVAILABLE when the store itself fails.
 */
export type BlobStore = {
  /** Stores all of it or, when the content throws, nothing. Storing again under a key renews its `storedAt`. */
  put(key: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** The content in pieces of at most `blobPieceBytes`. */
  get(key: string): AsyncIterable<Uint8Array>;
  /** What there is, run by run. */
  list(): AsyncIterable<StoredBlob>;
  /** Deletes a key, or all keys of a run ("run_1/"). What is not there is deleted already. */
  delete(prefix: string): Promise<void>;
  /** Deletes what uploads that never ended have left. */
  deleteUnfinished(olderThan: Date): Promise<void>;
};
