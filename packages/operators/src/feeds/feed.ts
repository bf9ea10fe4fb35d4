/** Messages that come by themselves, between a connection that brings them and a trigger that tells of them. */

import { setTimeout as rest } from "node:timers/promises";

/** A message, and where to go on after it. */
export type Item = { readonly event: unknown; readonly cursor: unknown };

/** Messages that are told together, and how long is waited for more than the first. */
const togetherMax = 100;
const togetherMs = 50;
/** Messages that wait to be told; whoever brings more waits. */
const waitingMax = 1_000;

export class Feed {
  /** The cursor of what was taken last; before that, where it began. */
  position: unknown;
  #items: Item[] = [];
  #failure: Error | null = null;
  #isClosed = false;
  #onChange = Promise.withResolvers<void>();
  readonly #end: () => Promise<void>;

  /** @param end ends what brings the messages. */
  constructor(position: unknown, end: () => Promise<void>) {
    this.position = position;
    this.#end = end;
  }

  /** Resolves when there is room for another; false when nobody wants more. */
  async push(item: Item): Promise<boolean> {
    this.#items.push(item);
    this.#changed();
    while (this.#items.length >= waitingMax && !this.#isClosed) await this.#onChange.promise;
    return !this.#isClosed;
  }

  /** No more will come. */
  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#changed();
  }

  /** At least one message. Rejects when no more will come, and with the signal's reason. */
  async take(signal: AbortSignal): Promise<readonly Item[]> {
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => undefined);
    const abort = (): void => aborted.reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    try {
      signal.throwIfAborted();
      while (this.#items.length === 0) {
        if (this.#failure !== null) throw this.#failure;
        await Promise.race([this.#onChange.promise, aborted.promise]);
      }
      if (this.#items.length < togetherMax) await rest(togetherMs);
      const taken = this.#items.splice(0, togetherMax);
      this.position = taken.at(-1)?.cursor;
      this.#changed();
      return taken;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#failure !== null;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#changed();
    await this.#end();
  }

  #changed(): void {
    this.#onChange.resolve();
    this.#onChange = Promise.withResolvers<void>();
  }
}
