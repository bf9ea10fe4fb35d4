/** Keeps a server running: when it ends without being asked to, it is started again in the same place. */

import type { DbLog } from "../log.ts";

import type { ServerProcess } from "./process.ts";

/** First and longest wait after a start that failed. */
const retryMs = { first: 100, max: 5_000 };

export type SupervisorOptions = {
  /** Starts the server in the place where it was, once what its predecessor left is out of the way. */
  readonly start: () => Promise<ServerProcess>;
  /** It is down, and is being started again. */
  readonly onDown: () => void;
  /** It accepts connections again, this long after it went down. */
  readonly onBack: (downMs: number) => void;
  readonly log: DbLog;
};

export type Supervised = {
  /** Resolves when the server has ended for good: it was stopped. */
  readonly ended: Promise<void>;
  /** Idempotent. */
  stop(): Promise<void>;
};

/** Watches a server that runs; the one given first, then each that takes its place. */
export function supervise(first: ServerProcess, options: SupervisorOptions): Supervised {
  const stopping = new AbortController();
  const { log } = options;
  const state = { server: first };
  const ended = watch();

  async function watch(): Promise<void> {
    for (;;) {
      await state.server.ended;
      if (stopping.signal.aborted) return;
      const downAtMs = performance.now();
      log.warn({ pid: state.server.pid }, "db.embedded.died");
      options.onDown();
      const next = await startAgain();
      if (stopping.signal.aborted) return next?.stop();
      if (next === null) return;
      state.server = next;
      const downMs = Math.round(performance.now() - downAtMs);
      log.info({ pid: next.pid, down_ms: downMs }, "db.embedded.back");
      options.onBack(downMs);
    }
  }

  async function startAgain(): Promise<ServerProcess | null> {
    for (
      let waitMs = retryMs.first;
      !stopping.signal.aborted;
      waitMs = Math.min(2 * waitMs, retryMs.max)
    ) {
      try {
        return await options.start();
      } catch (error) {
        log.warn({ err: error, again_in_ms: waitMs }, "db.embedded.not_back");
      }
      await wait(waitMs, stopping.signal);
    }
    return null;
  }

  return {
    ended,
    async stop() {
      stopping.abort();
      await state.server.stop();
      await ended;
    },
  };
}

/** Does not keep this process alive: nothing is left to watch when it ends. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms).unref();
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
