import { setTimeout as wait } from "node:timers/promises";
import { reconnectFirstMs, reconnectMaxMs } from "./limits.ts";

/** How long to wait before trying again after `failures` in a row: random, so that many workers do not come at once. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  return random() * Math.min(reconnectMaxMs, reconnectFirstMs * 2 ** Math.max(0, failures - 1));
}

/** Waits, or returns early when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
