/** The store of large values, and what keeps it clean. */

import type { Database } from "@millrace/db";
import type { Logger } from "@millrace/service";
import type { BlobStore } from "./blob-store.ts";
import { deleteOrphans, deleteOfDeletedRuns } from "./sweep.ts";

export type Blobs = {
  readonly store: BlobStore;
  /** Runs were deleted: their values go soon, at the latest with the next `sweep`. */
  runsDeleted(): void;
  /** Deletes what is not needed any more. */
  sweep(): Promise<void>;
};

const dayMs = 24 * 60 * 60 * 1_000;

export function createBlobs(options: {
  readonly db: Database;
  readonly log: Logger;
  readonly store: BlobStore;
}): Blobs {
  const { log, store } = options;
  let last: Promise<void> = Promise.resolve();
  let orphansAt = performance.now();

  /** One after another: two at once would do the same work twice. */
  function then(act: () => Promise<void>): Promise<void> {
    last = last.then(act).catch((error: unknown) => log.warn({ err: error }, "blobs.not_swept"));
    return last;
  }

  return {
    store,
    runsDeleted: () => void then(() => deleteOfDeletedRuns(options)),
    sweep: () =>
      then(async () => {
        await deleteOfDeletedRuns(options);
        if (performance.now() - orphansAt < dayMs) return;
        orphansAt = performance.now();
        await deleteOrphans(options, new Date());
      }),
  };
}
