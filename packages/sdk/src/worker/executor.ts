/**
 * Runs bodies where it is: in an execution thread, in a child process, or in the process that started the worker.
 * What it has to say is gathered and said once a turn of the event loop, however many attempts end in it.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { Failure } from "@millrace/engine";
import type { TaskCode } from "../wiring/code-of.ts";
import { runInContext } from "../context/context.ts";
import { Attempt } from "./attempt.ts";
import { answerCall } from "./call.ts";
import { argsOf, callBody } from "./call-body.ts";
import { callbackEventOf, callCallback } from "./callback.ts";
import { logFlushMs } from "./limits.ts";
import type {
  Answer,
  Ask,
  Ended,
  FromRunner,
  LogBatch,
  Outcome,
  StopCause,
  ToRunner,
  Work,
} from "./messages.ts";
import { failureOf } from "./outcome.ts";

export type ExecutorOptions = {
  post(message: FromRunner): void;
  /** Finds the functions of a task. What it throws is a failure of kind `setup`. */
  loadCode(work: Work): TaskCode | Promise<TaskCode>;
  /** Whether the attempt may still begin; see `claims.ts`. */
  claim(work: Work): boolean;
};

export class Executor {
  readonly #options: ExecutorOptions;
  readonly #attempts = new Map<string, Attempt>();
  readonly #running = new AsyncLocalStorage<Attempt>();
  readonly #asked = new Map<number, { attemptId: string; resolve(answer: Answer): void }>();
  #asks = 0;
  #ended: Ended[] = [];
  readonly #talkative = new Set<Attempt>();
  #isPosting = false;
  #logTimer: NodeJS.Timeout | undefined;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** The attempt whose body, or something it started, is running right now. */
  get current(): Attempt | undefined {
    return this.#running.getStore();
  }

  receive(message: ToRunner): void {
    if (message.kind === "run") this.run(message.works);
    else if (message.kind === "stop") this.stop(message.attemptId, message.cause);
    else {
      this.#asked.get(message.askId)?.resolve(message.answer);
      this.#asked.delete(message.askId);
    }
  }

  run(works: readonly Work[]): void {
    for (const work of works) {
      if (this.#options.claim(work)) this.#begin(work);
    }
  }

  stop(attemptId: string, cause: StopCause): void {
    const attempt = this.#attempts.get(attemptId);
    if (attempt !== undefined) this.#signal(attempt, cause);
  }

  /** Fails an attempt whose body may still be running. */
  break(attempt: Attempt, failure: Failure): void {
    if (attempt.broken !== null || !this.#attempts.has(attempt.work.attemptId)) return;
    attempt.broken = failure;
    this.#signal(attempt, "broken");
    this.#flush();
    this.#options.post({ kind: "broken", attemptId: attempt.work.attemptId, failure });
  }

  /** Listeners of the body are of the body: what they print and throw is its own. */
  #signal(attempt: Attempt, why: StopCause | "broken"): void {
    this.#running.run(attempt, () => runInContext(attempt, () => attempt.stop(why)));
  }

  #onLine(attempt: Attempt): void {
    if (attempt.lines.isUrgent) {
      const { attemptId } = attempt.work;
      this.#options.post({
        kind: "batch",
        logs: [{ attemptId, entries: attempt.lines.take() }],
        ended: [],
      });
      return;
    }
    this.#talkative.add(attempt);
    this.#logTimer ??= setTimeout(() => this.#flush(), logFlushMs);
  }

  #forgetAsks(attemptId: string): void {
    for (const [askId, ask] of this.#asked)
      if (ask.attemptId === attemptId) this.#asked.delete(askId);
  }

  /** Unanswered where the attempt is given up: nobody waits for its body any more. */
  #ask(attemptId: string, ask: Ask): Promise<Answer> {
    const askId = (this.#asks += 1);
    this.#options.post({ kind: "ask", attemptId, askId, ask });
    return new Promise((resolve) => this.#asked.set(askId, { attemptId, resolve }));
  }

  #begin(work: Work): void {
    let attempt: Attempt;
    try {
      attempt = new Attempt(work, {
        onLine: (from) => this.#onLine(from),
        ask: (ask) => this.#ask(work.attemptId, ask),
      });
    } catch (error) {
      this.#report({
        attemptId: work.attemptId,
        outcome: failed(error),
        xcoms: {},
        droppedLines: 0,
        tookMs: 0,
      });
      return;
    }
    this.#attempts.set(work.attemptId, attempt);
    this.#running.run(attempt, () => void this.#execute(attempt));
  }

  async #execute(attempt: Attempt): Promise<void> {
    const { work } = attempt;
    let outcome: Outcome;
    let startedAt = performance.now();
    try {
      if (work.refusal !== null) throw new Error(work.refusal);
      const code = await this.#options.loadCode(work);
      const args = argsOf(attempt, code.target);
      startedAt = performance.now();
      const onClock = (kind: "begun" | "looked"): void => {
        if (work.isTimed) this.#options.post({ kind, attemptId: work.attemptId });
      };
      const onBegun = (): void => onClock("begun");
      if (work.callback !== null) {
        const told = [callbackEventOf(attempt, work.callback), ...args];
        outcome = await callCallback(attempt, code, told, onBegun);
      } else if (work.call !== null) {
        outcome = await answerCall(attempt, work.call, code, args, onBegun);
      } else {
        outcome = await callBody(attempt, code, args, onClock);
      }
    } catch (error) {
      outcome = failed(error);
    }
    const tookMs = performance.now() - startedAt;
    if (attempt.broken !== null) outcome = { kind: "failed", failure: attempt.broken };
    attempt.lines.end();
    this.#attempts.delete(work.attemptId);
    if (this.#asked.size > 0) this.#forgetAsks(work.attemptId);
    this.#report({
      attemptId: work.attemptId,
      outcome,
      xcoms: attempt.xcoms,
      droppedLines: attempt.lines.dropped,
      tookMs,
    });
  }

  #report(ended: Ended): void {
    this.#ended.push(ended);
    if (this.#isPosting) return;
    this.#isPosting = true;
    setImmediate(() => {
      this.#isPosting = false;
      this.#flush();
    });
  }

  #flush(): void {
    clearTimeout(this.#logTimer);
    this.#logTimer = undefined;
    const logs: LogBatch[] = [];
    for (const { work, lines } of this.#talkative) {
      if (!lines.isEmpty) logs.push({ attemptId: work.attemptId, entries: lines.take() });
    }
    this.#talkative.clear();
    const ended = this.#ended;
    this.#ended = [];
    if (logs.length > 0 || ended.length > 0) this.#options.post({ kind: "batch", logs, ended });
  }
}

function failed(error: unknown): Outcome {
  return { kind: "failed", failure: failureOf(error, "setup") };
}
