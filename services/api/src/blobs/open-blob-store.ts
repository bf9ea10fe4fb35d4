import { fileURLToPath } from "node:url";
import { MillraceError } from "@millrace/engine";
import type { BlobStore, StoredBlob } from "./blob-store.ts";
import { createFileBlobStore } from "./file-blob-store.ts";

/**
 * The store at an address: `file:///var/lib/millrace/blobs`. Null for a server without: large values are refused then.
 *
 * @throws MillraceError FIELD_INVALID for an address that this version does not know.
 */
export function openBlobStore(url: string | null): BlobStore {
  if (url === null) return noStore;
  const isFile = /^file:\/\/(localhost)?\/./.test(url);
  if (isFile) return createFileBlobStore(fileURLToPath(url));
  throw new MillraceError(
    "FIELD_INVALID",
    `MILLRACE_BLOB_STORE is "${url.slice(0, 200)}"; write the address of a folder, such as file:///var/lib/millrace/blobs.`,
    { metadata: { field: "blobStore" } },
  );
}

function refuse(): never {
  throw new MillraceError(
    "BLOB_STORE_UNAVAILABLE",
    "This server has no store for values above 256 KiB: set MILLRACE_BLOB_STORE to a folder that all of its nodes share, such as file:///var/lib/millrace/blobs.",
  );
}

const nothing = (): Promise<void> => Promise.resolve();

const noStore: BlobStore = {
  put: async () => refuse(),
  get: () => refuse(),
  async *list() {
    yield* await Promise.resolve<StoredBlob[]>([]);
  },
  delete: nothing,
  deleteUnfinished: nothing,
};
