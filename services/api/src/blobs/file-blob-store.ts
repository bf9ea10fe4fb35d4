/** Values as files: a folder for each run, a file for each value. Several nodes may share the folder. */

import { randomUUID } from "node:crypto";
import type { Dir } from "node:fs";
import { mkdir, open, opendir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isMillraceError, MillraceError } from "@millrace/engine";
import { parseBlobKey, runKeyOf } from "@millrace/wire";
import { workerLimits } from "../limits.ts";
import type { BlobStore, StoredBlob } from "./blob-store.ts";

/** Of uploads that have not ended. No run has this id. */
const incoming = "incoming";

/** @param root made when it is needed. */
export function createFileBlobStore(root: string): BlobStore {
  return {
    put: (key, content) => guarded(() => put(root, key, content)),
    get: (key) => read(root, key),
    list: () => list(root),
    delete: (prefix) => guarded(() => rm(pathOf(root, prefix), { recursive: true, force: true })),
    deleteUnfinished: (olderThan) => guarded(() => deleteUnfinished(root, olderThan)),
  };
}

/** A key, or a run's prefix, as a path that cannot lead out of the folder. */
function pathOf(root: string, key: string): string {
  const parsed = parseBlobKey(key);
  if (parsed !== null) return join(root, parsed.runId, parsed.digest);
  const runId = key.endsWith("/") ? key.slice(0, -1) : "";
  if (runKeyOf(runId) !== null) return join(root, runId);
  throw new MillraceError("BLOB_NOT_FOUND", "This is no key of a stored value.");
}

async function put(root: string, key: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const target = pathOf(root, key);
  const folder = join(target, "..");
  await mkdir(join(root, incoming), { recursive: true, mode: 0o700 });
  const temporary = join(root, incoming, randomUUID());
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      for await (const piece of content) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rename(temporary, target);
    // Else a machine that loses power now may have the file, but not under this name.
    await syncFolder(folder);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* read(root: string, key: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await guarded(() => open(pathOf(root, key), "r"), key);
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(workerLimits.blobPieceBytes);
      const { bytesRead } = await guarded(() => file.read(piece));
      if (bytesRead === 0) return;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* list(root: string): AsyncGenerator<StoredBlob, void, undefined> {
  for await (const runId of namesIn(root)) {
    if (runKeyOf(runId) === null) continue;
    for await (const digest of namesIn(join(root, runId))) {
      const key = `${runId}/${digest}`;
      if (parseBlobKey(key) === null) continue;
      const found = await guarded(() => statIfThere(join(root, runId, digest)));
      if (found !== null) yield { key, storedAt: found.mtime };
    }
  }
}

async function deleteUnfinished(root: string, olderThan: Date): Promise<void> {
  for await (const name of namesIn(join(root, incoming))) {
    const path = join(root, incoming, name);
    const found = await statIfThere(path);
    if (found !== null && found.mtime < olderThan) await rm(path, { force: true });
  }
}

/** Nothing for a folder that is not there: nothing was stored yet, or another node has just deleted it. */
async function* namesIn(folder: string): AsyncGenerator<string, void, undefined> {
  let dir: Dir;
  try {
    dir = await opendir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw unavailable(error);
  }
  for await (const { name } of dir) yield name;
}

async function statIfThere(path: string): Promise<{ readonly mtime: Date } | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/**
 * Errors of the system as errors of the store; what the content threw, as it is. Without their cause: codes like these, of
 * a socket, would mean that the database cannot be reached.
 */
async function guarded<T>(act: () => Promise<T>, key = ""): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (isMillraceError(error) || codeOf(error) === "") throw error;
    if (codeOf(error) === "ENOENT" && key !== "")
      throw new MillraceError(
        "BLOB_NOT_FOUND",
        `No value is stored under ${key}: it went with its run, or the store was changed since.`,
        { metadata: { key } },
      );
    throw unavailable(error);
  }
}

const explained: Readonly<Record<string, string>> = {
  ENOSPC: "its disk is full",
  EDQUOT: "its disk quota is used up",
  EROFS: "its disk is mounted read-only",
  EACCES: "the server may not write there",
  EPERM: "the server may not write there",
  EIO: "its disk fails",
  EMFILE: "the server has too many files open",
};

function unavailable(error: unknown): MillraceError {
  const code = codeOf(error);
  return new MillraceError(
    "BLOB_STORE_UNAVAILABLE",
    `The store of large values cannot be used: ${explained[code] ?? "the system refuses it"} (${code}).`,
    { metadata: { code } },
  );
}

/** Of an error of the system; else empty. */
function codeOf(error: unknown): string {
  return error instanceof Error && "syscall" in error && "code" in error ? String(error.code) : "";
}
