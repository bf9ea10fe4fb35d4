/** The requests of a grpc-js stream as an async iterable, read no faster than they are taken. */

import type { ServerDuplexStream, ServerReadableStream } from "@grpc/grpc-js";

export type GrpcRequests = AsyncIterable<Buffer> & {
  /** Throws the rest away: a stream whose requests are not read to their end never closes, however well it was answered. */
  discard(): void;
};

/** Messages that may wait before the sender is held back. */
const waitingMax = 64;

/**
 * Node's own iterator will not do: it destroys the stream when the answer is an error, before the error is sent.
 * Ends when the caller has said everything, or is gone.
 */
export function readRequests(
  stream: ServerReadableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
): GrpcRequests {
  let waiting: Buffer[] = [];
  let isOver = false;
  let isDiscarding = false;
  let wake: (() => void) | null = null;

  function signal(): void {
    wake?.();
    wake = null;
  }

  function finish(): void {
    isOver = true;
    signal();
  }

  stream.on("data", (bytes: Buffer) => {
    if (isDiscarding) return;
    waiting.push(bytes);
    if (waiting.length >= waitingMax) stream.pause();
    signal();
  });
  stream.on("end", finish);
  stream.on("close", finish);
  stream.on("cancelled", finish);

  async function* read(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const taken = waiting;
      waiting = [];
      yield* taken;
      if (waiting.length > 0) continue;
      if (isOver || isDiscarding) return;
      if (stream.isPaused()) stream.resume();
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    discard() {
      isDiscarding = true;
      waiting = [];
      stream.resume();
      signal();
    },
    [Symbol.asyncIterator]: read,
  };
}
