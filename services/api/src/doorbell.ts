/** Waiting for something to happen to a row: the bus rings, and if it does not, time does. */

import { setTimeout as wait } from "node:timers/promises";
import type { Bus } from "@millrace/bus";

export type Doorbell = {
  /** Resolves when it was rung since the last time, else when it is rung, `timeoutMs` passed or the signal aborted. */
  next(timeoutMs: number, signal: AbortSignal): Promise<void>;
  close(): void;
};

export type DoorbellOptions = {
  /** Whether a message is worth a ring; it may also be kept. Default: every message. */
  readonly accept?: (data: Uint8Array) => boolean;
};

export function createDoorbell(bus: Bus, subject: string, options: DoorbellOptions = {}): Doorbell {
  let isRung = false;
  let wake: (() => void) | null = null;
  const subscription = bus.subscribe(subject, (data) => {
    if (options.accept !== undefined && !options.accept(data)) return;
    isRung = true;
    wake?.();
  });
  return {
    async next(timeoutMs, signal) {
      if (!isRung && !signal.aborted) {
        const rung = new AbortController();
        wake = () => rung.abort();
        const either = AbortSignal.any([signal, rung.signal]);
        // Aborting is how the wait ends early; there is nothing else it could reject with.
        await wait(timeoutMs, undefined, { signal: either }).catch(() => undefined);
        wake = null;
      }
      isRung = false;
    },
    close: () => subscription.close(),
  };
}
