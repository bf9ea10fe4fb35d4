/** A background duty: something done again and again, at its own pace, until stopped. */

import type { Logger } from "./logger.ts";

export type LoopOptions = {
  /** In log lines. */
  readonly name: string;
  /** From the end of one turn to the start of the next; ±10 % so that nodes drift apart. */
  readonly intervalMs: number;
  readonly log: Logger;
  /** One turn. What it throws is logged, and the loop goes on. Tests call it directly. */
  runOnce(signal: AbortSignal): Promise<void>;
};

export type Loop = {
  start(): void;
  /** Resolves once the turn in progress has ended; it sees its signal abort. Idempotent. */
  stop(): Promise<void>;
};

const jitter = 0.1;

export function createLoop(options: LoopOptions): Loop {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<void> = Promise.resolve();
  let isStarted = false;

  async function runTurn(): Promise<void> {
    try {
      await options.runOnce(stopping.signal);
    } catch (error) {
      if (!stopping.signal.aborted)
        options.log.error({ loop: options.name, err: error }, "loop.failed");
    }
    schedule();
  }

  function schedule(): void {
    if (stopping.signal.aborted) return;
    const wait = options.intervalMs * (1 - jitter + Math.random() * 2 * jitter);
    timer = setTimeout(() => void (turn = runTurn()), wait);
  }

  return {
    start() {
      if (isStarted) return;
      isStarted = true;
      schedule();
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await turn;
    },
  };
}
