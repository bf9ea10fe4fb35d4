import { createHash } from "node:crypto";
import { MillraceError } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { runIdOf } from "@millrace/wire";
import type { UploadBlobRequest, WorkerService } from "@millrace/wire/worker";
import { fieldInvalid } from "../fields.ts";
import { workerLimits } from "../limits.ts";
import type { WorkerContext } from "../worker/context.ts";
import { requireHeldAttempt } from "../worker/held-attempt.ts";

export function uploadBlob(
  context: WorkerContext,
): Handler<typeof WorkerService.method.uploadBlob> {
  // Bytes on their way, by session.
  const inFlight = new Map<number, number>();
  return async (requests) => {
    const incoming = requests[Symbol.asyncIterator]();
    const first = await incoming.next();
    if (first.done === true) throw fieldInvalid("session", "is missing; open a session first.");
    const { session: ref, attemptId } = first.value;
    const session = await context.sessions.require(ref);
    const whole = checked(first.value);
    const attempt = await requireHeldAttempt(context, session, attemptId);
    const key = `${runIdOf(attempt.ref.runKey)}/${whole.digest}`;
    const before = inFlight.get(session.key) ?? 0;
    if (before > 0 && before + whole.size > workerLimits.blobBytesInFlight) throw tooMany(before);
    inFlight.set(session.key, before + whole.size);
    try {
      await context.blobs.store.put(key, checkedPieces(first.value, incoming, whole));
    } finally {
      const left = (inFlight.get(session.key) ?? 0) - whole.size;
      if (left > 0) inFlight.set(session.key, left);
      else inFlight.delete(session.key);
    }
    return { key };
  };
}

type Whole = { readonly digest: string; readonly size: number };

function checked({ digest, size }: UploadBlobRequest): Whole {
  if (!/^[0-9a-f]{64}$/.test(digest))
    throw fieldInvalid("digest", "is no SHA-256; write its 64 hexadecimal digits, in lower case.");
  const limit = workerLimits.blobBytesMax;
  if (size < 1n) throw fieldInvalid("size", `is ${size}; say how many bytes the value has.`);
  if (size > BigInt(limit))
    throw new MillraceError(
      "VALUE_TOO_LARGE",
      `The value has ${size} bytes; the limit is ${limit}. Store it elsewhere and pass its address.`,
      { metadata: { bytes: String(size), limit: String(limit) } },
    );
  return { digest, size: Number(size) };
}

/** The content, as long as it is what was announced: throws otherwise, so that nothing of it is stored. */
async function* checkedPieces(
  first: UploadBlobRequest,
  rest: AsyncIterator<UploadBlobRequest>,
  { digest, size }: Whole,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash("sha256");
  let bytes = 0;
  for (let piece: UploadBlobRequest | null = first; piece !== null;) {
    const { content } = piece;
    if (content.length > workerLimits.blobPieceBytesMax)
      throw fieldInvalid(
        "content",
        `has ${content.length} bytes; a piece has at most ${workerLimits.blobPieceBytesMax}.`,
      );
    bytes += content.length;
    if (bytes > size) throw notWhole(`more than the ${size} bytes that were announced`);
    hash.update(content);
    if (content.length > 0) yield content;
    const next = await rest.next();
    piece = next.done === true ? null : next.value;
  }
  if (bytes !== size) throw notWhole(`${bytes} bytes, and ${size} were announced`);
  const actual = hash.digest("hex");
  if (actual !== digest) throw notWhole(`bytes with the digest ${actual}, and not ${digest}`);
}

function notWhole(what: string): MillraceError {
  return new MillraceError("VALUE_INVALID", `The value came as ${what}; send it again.`);
}

function tooMany(bytes: number): MillraceError {
  return new MillraceError(
    "OVERLOADED",
    `This session is sending ${bytes} bytes of values already; at most ${workerLimits.blobBytesInFlight} at a time. Try again when they have arrived.`,
  );
}
