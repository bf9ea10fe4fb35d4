/** Results that the server has not answered yet. They are sent again until it has. */

import { toBinary } from "@bufbuild/protobuf";
import { ResultSchema, VerdictKind, type Result, type Verdict } from "@millrace/wire/worker";
import { resultKeptMs, resultsBytesMax, resultsMax, verdictWaitMs } from "./limits.ts";
import type { WorkerLog } from "./log.ts";
import { isCancelled, resultOf } from "./results.ts";
import { plainFailure } from "./outcome.ts";

type Item = {
  readonly result: Result;
  readonly bytes: number;
  readonly since: number;
  /** When it was last sent on the present stream; null when it has to be sent. */
  sentAt: number | null;
};

export class Outbox {
  readonly #items = new Map<string, Item>();
  readonly #log: WorkerLog;
  #unsent: Item[] = [];

  constructor(log: WorkerLog) {
    this.#log = log;
  }

  get size(): number {
    return this.#items.size;
  }

  attemptIds(): IterableIterator<string> {
    return this.#items.keys();
  }

  has(attemptId: string): boolean {
    return this.#items.has(attemptId);
  }

  add(result: Result): void {
    const bytes = toBinary(ResultSchema, result).length;
    const item: Item = { result, bytes, since: performance.now(), sentAt: null };
    this.#items.set(result.attemptId, item);
    this.#unsent.push(item);
  }

  drop(attemptId: string): void {
    this.#items.delete(attemptId);
  }

  /** A new stream: nothing has been said on it. */
  resendAll(): void {
    for (const item of this.#items.values()) item.sentAt = null;
    this.#unsent = [...this.#items.values()];
  }

  /** Sends again what got no answer for long, and gives up on what nobody has taken for a day. */
  sweep(): void {
    const now = performance.now();
    for (const [attemptId, item] of this.#items) {
      if (now - item.since > resultKeptMs) {
        this.#items.delete(attemptId);
        this.#log.error({ attempt_id: attemptId }, "result.given_up");
      } else if (item.sentAt !== null && now - item.sentAt > verdictWaitMs) {
        item.sentAt = null;
        this.#unsent.push(item);
      }
    }
  }

  /** Takes what is to be sent now, in messages within the limits. */
  take(): Result[][] {
    if (this.#unsent.length === 0) return [];
    const now = performance.now();
    const messages: Result[][] = [];
    let message: Result[] = [];
    let bytes = 0;
    for (const item of this.#unsent) {
      if (this.#items.get(item.result.attemptId) !== item || item.sentAt !== null) continue;
      if (
        message.length === resultsMax ||
        (message.length > 0 && bytes + item.bytes > resultsBytesMax)
      ) {
        messages.push(message);
        message = [];
        bytes = 0;
      }
      item.sentAt = now;
      message.push(item.result);
      bytes += item.bytes;
    }
    if (message.length > 0) messages.push(message);
    this.#unsent = [];
    return messages;
  }

  /** Every verdict but one is the end of a result, whatever it says. */
  onVerdict(verdict: Verdict): void {
    const { attemptId, kind } = verdict;
    const item = this.#items.get(attemptId);
    if (item === undefined) return;
    if (kind === VerdictKind.CANCEL_REQUESTED && !isCancelled(item.result)) {
      // The server wants to hear that it was cancelled, not how it ended.
      this.add(
        resultOf(attemptId, {
          kind: "failed",
          failure: plainFailure("cancelled", "The attempt was cancelled.", false),
        }),
      );
      return;
    }
    if (kind === VerdictKind.CONFLICT || kind === VerdictKind.STALE) {
      this.#log.warn(
        { attempt_id: attemptId, verdict: kind, stale_reason: verdict.staleReason },
        "result.refused",
      );
    }
    this.#items.delete(attemptId);
  }
}
