/** From the end of an attempt to the server's verdict: first the rest of its log, then its result. */

import type { LogShipper } from "./log-shipper.ts";
import { logBeforeResultMs } from "./limits.ts";
import type { LogEntry, Outcome } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import { resultOf } from "./results.ts";

export class Reporter {
  readonly #logs: LogShipper;
  readonly #outbox: Outbox;
  readonly #onResult: () => void;
  /** Ended attempts whose log is still on its way. */
  readonly #finishing = new Set<string>();

  /** @param onResult called when there is something to send. */
  constructor(logs: LogShipper, outbox: Outbox, onResult: () => void) {
    this.#logs = logs;
    this.#outbox = outbox;
    this.#onResult = onResult;
  }

  log(attemptId: string, entries: readonly LogEntry[]): void {
    this.#logs.add(attemptId, entries);
  }

  report(attemptId: string, outcome: Outcome, droppedLines: number): void {
    if (!this.#logs.has(attemptId)) {
      this.#send(attemptId, outcome);
      return;
    }
    this.#finishing.add(attemptId);
    let timer: NodeJS.Timeout | undefined;
    const send = (): void => {
      clearTimeout(timer);
      if (this.#finishing.delete(attemptId)) this.#send(attemptId, outcome);
    };
    // A log that cannot be stored must not hold up the run.
    timer = setTimeout(send, logBeforeResultMs);
    void this.#logs.close(attemptId, droppedLines).then(send);
  }

  /** The attempt is another worker's: nothing is reported on it. */
  forget(attemptId: string): void {
    this.#finishing.delete(attemptId);
    this.#outbox.drop(attemptId);
    void this.#logs.close(attemptId, 0);
  }

  /** Attempts that have ended and wait for a verdict. */
  attemptIds(): string[] {
    return [...this.#finishing, ...this.#outbox.attemptIds()];
  }

  get size(): number {
    return this.#finishing.size + this.#outbox.size;
  }

  #send(attemptId: string, outcome: Outcome): void {
    this.#outbox.add(resultOf(attemptId, outcome));
    this.#onResult();
  }
}
