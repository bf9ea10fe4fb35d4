/**
 * From the end of an attempt to the server's verdict: first the rest of its log, then its large values, then its result.
 */

import type { LogShipper } from "./log-shipper.ts";
import { logBeforeResultMs } from "./limits.ts";
import type { Ended, LogEntry, Outcome } from "./messages.ts";
import { resultOf } from "./results.ts";
import type { StoredResults } from "./stored-results.ts";

export class Reporter {
  readonly #logs: LogShipper;
  readonly #results: StoredResults;
  /** Ended attempts whose log is still on its way. */
  readonly #finishing = new Set<string>();

  constructor(logs: LogShipper, results: StoredResults) {
    this.#logs = logs;
    this.#results = results;
  }

  log(attemptId: string, entries: readonly LogEntry[]): void {
    this.#logs.add(attemptId, entries);
  }

  report(attemptId: string, outcome: Outcome, xcoms: Ended["xcoms"], droppedLines: number): void {
    if (!this.#logs.has(attemptId)) {
      this.#send(attemptId, outcome, xcoms);
      return;
    }
    this.#finishing.add(attemptId);
    let timer: NodeJS.Timeout | undefined;
    const send = (): void => {
      clearTimeout(timer);
      if (this.#finishing.delete(attemptId)) this.#send(attemptId, outcome, xcoms);
    };
    // A log that cannot be stored must not hold up the run.
    timer = setTimeout(send, logBeforeResultMs);
    void this.#logs.close(attemptId, droppedLines).then(send);
  }

  /** The attempt is another worker's: nothing is reported on it. */
  forget(attemptId: string): void {
    this.#finishing.delete(attemptId);
    this.#results.drop(attemptId);
    void this.#logs.close(attemptId, 0);
  }

  /** Attempts that have ended and wait for a verdict. */
  attemptIds(): string[] {
    return [...this.#finishing, ...this.#results.attemptIds()];
  }

  get size(): number {
    return this.#finishing.size + this.#results.size;
  }

  #send(attemptId: string, outcome: Outcome, xcoms: Ended["xcoms"]): void {
    this.#results.add(resultOf(attemptId, outcome, xcoms));
  }
}
