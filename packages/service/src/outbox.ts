/** A queue with one reader: what callbacks put in, a stream takes out. */

export type Outbox<T> = AsyncIterable<T> & {
  /** False when the outbox is closed, or full: the reader is too slow and is cut off with `overflow`. */
  push(item: T): boolean;
  /** Ends the reader once it has taken everything, with the error if there is one. Idempotent. */
  close(error?: unknown): void;
  readonly isClosed: boolean;
};

export type OutboxOptions = {
  /** Items that may wait; one more closes the outbox. */
  readonly limit: number;
  /** The error that a reader who is too slow sees. */
  readonly overflow: () => unknown;
};

export function createOutbox<T>({ limit, overflow }: OutboxOptions): Outbox<T> {
  let items: T[] = [];
  let wake: (() => void) | null = null;
  let isClosed = false;
  let failure: { readonly error: unknown } | null = null;

  function signal(): void {
    wake?.();
    wake = null;
  }

  function close(error?: unknown): void {
    if (isClosed) return;
    isClosed = true;
    if (error !== undefined) failure = { error };
    signal();
  }

  async function* read(): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const taken = items;
        items = [];
        yield* taken;
        if (items.length > 0) continue;
        if (failure !== null) throw failure.error;
        if (isClosed) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      isClosed = true;
      items = [];
    }
  }

  return {
    push(item) {
      if (isClosed) return false;
      if (items.length >= limit) {
        close(overflow());
        return false;
      }
      items.push(item);
      signal();
      return true;
    },
    close,
    get isClosed() {
      return isClosed;
    },
    [Symbol.asyncIterator]: read,
  };
}
