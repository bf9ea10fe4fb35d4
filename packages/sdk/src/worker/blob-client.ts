/** Values that are stored elsewhere, seen from a worker: sends them, fetches them, and keeps some of those it fetched. */

import { createHash } from "node:crypto";
import { isMillraceError, MillraceError, type ReasonName } from "@millrace/engine";
import { parseBlobKey, type BlobRef } from "@millrace/wire";
import { blobBytesMax } from "../limits.ts";
import { backoffMs } from "./backoff.ts";
import { ByteCache } from "./byte-cache.ts";
import { errorFromStatus, type Connection } from "./connection.ts";
import {
  blobCacheBytesMax,
  blobDownloadsMax,
  blobPatienceMs,
  blobPieceBytes,
  blobStoreTriesMax,
  resultKeptMs,
  uploadsMax,
} from "./limits.ts";
import { errorText } from "./log.ts";
import type { Session, SessionAccess } from "./session-keeper.ts";
import { Turns } from "./turns.ts";

export type BlobClientOptions = Omit<SessionAccess, "connection"> & {
  readonly connection: Pick<Connection, "downloadBlob" | "uploadBlob">;
  /** Waits before something is tried again. Default: by the clock. */
  readonly pause?: (ms: number) => Promise<void>;
};

const clockPause = (ms: number): Promise<void> => new Promise((done) => void setTimeout(done, ms));

export class BlobClient {
  readonly #options: BlobClientOptions;
  readonly #cache = new ByteCache(blobCacheBytesMax);
  readonly #fetching = new Map<string, Promise<Uint8Array>>();
  readonly #uploads = new Turns(uploadsMax);
  readonly #downloads = new Turns(blobDownloadsMax);

  constructor(options: BlobClientOptions) {
    this.#options = options;
  }

  /**
   * The whole value behind a reference; wanted many times at once, fetched once.
   *
   * @throws MillraceError BLOB_NOT_FOUND, VALUE_INVALID when it is not what it was, UNAVAILABLE after long trying.
   */
  fetch({ key, size }: BlobRef): Promise<Uint8Array> {
    const kept = this.#cache.get(key);
    if (kept !== undefined) return Promise.resolve(kept);
    let fetching = this.#fetching.get(key);
    if (fetching === undefined) {
      fetching = this.#downloads
        .take(() =>
          this.#patiently("fetched", key, (session) => this.#download(session, key, size)),
        )
        .finally(() => this.#fetching.delete(key));
      this.#fetching.set(key, fetching);
    }
    return fetching;
  }

  /**
   * Stores a value for the run of an attempt, and gives the reference that stands for it.
   *
   * @throws MillraceError ATTEMPT_UNKNOWN, BLOB_STORE_UNAVAILABLE, UNAVAILABLE after a day.
   */
  store(attemptId: string, data: Uint8Array): Promise<BlobRef> {
    return this.#uploads.take(async () => {
      const digest = createHash("sha256").update(data).digest("hex");
      const key = await this.#patiently("stored", attemptId, (session) =>
        this.#options.connection.uploadBlob(
          { session, attemptId, digest, size: BigInt(data.length) },
          piecesOf(data),
        ),
      );
      return { key, size: data.length, path: [] };
    });
  }

  async #download(session: Session, key: string, size: number): Promise<Uint8Array> {
    if (size > blobBytesMax) throw damaged(key, `a reference to ${size} bytes`);
    const content = new Uint8Array(size);
    const hash = createHash("sha256");
    let at = 0;
    for await (const piece of this.#options.connection.downloadBlob({ session, key })) {
      if (at + piece.content.length > size) throw damaged(key, `more than its ${size} bytes`);
      content.set(piece.content, at);
      hash.update(piece.content);
      at += piece.content.length;
    }
    if (at !== size) throw damaged(key, `${at} bytes instead of ${size}`);
    const digest = hash.digest("hex");
    if (digest !== parseBlobKey(key)?.digest) throw damaged(key, `bytes with the digest ${digest}`);
    this.#cache.put(key, content);
    return content;
  }

  /** Until it works, nobody can expect it to any more, or it is refused. */
  async #patiently<T>(
    doing: "stored" | "fetched",
    what: string,
    act: (session: Session) => Promise<T>,
  ): Promise<T> {
    const { session, onExpired, log, pause = clockPause } = this.#options;
    // What was stored in vain would have to be made again; what is to be fetched keeps a slot meanwhile.
    const until = performance.now() + (doing === "stored" ? resultKeptMs : blobPatienceMs);
    for (let failures = 1, outages = 1; ; failures++) {
      const present = session();
      try {
        if (present === null)
          throw new MillraceError("UNAVAILABLE", "The worker has no session just now.");
        return await act(present);
      } catch (thrown) {
        const error = isStatus(thrown) ? errorFromStatus(thrown) : thrown;
        const reason = isMillraceError(error) ? error.reason : null;
        if (reason === "SESSION_EXPIRED" && present !== null) onExpired(present.sessionId);
        if (reason === "BLOB_STORE_UNAVAILABLE" && outages++ >= blobStoreTriesMax) throw error;
        if (reason === null || !passing.has(reason) || performance.now() > until) throw error;
        log.warn({ what, failures, err: errorText(error) }, `value.not_${doing}`);
        await pause(backoffMs(failures));
      }
    }
  }
}

/** Reasons that may be none in a moment. */
const passing: ReadonlySet<ReasonName> = new Set([
  "UNAVAILABLE",
  "SESSION_EXPIRED",
  "OVERLOADED",
  "BLOB_STORE_UNAVAILABLE",
  "DATABASE_UNREACHABLE",
]);

function* piecesOf(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += blobPieceBytes)
    yield data.subarray(at, at + blobPieceBytes);
}

function isStatus(error: unknown): error is Parameters<typeof errorFromStatus>[0] {
  return !isMillraceError(error) && error instanceof Error && "code" in error;
}

function damaged(key: string, what: string): MillraceError {
  return new MillraceError(
    "VALUE_INVALID",
    `The server sent ${what} for the stored value ${key}: its store is damaged.`,
  );
}
