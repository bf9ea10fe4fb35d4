/** Deletes values that nobody can ask for any more. Two nodes may do it at once. */

import { existingRuns, readBlobReferences, type Database } from "@millrace/db";
import type { Logger } from "@millrace/service";
import { parseBlobKey } from "@millrace/wire";
import type { BlobStore, StoredBlob } from "./blob-store.ts";

export type Sweeping = {
  readonly db: Database;
  readonly log: Logger;
  readonly store: BlobStore;
};

/** Runs that are looked up at a time. */
const runsPerRead = 500;

/**
 * A value is stored before the result that refers to it, and a worker keeps a result that nobody takes for a day. So what
 * has been there for longer and is referred to by nothing never will be: its attempt was lost, or ran again since.
 */
export const orphanedAfterMs = 2 * 24 * 60 * 60 * 1_000;

const opening = Buffer.from('{"$":"blob",');
const keyInReference = /"key":"([^"]{1,200})"/g;

/** Deletes the values of runs that do not exist any more. */
export async function deleteOfDeletedRuns({ db, log, store }: Sweeping): Promise<void> {
  for await (const runs of runsOf(store)) {
    const existing = await existingRuns(
      db,
      runs.map(({ runKey }) => runKey),
    );
    for (const { runId, runKey } of runs) {
      if (existing.has(runKey)) continue;
      await store.delete(`${runId}/`);
      log.info({ run_id: runId }, "blobs.deleted_with_run");
    }
  }
}

/** Deletes old values that nothing in their run refers to, and uploads that never ended. */
export async function deleteOrphans({ db, log, store }: Sweeping, now: Date): Promise<void> {
  const olderThan = new Date(now.getTime() - orphanedAfterMs);
  await store.deleteUnfinished(olderThan);
  for await (const runs of runsOf(store)) {
    for (const { runKey, blobs } of runs) {
      const old = blobs.filter(({ storedAt }) => storedAt < olderThan);
      if (old.length === 0) continue;
      const wanted = keysIn(await readBlobReferences(db, runKey, opening));
      for (const { key } of old) {
        if (wanted.has(key)) continue;
        await store.delete(key);
        log.info({ key }, "blobs.orphan_deleted");
      }
    }
  }
}

function keysIn(contents: readonly Buffer[]): Set<string> {
  const keys = new Set<string>();
  for (const content of contents)
    for (const [, key = ""] of content.toString("latin1").matchAll(keyInReference)) keys.add(key);
  return keys;
}

type RunOfStore = {
  readonly runId: string;
  readonly runKey: number;
  readonly blobs: StoredBlob[];
};

async function* runsOf(store: BlobStore): AsyncGenerator<RunOfStore[], void, undefined> {
  let runs: RunOfStore[] = [];
  for await (const blob of store.list()) {
    const key = parseBlobKey(blob.key);
    if (key === null) continue;
    const last = runs.at(-1);
    if (last?.runKey === key.runKey) {
      last.blobs.push(blob);
      continue;
    }
    if (runs.length === runsPerRead) {
      yield runs;
      runs = [];
    }
    runs.push({ ...key, blobs: [blob] });
  }
  if (runs.length > 0) yield runs;
}
