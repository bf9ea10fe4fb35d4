/** Keeps a server stream open: reconnects with back-off, and says in which phase it is. */
import { Code, ConnectError } from "@connectrpc/connect";
import type { StreamPhase } from "./connection.ts";

export type FollowOptions<T> = {
  /** Opens the stream; called again for each reconnect, so that it can resume where it was. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  readonly onMessage: (message: T) => void;
  readonly onPhase: (phase: StreamPhase | null) => void;
  /** Asked when the stream ends by itself: false means that it was cut, and is opened again. */
  readonly isDone: () => boolean;
  readonly signal: AbortSignal;
  /** Waits, or returns early when the signal fires. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
};

export const backoffFirstMs = 500;
export const backoffMaxMs = 10_000;

/** After so many failures in a row the page polls; the stream is still tried at the longest back-off. */
export const failuresBeforePolling = 3;

/** Errors that trying again cannot mend. */
const lasting: ReadonlySet<Code> = new Set([
  Code.NotFound,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.InvalidArgument,
  Code.Unimplemented,
]);

/** Ends when the stream is done, when its error is a lasting one, or with the signal. */
export async function follow<T>(options: FollowOptions<T>): Promise<void> {
  const { signal, onPhase } = options;
  let failures = 0;
  while (!signal.aborted) {
    onPhase(failures < failuresBeforePolling ? "connecting" : "refused");
    try {
      for await (const message of options.open(signal)) {
        failures = 0;
        onPhase("open");
        options.onMessage(message);
      }
      if (options.isDone()) break;
    } catch (error) {
      if (signal.aborted) break;
      if (lasting.has(ConnectError.from(error).code)) {
        onPhase("refused");
        return;
      }
    }
    failures += 1;
    await options.pause(backoffMs(failures), signal);
  }
  onPhase(null);
}

/** Doubles from half a second to ten; the caller's clock decides, so no jitter: a tab has one or two streams. */
export function backoffMs(failures: number): number {
  return Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.max(0, failures - 1));
}

/** Waits in the browser; ends early with the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
