import type { MessageInitShape } from "@bufbuild/protobuf";
import { readBundlePiece } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import type {
  DownloadBundleRequest,
  DownloadBundleResponseSchema,
  WorkerService,
} from "@millrace/wire/worker";
import { apiLimits } from "../limits.ts";
import type { WorkerContext } from "./context.ts";

export function downloadBundle(
  context: WorkerContext,
): Handler<typeof WorkerService.method.downloadBundle> {
  return (request) => pieces(context, request);
}

async function* pieces(
  context: WorkerContext,
  { session, digest }: DownloadBundleRequest,
): AsyncGenerator<MessageInitShape<typeof DownloadBundleResponseSchema>, void, undefined> {
  await context.sessions.require(session);
  const length = apiLimits.bundlePieceBytes;
  for (let offset = 0; ; offset += length) {
    const isDigest = /^[0-9a-f]{64}$/.test(digest);
    const piece = isDigest ? await readBundlePiece(context.db, digest, { offset, length }) : null;
    if (piece === null) throw new MillraceError("BUNDLE_NOT_FOUND");
    if (piece.length > 0) yield { content: Uint8Array.from(piece) };
    if (piece.length < length) return;
  }
}
