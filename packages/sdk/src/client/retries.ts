/** Makes calls again while no server answers them: it restarts, or another one takes its DAGs over. */

import { setTimeout as wait } from "node:timers/promises";
import { MillraceError } from "@millrace/engine";
import { errorOfCall, isPassing, textOf } from "./errors.ts";

/** How long one try of a call, or the opening of a stream, may take before it is made again. */
const tryTimeoutMs = 30_000;
/** The last try of a call is given this long, though less may be left. */
const lastTryMs = 1_000;
/** Wait before the second try; doubles from one to the next up to the longest. */
const firstWaitMs = 100;
const longestWaitMs = 2_000;

/** Of one try. */
type TryOptions = { readonly timeoutMs: number; readonly signal?: AbortSignal };

export type RetryOptions = {
  /** Address of the server, for the error. */
  readonly url: string;
  /** How long to go on trying; 0 for one try. */
  readonly retryForMs: number;
  /** Longest time of one try. Default 30 s. */
  readonly tryMs?: number;
  readonly random?: () => number;
  /** A clock, in milliseconds. Default: one that only goes on. */
  readonly now?: () => number;
};

export function createRetries(options: RetryOptions) {
  const { tryMs = tryTimeoutMs } = options;
  return {
    /**
     * Makes a call until it is answered, for as long as `retryForMs`. The request, and so its id, stays the same.
     *
     * @throws MillraceError with the server's reason; what the signal was aborted with.
     */
    async answered<T>(call: (options: TryOptions) => Promise<T>, signal?: AbortSignal): Promise<T> {
      const outage = beginOutage(options);
      for (;;) {
        signal?.throwIfAborted();
        const timeoutMs = Math.min(tryMs, outage.tries === 0 ? tryMs : outage.leftMs(lastTryMs));
        try {
          return await call({ timeoutMs, ...(signal && { signal }) });
        } catch (error) {
          await outage.wait(error, isPassing(error), signal);
        }
      }
    },

    /**
     * Reads a stream up to its last message, opened again when it breaks before; what a new one repeats is given again.
     *
     * @throws MillraceError with the server's reason, or once nothing came for `retryForMs` after it broke; what the
     *   signal was aborted with.
     */
    async *streamed<T>(
      open: (signal: AbortSignal) => AsyncIterable<T>,
      isLast: (message: T) => boolean,
      signal?: AbortSignal,
    ): AsyncIterable<T> {
      for (let outage: Outage | null = null; ;) {
        signal?.throwIfAborted();
        let hasBegun = false;
        const opening = new AbortController();
        const timer = setTimeout(() => opening.abort(), tryMs);
        try {
          const either = signal ? AbortSignal.any([signal, opening.signal]) : opening.signal;
          for await (const message of open(either)) {
            clearTimeout(timer);
            hasBegun = true;
            outage = null;
            yield message;
            if (isLast(message)) return;
          }
          throw new MillraceError("UNAVAILABLE", "the server ended the stream early");
        } catch (error) {
          const isTooSlow = opening.signal.aborted;
          const cause = isTooSlow ? new Error(`no answer within ${tryMs} ms`) : error;
          outage ??= beginOutage(options);
          await outage.wait(cause, isTooSlow || isPassing(error, { hasBegun }), signal);
        } finally {
          clearTimeout(timer);
        }
      }
    },
  };
}

type Outage = ReturnType<typeof beginOutage>;

/** Counts from now how long no server has answered. */
function beginOutage(options: RetryOptions) {
  const { url, retryForMs, random = Math.random, now = () => performance.now() } = options;
  const since = now();
  const leftMs = (least: number) => Math.max(least, retryForMs - (now() - since));
  const outage = {
    /** Tries that failed. */
    tries: 0,
    leftMs,
    /** Waits before the next try: a random part of a time that grows, so that many clients do not come at once. */
    async wait(error: unknown, mayPass: boolean, signal: AbortSignal | undefined): Promise<void> {
      signal?.throwIfAborted();
      if (!mayPass) throw errorOfCall(error);
      outage.tries += 1;
      const left = leftMs(0);
      if (left === 0) throw lasting(error, url, now() - since, outage.tries);
      const longest = Math.min(longestWaitMs, firstWaitMs * 2 ** (outage.tries - 1));
      const ms = Math.min(left, longest * (0.5 + random() / 2));
      await pause(ms, signal);
    },
  };
  return outage;
}

/** @throws what the signal was aborted with. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** The last error, told with where and how long it was tried. */
function lasting(error: unknown, url: string, triedMs: number, tries: number): MillraceError {
  const { reason, metadata } = errorOfCall(error);
  const seconds = (triedMs / 1000).toFixed(1);
  const times = tries === 1 ? "1 try" : `${tries} tries`;
  return new MillraceError(
    reason,
    `${url} did not answer for ${seconds} s (${times}); last: ${textOf(error)}`,
    { metadata: { ...metadata, url, tries: String(tries) }, cause: error },
  );
}
