/** The store of large values of a scripted server: in memory, and as strict as a real one. */

import { createHash } from "node:crypto";
import type { sendUnaryData, ServerReadableStream, ServerWritableStream } from "@grpc/grpc-js";
import type { ReasonName } from "@millrace/engine";
import { writeBlobRef } from "@millrace/wire";
import type { DownloadBlobRequest, UploadBlobRequest } from "@millrace/wire/worker";
import { statusOf } from "./rpc.ts";

/** No piece may be longer. */
const pieceBytesMax = 1024 * 1024;
const sentPieceBytes = 64 * 1024;

export class FakeBlobs {
  /** By key. */
  readonly stored = new Map<string, Uint8Array>();
  /** What uploads said of themselves, those that were refused included. */
  readonly uploads: { readonly attemptId: string; readonly size: number }[] = [];
  readonly downloads: string[] = [];
  /** Asked at each call; a reason is its answer. */
  refuses: (call: "upload" | "download") => ReasonName | null = () => null;
  readonly #onChange: () => void;

  constructor(onChange: () => void = () => undefined) {
    this.#onChange = onChange;
  }

  /** Stores a value of codec JSON, and gives the reference that stands for it. */
  put(json: string, path: readonly (string | number)[] = []): { data: Uint8Array<ArrayBuffer> } {
    const content = new TextEncoder().encode(json);
    const key = `run_1/${digestOf(content)}`;
    this.stored.set(key, content);
    return { data: writeBlobRef({ key, size: content.length, path }) };
  }

  /** The stored value behind a reference, as JSON; undefined for what is none. */
  jsonAt(data: Uint8Array): unknown {
    const tree = JSON.parse(Buffer.from(data).toString()) as { $?: string; v?: { key?: string } };
    const content = tree.$ === "blob" ? this.stored.get(tree.v?.key ?? "") : undefined;
    return content && JSON.parse(Buffer.from(content).toString());
  }

  readonly upload = (
    call: ServerReadableStream<UploadBlobRequest, object>,
    answer: sendUnaryData<object>,
  ): void => {
    const pieces: Uint8Array[] = [];
    let first: UploadBlobRequest | null = null;
    let hasLongPiece = false;
    call.on("data", (piece: UploadBlobRequest) => {
      first ??= piece;
      hasLongPiece ||= piece.content.length > pieceBytesMax;
      pieces.push(piece.content);
    });
    call.on("end", () => {
      const { attemptId = "", digest = "", size = 0n } = first ?? {};
      this.uploads.push({ attemptId, size: Number(size) });
      const content = new Uint8Array(Buffer.concat(pieces));
      const isWhole = content.length === Number(size) && digestOf(content) === digest;
      const reason = this.refuses("upload") ?? (isWhole && !hasLongPiece ? null : "VALUE_INVALID");
      const key = `run_1/${digest}`;
      if (reason === null) this.stored.set(key, content);
      if (reason === null) answer(null, { key });
      else answer(statusOf(reason));
      this.#onChange();
    });
  };

  readonly download = (call: ServerWritableStream<DownloadBlobRequest, object>): void => {
    const { key } = call.request;
    this.downloads.push(key);
    const content = this.stored.get(key);
    const reason = this.refuses("download") ?? (content === undefined ? "BLOB_NOT_FOUND" : null);
    if (reason !== null || content === undefined) {
      call.emit("error", statusOf(reason ?? "BLOB_NOT_FOUND"));
      return;
    }
    for (let at = 0; at < content.length; at += sentPieceBytes)
      call.write({ content: content.subarray(at, at + sentPieceBytes) });
    call.end();
    this.#onChange();
  };
}

function digestOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
