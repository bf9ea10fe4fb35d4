/** How a process ends: the first signal stops its parts in order, the second ends it at once. */

import type { Logger } from "./logger.ts";

export type Stoppable = { stop(): Promise<void> };
export type Part = Stoppable & { readonly name: string };

export type Lifecycle = {
  /** Parts stop in the reverse order of being added. One that comes after stopping has begun is stopped next. */
  add(part: Part): void;
  /**
   * Starts a part and adds it. When stopping begins meanwhile, its start is waited for and it is stopped at once.
   *
   * @throws what the start throws; the signal's reason when stopping has begun.
   */
  start<T extends Stoppable>(name: string, begin: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Stops everything, each part at most once; failures are logged. Idempotent. */
  stop(): Promise<void>;
  /** Aborts when stopping begins: for what is still starting. */
  readonly signal: AbortSignal;
  /** Resolves with the signal's name once a signal has come and everything has stopped. */
  readonly stopped: Promise<string>;
};

export type LifecycleOptions = {
  readonly log: Logger;
  /** A part that takes longer is left behind. Default 15,000. */
  readonly partTimeoutMs?: number;
  /** Default `SIGINT` and `SIGTERM`. */
  readonly signals?: readonly NodeJS.Signals[];
  /** What the second signal does. Default: ends the process with code 130. */
  readonly abandon?: () => void;
};

export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const { log, partTimeoutMs = 15_000, signals = ["SIGINT", "SIGTERM"] } = options;
  const abandon = options.abandon ?? (() => process.exit(130));
  const parts: Part[] = [];
  const { promise: stopped, resolve } = Promise.withResolvers<string>();
  const begun = new AbortController();
  let stopping: Promise<void> | null = null;

  async function stopAll(): Promise<void> {
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      await stopPart(part);
    }
  }

  async function stopPart(part: Part): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`took longer than ${partTimeoutMs} ms`)),
        partTimeoutMs,
      );
    });
    try {
      await Promise.race([part.stop(), timeout]);
    } catch (error) {
      log.error({ part: part.name, err: error }, "process.part_not_stopped");
    } finally {
      clearTimeout(timer);
    }
  }

  function stop(): Promise<void> {
    if (stopping !== null) return stopping;
    // Set before the signal is heard: what aborts may well ask to stop.
    stopping = Promise.resolve()
      .then(stopAll)
      .finally(() => {
        for (const signal of signals) process.off(signal, onSignal);
      });
    begun.abort();
    return stopping;
  }

  function add(part: Part): void {
    parts.push(part);
    if (stopping !== null) stopping = stopping.then(stopAll);
  }

  async function start<T extends Stoppable>(
    name: string,
    begin: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    begun.signal.throwIfAborted();
    const starting = begin(begun.signal);
    add({
      name,
      stop: () =>
        starting.then(
          (part) => part.stop(),
          () => undefined,
        ),
    });
    const part = await starting;
    begun.signal.throwIfAborted();
    return part;
  }

  function onSignal(signal: NodeJS.Signals): void {
    if (stopping !== null) {
      abandon();
      return;
    }
    log.info({ signal }, "process.stopping");
    void stop().then(() => resolve(signal));
  }

  for (const signal of signals) process.on(signal, onSignal);
  return { add, start, stop, signal: begun.signal, stopped };
}
