/** Requests that wait for an answer, each with its time limit. */

import { BusUnavailable, busLimits } from "./bus.ts";

export type OpenRequests = {
  /** Runs `start` with an answer function; rejects with `BusUnavailable` after `timeoutMs`. */
  open(subject: string, timeoutMs: number, start: (settle: Settle) => void): Promise<Uint8Array>;
  /** Rejects all that are open. */
  rejectAll(why: string): void;
};

/** Ends a request. Only the first call counts. */
export type Settle = (answer: Uint8Array | BusUnavailable) => void;

export function createOpenRequests(): OpenRequests {
  const open = new Map<Settle, string>();
  return {
    open(subject, timeoutMs, start) {
      if (open.size >= busLimits.requestsOpenMax) {
        return Promise.reject(new BusUnavailable(subject, `${open.size} requests wait already`));
      }
      return new Promise((resolve, reject) => {
        const settle: Settle = (answer) => {
          if (!open.delete(settle)) return;
          clearTimeout(timer);
          if (answer instanceof BusUnavailable) reject(answer);
          else resolve(answer);
        };
        const timer = setTimeout(
          () => settle(new BusUnavailable(subject, `none came within ${timeoutMs} ms`)),
          timeoutMs,
        );
        open.set(settle, subject);
        start(settle);
      });
    },
    rejectAll(why) {
      for (const [settle, subject] of open) settle(new BusUnavailable(subject, why));
    },
  };
}

/** Settles with what a promise of an answer comes to. */
export function settleWith(settle: Settle, subject: string, answer: Promise<Uint8Array>): void {
  answer.then(settle, (error: unknown) =>
    settle(
      error instanceof BusUnavailable
        ? error
        : new BusUnavailable(subject, "the request failed", { cause: error }),
    ),
  );
}
