/** How a process ends: the first signal stops its parts in order, the second ends it at once. */

import type { Logger } from "./logger.ts";

export type Part = { readonly name: string; stop(): Promise<void> };

export type Lifecycle = {
  /** Parts stop in the reverse order of being added. */
  add(part: Part): void;
  /** Stops everything, each part at most once; failures are logged. Idempotent. */
  stop(): Promise<void>;
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
  let stopping: Promise<void> | null = null;

  async function stopAll(): Promise<void> {
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      await stopPart(part);
    }
  }

  async function stopPart(part: Part): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`took longer than ${partTimeoutMs} ms`)), partTimeoutMs);
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
    stopping ??= stopAll().finally(() => {
      for (const signal of signals) process.off(signal, onSignal);
    });
    return stopping;
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
  return { add: (part) => void parts.push(part), stop, stopped };
}
