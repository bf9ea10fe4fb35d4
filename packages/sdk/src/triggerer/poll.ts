/** Looks again and again until something is there. Between looks a wait is a timer and a few fields. */

import type { Gate } from "./gate.ts";
import { firstIntervalJitter, intervalJitter, retryAfterMaxMs } from "./limits.ts";

/** What a look has seen. */
export type Look =
  | { readonly kind: "found"; readonly event: unknown }
  | {
      readonly kind: "vain";
      /** What is wrong, where it is more than "not yet". */
      readonly trouble: string | null;
      /** Not again before this. */
      readonly afterMs: number;
    };

export const notYet: Look = { kind: "vain", trouble: null, afterMs: 0 };

export type PollOptions = {
  readonly gate: Gate;
  readonly intervalMs: number;
  /** Rejects where looking again cannot help. */
  look(signal: AbortSignal): Promise<Look>;
  onLook(look: Look): void;
  /** What it looked for is there. Not called once it was stopped. */
  onFound(event: unknown): void;
  onFailed(error: unknown): void;
  /** From 0 to 1. Default: the machine's chance. */
  readonly random?: () => number;
};

/** Begins to look, at once where there is room. Stopped by what it returns. */
export function poll(options: PollOptions): () => void {
  const { gate, onLook, onFound, onFailed } = options;
  let looks = 0;
  let isOver = false;
  let looking: AbortController | null = null;
  let leave = (): void => undefined;

  const enter = (): void => void (leave = gate.enter(look));
  const look = async (): Promise<void> => {
    looking = new AbortController();
    try {
      const seen = await options.look(looking.signal);
      if (isOver) return;
      looks++;
      onLook(seen);
      if (seen.kind === "found") end(() => onFound(seen.event));
      else rest(seen.afterMs);
    } catch (error) {
      if (!isOver) end(() => onFailed(error));
    } finally {
      looking = null;
    }
  };
  const rest = (atLeastMs: number): void => {
    const ms = Math.max(pauseMs(options, looks), Math.min(atLeastMs, retryAfterMaxMs));
    const timer = setTimeout(enter, ms);
    leave = () => clearTimeout(timer);
  };
  const end = (tell: () => void): void => {
    isOver = true;
    tell();
  };
  enter();
  return () => {
    if (isOver) return;
    isOver = true;
    leave();
    looking?.abort();
  };
}

/** What a timer can hold. */
const timerMaxMs = 2 ** 31 - 1;

/** How long to rest after the look of this number, from 1. */
export function pauseMs(
  { intervalMs, random = Math.random }: Pick<PollOptions, "intervalMs" | "random">,
  look: number,
): number {
  const share =
    look === 1 ? 1 - random() * firstIntervalJitter : 1 + (random() * 2 - 1) * intervalJitter;
  return Math.min(intervalMs * share, timerMaxMs);
}
