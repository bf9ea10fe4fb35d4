/**
 * The execution threads. Several bodies share a thread, which is quick where they wait for something else; so a body
 * that holds up its thread must not hold up others, and one that will not stop must not take others with it:
 *
 * - A thread whose event loop stands still gets no new work, and what has not begun in it moves to another.
 * - A body that does not stop in time leaves its thread to its neighbours: the thread gets no new work and is ended
 *   after the last of them. Until then the body may live on, though nobody waits for it.
 * - Where the event loop stands still as well, neighbours make no progress: the thread is ended at once, and they are
 *   lost, which spends none of their retries.
 */

import { ExecutionThread } from "./execution-thread-handle.ts";
import { bundlesPerThreadMax, spareIdleMs, threadStartMs } from "./limits.ts";
import type { WorkerLog } from "./log.ts";
import type { Answer, FromRunner, StopCause, Work } from "./messages.ts";
import type { Place } from "./place.ts";

export type ThreadPoolOptions = {
  /** How many there usually are. */
  readonly threads: number;
  /** How many attempts run at a time. */
  readonly slots: number;
  readonly log: WorkerLog;
  onMessage(message: FromRunner): void;
  /** Attempts whose thread is gone although they had begun. `isAlone` when only one can have ended it. */
  onLost(attemptIds: readonly string[], why: string, isAlone: boolean): void;
  /** Attempts that cannot begin since no thread starts. */
  onUnstartable(attemptIds: readonly string[], why: string): void;
};

export class ThreadPool implements Place {
  readonly #options: ThreadPoolOptions;
  readonly #threads = new Set<ExecutionThread>();
  readonly #blocked = new Set<ExecutionThread>();
  readonly #where = new Map<string, ExecutionThread>();
  #isStopped = false;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  start(): void {
    while (this.#threads.size < this.#options.threads) this.#startThread();
  }

  /** Sends an attempt to a thread with the next `flush`. */
  place(work: Work): void {
    const thread = this.#choose(work);
    if (!thread.give(work))
      throw new Error("An execution thread holds more attempts than the worker has slots");
    this.#where.set(work.attemptId, thread);
  }

  flush(): void {
    for (const thread of this.#threads) thread.flush();
  }

  takeBack(attemptId: string): boolean {
    const isBack = this.#where.get(attemptId)?.takeBack(attemptId) ?? false;
    if (isBack) this.#where.delete(attemptId);
    return isBack;
  }

  answer(attemptId: string, askId: number, answer: Answer): void {
    this.#where.get(attemptId)?.answer(attemptId, askId, answer);
  }

  stop(attemptId: string, cause: StopCause): void {
    this.#where.get(attemptId)?.stop(attemptId, cause);
  }

  giveUp(attemptId: string): void {
    const thread = this.#where.get(attemptId);
    if (thread === undefined) return;
    if (thread.isBlocked)
      this.#end(thread, "A body that did not stop blocked the thread they shared.", attemptId);
    else {
      thread.isDraining = true;
      this.#options.log.warn(
        { attempt_id: attemptId, neighbours: thread.held - 1 },
        "thread.left_to_neighbours",
      );
      this.#release(thread, attemptId);
    }
  }

  /** Looks after the threads; to be called several times a second. */
  watch(): void {
    for (const thread of this.#threads) {
      if (!thread.isReady && performance.now() - thread.startedAt > threadStartMs) {
        this.#end(thread, "The execution thread did not start in time.", null);
      } else if (!thread.isBlocked) this.#blocked.delete(thread);
      else if (!this.#blocked.has(thread)) {
        this.#blocked.add(thread);
        this.#options.log.warn(
          { held: thread.held, still_ms: Math.round(thread.stillMs()) },
          "thread.blocked",
        );
      }
    }
    // In each look, since works may have been sent in the moment before it was seen that the thread is blocked.
    for (const thread of this.#blocked) this.#move(thread.takeBackAll());
    this.#endIdleSpares();
    this.flush();
  }

  /** Ends all threads, whatever runs in them. */
  stopAll(): void {
    this.#isStopped = true;
    for (const thread of this.#threads) thread.kill();
    this.#threads.clear();
    this.#where.clear();
  }

  #choose(work: Work): ExecutionThread {
    let best: ExecutionThread | null = null;
    let healthy = 0;
    for (const thread of this.#threads) {
      if (thread.isDraining || this.#blocked.has(thread)) continue;
      if (this.#isWornOut(thread, work)) {
        thread.isDraining = true;
        if (thread.held === 0) this.#discard(thread);
        continue;
      }
      healthy++;
      if (best === null || thread.held < best.held) best = thread;
    }
    const hasRoom = this.#threads.size < this.#options.slots + this.#options.threads;
    const isWanted = best === null || (best.held > 0 && healthy < this.#options.threads && hasRoom);
    return isWanted || best === null ? this.#startThread() : best;
  }

  #isWornOut(thread: ExecutionThread, { bundlePath }: Work): boolean {
    const isNew = bundlePath !== null && !thread.bundles.has(bundlePath);
    return isNew && thread.bundles.size >= bundlesPerThreadMax;
  }

  #startThread(): ExecutionThread {
    const thread = new ExecutionThread(this.#options.slots, {
      onMessage: (from, message) => this.#receive(from, message),
      onGone: (from, why) => this.#end(from, why, null),
    });
    this.#threads.add(thread);
    return thread;
  }

  #receive(thread: ExecutionThread, message: FromRunner): void {
    if (message.kind === "suspect") {
      thread.isDraining = true;
      this.#options.log.error({ err: message.message }, "thread.error_of_nobody");
    }
    if (message.kind === "batch") {
      for (const { attemptId } of message.ended) this.#release(thread, attemptId);
    }
    this.#options.onMessage(message);
  }

  #release(thread: ExecutionThread, attemptId: string): void {
    if (!thread.release(attemptId)) return;
    this.#where.delete(attemptId);
    if (thread.isDraining && thread.held === 0) this.#discard(thread);
  }

  /** Ends a thread. What had not begun moves; what had is lost, but for the one that is given up. */
  #end(thread: ExecutionThread, why: string, givenUp: string | null): void {
    if (this.#isStopped || !this.#threads.has(thread)) return;
    const wasReady = thread.isReady;
    const notBegun = thread.takeBackAll();
    const begun = thread.attemptIds();
    this.#discard(thread);
    for (const attemptId of begun) this.#where.delete(attemptId);
    const lost = begun.filter((attemptId) => attemptId !== givenUp);
    this.#options.log.warn({ why, lost: lost.length, moved: notBegun.length }, "thread.ended");
    if (lost.length > 0) this.#options.onLost(lost, why, givenUp === null && lost.length === 1);
    if (wasReady) this.#move(notBegun);
    else if (notBegun.length > 0) {
      for (const { attemptId } of notBegun) this.#where.delete(attemptId);
      this.#options.onUnstartable(
        notBegun.map((work) => work.attemptId),
        why,
      );
    }
    this.flush();
  }

  #move(works: readonly Work[]): void {
    for (const work of works) this.place(work);
  }

  #discard(thread: ExecutionThread): void {
    this.#threads.delete(thread);
    this.#blocked.delete(thread);
    thread.kill();
  }

  #endIdleSpares(): void {
    let usable = 0;
    for (const thread of this.#threads) if (!thread.isDraining) usable++;
    for (const thread of this.#threads) {
      if (usable <= this.#options.threads) return;
      const isIdle = thread.held === 0 && performance.now() - thread.idleSince > spareIdleMs;
      if (!isIdle || thread.isDraining) continue;
      this.#discard(thread);
      usable--;
    }
  }
}
