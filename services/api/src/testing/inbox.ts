/** What a test waits for: things that arrive, in order. */
export type Inbox<T> = {
  put(item: T): void;
  /** The next item, when it is there. */
  next(): Promise<T>;
  /** Items that arrived and were not taken. */
  readonly waiting: readonly T[];
};

export function createInbox<T>(): Inbox<T> {
  const waiting: T[] = [];
  const takers: ((item: T) => void)[] = [];
  return {
    put(item) {
      const taker = takers.shift();
      if (taker === undefined) waiting.push(item);
      else taker(item);
    },
    next() {
      const item = waiting.shift();
      return item === undefined
        ? new Promise((resolve) => takers.push(resolve))
        : Promise.resolve(item);
    },
    waiting,
  };
}
