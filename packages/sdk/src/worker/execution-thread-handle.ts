/** One execution thread, seen from the session thread. */

import { Worker } from "node:worker_threads";
import { Claims } from "./claims.ts";
import { bodyEnvironment } from "./environment.ts";
import { beatMs, blockedMs, threadYoungMb } from "./limits.ts";
import type {
  Answer,
  ExecutionThreadData,
  FromRunner,
  StopCause,
  ToRunner,
  Work,
} from "./messages.ts";
import { threadFile } from "./thread-file.ts";

type Held = { readonly work: Work; readonly cell: number; readonly serial: number };

export type ThreadEvents = {
  onMessage(thread: ExecutionThread, message: FromRunner): void;
  /** The thread is gone with everything it held. Called once; not after `kill`. */
  onGone(thread: ExecutionThread, why: string): void;
};

export class ExecutionThread {
  /** Gets no new work; ended as soon as nothing but given-up bodies is left in it. */
  isDraining = false;
  isReady = false;
  idleSince = performance.now();
  readonly startedAt = performance.now();
  readonly bundles = new Set<string>();
  readonly #worker: Worker;
  readonly #claims: Claims;
  readonly #beat = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #held = new Map<string, Held>();
  #unsent: Work[] = [];
  #lastBeat = 0;
  #beatSeenAt = performance.now();
  #isGone = false;

  constructor(cells: number, events: ThreadEvents) {
    this.#claims = new Claims(cells);
    const data: ExecutionThreadData = {
      claims: this.#claims.buffer,
      beat: this.#beat.buffer,
    };
    this.#worker = new Worker(threadFile("worker/execution-thread", import.meta.url), {
      workerData: data,
      env: bodyEnvironment(),
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: threadYoungMb },
    });
    this.#worker.on("message", (message: FromRunner) => {
      if (message.kind === "ready") this.isReady = true;
      events.onMessage(this, message);
    });
    let why = "The thread ended.";
    this.#worker.on("error", (error) => (why = String(error)));
    this.#worker.on("exit", () => {
      if (this.#isGone) return;
      this.#isGone = true;
      events.onGone(this, why);
    });
  }

  get held(): number {
    return this.#held.size;
  }

  /** Attempts that have not been taken back, ended or given up. */
  attemptIds(): string[] {
    return [...this.#held.keys()];
  }

  /** Queues work for the next `flush`. False when the thread cannot hold more. */
  give(work: Work): boolean {
    const offer = this.#claims.offer();
    if (offer === null) return false;
    const offered = { ...work, ...offer };
    this.#held.set(work.attemptId, { work, ...offer });
    this.#unsent.push(offered);
    if (work.bundlePath !== null) this.bundles.add(work.bundlePath);
    return true;
  }

  flush(): void {
    if (this.#unsent.length === 0) return;
    this.#post({ kind: "run", works: this.#unsent });
    this.#unsent = [];
  }

  /** Takes an attempt back that has not begun. False when it has. */
  takeBack(attemptId: string): boolean {
    const held = this.#held.get(attemptId);
    if (held === undefined || !this.#claims.takeBack(held)) return false;
    this.#held.delete(attemptId);
    return true;
  }

  /** Takes back everything that has not begun. */
  takeBackAll(): Work[] {
    const works: Work[] = [];
    for (const [attemptId, held] of this.#held) {
      if (this.takeBack(attemptId)) works.push(held.work);
    }
    return works;
  }

  /** An attempt has ended, or nobody waits for its end any more. False when it was not here. */
  release(attemptId: string): boolean {
    const held = this.#held.get(attemptId);
    if (held === undefined) return false;
    this.#held.delete(attemptId);
    this.#claims.release(held);
    if (this.#held.size === 0) this.idleSince = performance.now();
    return true;
  }

  answer(attemptId: string, askId: number, answer: Answer): void {
    this.#post({ kind: "answer", attemptId, askId, answer });
  }

  stop(attemptId: string, cause: StopCause): void {
    this.#post({ kind: "stop", attemptId, cause });
  }

  /** Looks at the beat; call it often. How long the event loop has stood still, 0 before the thread is ready. */
  stillMs(): number {
    const now = performance.now();
    const beat = Atomics.load(this.#beat, 0);
    if (beat !== this.#lastBeat || !this.isReady) {
      this.#lastBeat = beat;
      this.#beatSeenAt = now;
    }
    return Math.max(0, now - this.#beatSeenAt - beatMs);
  }

  get isBlocked(): boolean {
    return this.stillMs() > blockedMs;
  }

  /** Ends the thread, whatever runs in it. Does not wait: a body in a system call ends when that does. */
  kill(): void {
    this.#isGone = true;
    this.#worker.removeAllListeners("message");
    void this.#worker.terminate();
  }

  #post(message: ToRunner): void {
    this.#worker.postMessage(message);
  }
}
