import type { MessageInitShape } from "@bufbuild/protobuf";
import { MillraceError } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { parseBlobKey } from "@millrace/wire";
import type {
  DownloadBlobRequest,
  DownloadBlobResponseSchema,
  WorkerService,
} from "@millrace/wire/worker";
import type { WorkerContext } from "../worker/context.ts";

export function downloadBlob(
  context: WorkerContext,
): Handler<typeof WorkerService.method.downloadBlob> {
  return (request) => pieces(context, request);
}

async function* pieces(
  context: WorkerContext,
  { session, key }: DownloadBlobRequest,
): AsyncGenerator<MessageInitShape<typeof DownloadBlobResponseSchema>, void, undefined> {
  await context.sessions.require(session);
  if (parseBlobKey(key) === null)
    throw new MillraceError("BLOB_NOT_FOUND", "This is no key of a stored value.");
  for await (const piece of context.blobs.store.get(key)) yield { content: Uint8Array.from(piece) };
}
