/** One attempt while its body runs: in this process as a worker would run it, by a clock of its own. */

import type { InstanceRef } from "@millrace/engine";
import type {
  Answer,
  Ask,
  LogEntry,
  Outcome,
  SensorTime,
  StopCause,
  TaskCode,
  Work,
} from "@millrace/sdk/spec";
import {
  argsOf,
  Attempt,
  callBody,
  failureOf,
  longTimeout,
  runInContext,
  stoppedOutcome,
} from "@millrace/sdk/spec";
import type { VirtualClock } from "./virtual-clock.ts";

/** What comes of an attempt; of a lost one its worker can say nothing. */
export type FlightOutcome = Outcome | { readonly kind: "lost" };

export type FlightOptions = {
  readonly ref: InstanceRef;
  /** Of all attempts of the run, which one it is, from 0. */
  readonly serial: number;
  readonly work: Work;
  readonly timeoutMs: number | null;
  readonly clock: VirtualClock;
  codeOf(flight: Flight): TaskCode;
  onLog(entry: LogEntry): void;
  /** Answers in the place of a server. */
  ask(flight: Flight, ask: Ask): Promise<Answer>;
  /** It works, or rests until a moment of the clock. */
  onWorking(flight: Flight, isWorking: boolean): void;
  onEnd(flight: Flight, outcome: FlightOutcome): void;
};

export class Flight {
  readonly ref: InstanceRef;
  readonly serial: number;
  readonly attemptNumber: number;
  /** Whether it goes on after a wait. */
  readonly isGoingOn: boolean;
  readonly #options: FlightOptions;
  #attempt: Attempt | null = null;
  #hasEnded = false;
  #cancelLimit: () => void = () => undefined;
  #cancelRealLimit: () => void = () => undefined;

  constructor(options: FlightOptions) {
    this.#options = options;
    this.ref = options.ref;
    this.serial = options.serial;
    this.attemptNumber = options.work.tryNumber;
    this.isGoingOn = options.work.resumption !== null;
  }

  /** What it has left under keys so far. */
  get xcoms(): Readonly<Record<string, Uint8Array>> {
    return this.#attempt?.xcoms ?? {};
  }

  /** Begins; the body may run before this returns. */
  start(): void {
    const { work, codeOf, onWorking } = this.#options;
    onWorking(this, true);
    try {
      const attempt = new Attempt(work, {
        onLine: () => this.#sendLines(),
        ask: (ask) => this.#options.ask(this, ask),
        clock: () => this.#options.clock.now,
      });
      this.#attempt = attempt;
      const code = codeOf(this);
      const args = argsOf(attempt, code.target);
      const onClock = (kind: "begun" | "looked") => this.#limit(kind);
      void callBody(attempt, code, args, onClock, this.#time).then((outcome) => this.#end(outcome));
    } catch (error) {
      this.#end({ kind: "failed", failure: failureOf(error, "setup") });
    }
  }

  /** Tells the body to stop. What it does afterwards counts no more. */
  stop(cause: StopCause): void {
    if (this.#hasEnded) return;
    const { work, timeoutMs } = this.#options;
    const attempt = this.#attempt;
    this.#end(stoppedOutcome(cause, { timeoutMs, work }));
    // Listeners of the body are of the body.
    if (attempt !== null) runInContext(attempt, () => attempt.stop(cause));
  }

  /** Its worker dies: what it has left and written is gone with it. */
  die(): Promise<never> {
    this.#end({ kind: "lost" });
    return new Promise<never>(() => undefined);
  }

  /** Rests until the clock has moved on so far; rejects when it is told to stop. */
  async rest(ms: number): Promise<void> {
    if (this.#attempt === null) return;
    this.#cancelRealLimit();
    await this.#wait(ms, this.#attempt.signal);
    this.#limitWork();
  }

  readonly #time: SensorTime = {
    now: () => this.#options.clock.now,
    wait: (ms, signal) => this.#wait(ms, signal),
  };

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    const { clock, onWorking } = this.#options;
    return new Promise((resolve, reject) => {
      if (this.#hasEnded || signal.aborted) return reject(signal.reason as Error);
      const cancel = clock.at(clock.now + ms, () => {
        signal.removeEventListener("abort", stop);
        onWorking(this, true);
        resolve();
      });
      const stop = (): void => {
        cancel();
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", stop, { once: true });
      onWorking(this, false);
    });
  }

  /**
   * The execution timeout counts by both clocks: what the test says takes virtual time, and a body that never returns must
   * not hold up the test.
   */
  #limit(kind: "begun" | "looked"): void {
    this.#cancelLimits();
    const { clock, timeoutMs } = this.#options;
    if (timeoutMs === null || kind === "looked" || this.#hasEnded) return;
    this.#cancelLimit = clock.at(clock.now + timeoutMs, () => this.stop("timeout"));
    this.#limitWork();
  }

  /** By the real clock: only while it works, so that nothing real goes on between two steps of the test. */
  #limitWork(): void {
    const { timeoutMs } = this.#options;
    if (timeoutMs === null || this.#hasEnded) return;
    this.#cancelRealLimit = longTimeout(() => this.stop("timeout"), timeoutMs);
  }

  #cancelLimits(): void {
    this.#cancelLimit();
    this.#cancelRealLimit();
  }

  #end(outcome: FlightOutcome): void {
    if (this.#hasEnded) return;
    this.#cancelLimits();
    this.#attempt?.lines.end();
    this.#sendLines();
    this.#hasEnded = true;
    this.#options.onEnd(this, outcome);
  }

  #sendLines(): void {
    if (this.#hasEnded || this.#attempt === null) return;
    for (const entry of this.#attempt.lines.take()) this.#options.onLog(entry);
  }
}
