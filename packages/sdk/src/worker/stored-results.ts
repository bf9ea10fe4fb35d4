/** Results on their way to the outbox: one with large values waits until these are stored. */

import { isMillraceError, type Failure } from "@millrace/engine";
import { writeBlobRef, type BlobRef } from "@millrace/wire";
import type { Result } from "@millrace/wire/worker";
import { isHeavy, lightened } from "./large-values.ts";
import type { Outbox } from "./outbox.ts";
import { failureOf } from "./outcome.ts";
import { resultOf } from "./results.ts";

export type StoredResultsOptions = {
  readonly outbox: Outbox;
  /** Stores a value that is too long to be sent along. */
  store(attemptId: string, data: Uint8Array): Promise<BlobRef>;
  /** Called when there is something to send. */
  onResult(): void;
};

export class StoredResults {
  readonly #options: StoredResultsOptions;
  /** Attempts of which a value is on its way. */
  readonly #storing = new Set<string>();

  constructor(options: StoredResultsOptions) {
    this.#options = options;
  }

  add(result: Result): void {
    if (isHeavy(result)) void this.#storeAndAdd(result);
    else this.#add(result);
  }

  has(attemptId: string): boolean {
    return this.#storing.has(attemptId) || this.#options.outbox.has(attemptId);
  }

  drop(attemptId: string): void {
    this.#storing.delete(attemptId);
    this.#options.outbox.drop(attemptId);
  }

  /** Attempts whose result waits for its values, or for a verdict. */
  attemptIds(): string[] {
    return [...this.#storing, ...this.#options.outbox.attemptIds()];
  }

  get size(): number {
    return this.#storing.size + this.#options.outbox.size;
  }

  /** The values first: a result that refers to them must not come before them. */
  async #storeAndAdd(result: Result): Promise<void> {
    const { attemptId } = result;
    this.#storing.add(attemptId);
    const store = async (data: Uint8Array): Promise<Uint8Array<ArrayBuffer>> =>
      writeBlobRef(await this.#options.store(attemptId, data));
    const light = await lightened(result, store).catch((error: unknown) =>
      notStored(result, error),
    );
    if (this.#storing.delete(attemptId)) this.#add(light);
  }

  #add(result: Result): void {
    this.#options.outbox.add(result);
    this.#options.onResult();
  }
}

/** A body that failed by itself did so all the same; any other end would be one without its values. */
function notStored(result: Result, error: unknown): Result {
  const { attemptId, outcome } = result;
  if (outcome.case === "failed") return { ...result, xcoms: {} };
  const isRefused = isMillraceError(error) && error.reason === "VALUE_TOO_LARGE";
  const failure: Failure = failureOf(error, isRefused ? "application" : "setup", !isRefused);
  const message = `Its values could not be stored: ${failure.message}`;
  return resultOf(attemptId, { kind: "failed", failure: { ...failure, message } });
}
