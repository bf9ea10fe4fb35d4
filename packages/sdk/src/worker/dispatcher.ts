/** What the worker holds: from assignment to outcome. Decides what begins, where, and what has to stop. */

import { performance } from "node:perf_hooks";
import type { Failure } from "@millrace/engine";
import type { Assignment } from "@millrace/wire/worker";
import { taskOf, type Task } from "./assignment.ts";
import { refersToBlobs } from "./large-values.ts";
import type { BundleCache } from "./bundle-cache.ts";
import {
  brokenGraceMs,
  endedKeptMax,
  prefetchFactor,
  shortTaskMs,
  unreportedMax,
  waitingMaxMs,
} from "./limits.ts";
import type { WorkerLog } from "./log.ts";
import { longTimeout } from "./long-timeout.ts";
import type { Answer, Ask, Ended, FromRunner, LogEntry, Outcome, StopCause } from "./messages.ts";
import { failureOf, plainFailure, stoppedOutcome } from "./outcome.ts";
import type { Place } from "./place.ts";
import { RecentIds } from "./recent-ids.ts";
import type { Reporter } from "./reporter.ts";

export type DispatcherOptions = {
  readonly slots: number;
  /** How long a body may go on after it was told to stop. */
  readonly graceMs: number;
  /** External handlers that the starter implements. */
  readonly handlers: readonly string[];
  readonly bundles: BundleCache;
  readonly reporter: Reporter;
  readonly log: WorkerLog;
  /** The assignment with those of its values that are stored elsewhere. */
  fetchValues(assignment: Assignment): Promise<Assignment>;
  /** Asks the server what a body asks for. Never rejects. */
  ask(attemptId: string, ask: Ask): Promise<Answer>;
  /** Sends an attempt on to where it runs, and says where that is. */
  start(task: Task, bundlePath: string | null): Place;
  /** Called after a number of starts. */
  flushStarts(): void;
  /** Called when there is room, or nothing is left. */
  onChange(): void;
};

type Held = {
  task: Task;
  /** While values of it are still to be fetched. */
  lacking: Assignment | null;
  readonly receivedAt: number;
  phase: "waiting" | "preparing" | "running";
  place: Place | null;
  /** Set once it was told to stop. */
  stop: StopCause | null;
  broken: Failure | null;
  cancelTimer: () => void;
};

const noTimer = (): void => undefined;

/** Tasks count as long until some dozens in a row have been short. */
const assumedTaskMs = 1_000;
const smoothing = 0.1;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #held = new Map<string, Held>();
  /** A server that missed the end of an attempt may assign it again: it must not run twice. */
  readonly #ended = new RecentIds(endedKeptMax);
  #waiting: Held[] = [];
  /** Preparing or running: those that take a slot. */
  #busy = 0;
  #isDraining = false;
  /** Smoothed over the last tasks. */
  #averageMs = assumedTaskMs;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Attempts it would take besides those it holds. */
  get room(): number {
    if (this.#isDraining || this.#options.reporter.size > unreportedMax) return 0;
    const { slots } = this.#options;
    return Math.max(
      0,
      slots + (this.#areTasksShort() ? slots * prefetchFactor : 0) - this.#held.size,
    );
  }

  get size(): number {
    return this.#held.size;
  }

  attemptIds(): string[] {
    return [...this.#held.keys()];
  }

  receive(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) {
      const { attemptId } = assignment;
      // The server repeats what it does not know to have arrived.
      if (this.#held.has(attemptId) || this.#ended.has(attemptId)) continue;
      const held: Held = {
        task: taskOf(assignment),
        lacking: refersToBlobs(assignment) ? assignment : null,
        receivedAt: performance.now(),
        phase: "waiting",
        place: null,
        stop: null,
        broken: null,
        cancelTimer: noTimer,
      };
      this.#held.set(attemptId, held);
      if (this.#isDraining) this.#giveBack(held, "The worker is stopping.");
      else this.#waiting.push(held);
    }
    this.#startWaiting();
  }

  /** What a place has to say about attempts. */
  onMessage(message: FromRunner): void {
    switch (message.kind) {
      case "begun":
        this.#startClock(message.attemptId);
        break;
      case "looked":
        this.#restClock(message.attemptId);
        break;
      case "ask":
        void this.#ask(message.attemptId, message.askId, message.ask);
        break;
      case "broken":
        this.#onBroken(message.attemptId, message.failure);
        break;
      case "batch":
        for (const { attemptId, entries } of message.logs) {
          const held = this.#held.get(attemptId);
          if (held === undefined || held.stop === "stale") continue;
          const { callback, call } = held.task.work;
          if (callback !== null)
            logBeside(this.#options.log, attemptId, { callback: callback.name }, entries);
          else if (call !== null)
            logBeside(this.#options.log, attemptId, { call: call.name }, entries);
          else this.#options.reporter.log(attemptId, entries);
        }
        for (const ended of message.ended) this.#onEnded(ended);
        if (message.ended.length > 0) this.#startWaiting();
        break;
      case "ready":
      case "suspect":
        // Matters of the place alone.
        break;
    }
  }

  /** Attempts that ended with the place they ran in. */
  onLost(attemptIds: readonly string[], why: string, isCulprit: boolean): void {
    for (const attemptId of attemptIds) {
      this.end(attemptId, {
        kind: "failed",
        failure: plainFailure(isCulprit ? "exited" : "lost", why),
      });
    }
    this.#startWaiting();
  }

  /** Ends an attempt with an outcome, unless it was told to stop before. */
  end(attemptId: string, outcome: Outcome, xcoms: Ended["xcoms"] = {}, droppedLines = 0): void {
    const held = this.#held.get(attemptId);
    if (held === undefined) return;
    held.cancelTimer();
    this.#held.delete(attemptId);
    // Each try of a callback has the same id.
    if (held.task.work.callback === null) this.#ended.add(attemptId);
    if (held.phase === "waiting") this.#waiting = this.#waiting.filter((one) => one !== held);
    else this.#busy--;
    if (held.stop === "stale") this.#options.reporter.forget(attemptId);
    else {
      const final = this.#finalOutcome(held, outcome);
      this.#options.reporter.report(attemptId, final, xcoms, droppedLines);
    }
    this.#options.onChange();
  }

  cancel(attemptIds: readonly string[]): void {
    for (const attemptId of attemptIds) this.#stop(attemptId, "cancelled");
  }

  /** The attempt is no longer this worker's. */
  drop(attemptId: string): void {
    if (this.#held.has(attemptId)) this.#stop(attemptId, "stale");
    else this.#options.reporter.forget(attemptId);
  }

  /** Takes no more work, and gives back what has not begun. */
  drain(): void {
    this.#isDraining = true;
    for (const held of this.#held.values()) {
      const isBegun = held.phase === "running" && !this.#takeBack(held);
      if (!isBegun) this.#giveBack(held, "The worker is stopping.");
    }
  }

  /** Gives back what has waited for a slot too long; to be called several times a second. */
  watch(): void {
    const now = performance.now();
    const late = this.#waiting.filter((held) => now - held.receivedAt > waitingMaxMs);
    if (late.length === 0) return;
    // The tasks are not as short as they seemed: fetch none ahead until they prove to be.
    this.#averageMs = assumedTaskMs;
    for (const held of late) this.#giveBack(held, "No slot became free in time.");
  }

  #areTasksShort(): boolean {
    if (this.#averageMs >= shortTaskMs) return false;
    const [oldest] = this.#held.values();
    return oldest === undefined || performance.now() - oldest.receivedAt < assumedTaskMs;
  }

  #startWaiting(): void {
    const { slots } = this.#options;
    let count = 0;
    while (this.#busy < slots && count < this.#waiting.length) this.#start(this.#waiting[count++]!);
    if (count === 0) return;
    this.#waiting.splice(0, count);
    this.#options.flushStarts();
  }

  #start(held: Held): void {
    this.#busy++;
    held.phase = "preparing";
    const { kind, bundleDigest, work } = held.task;
    if (kind === "external") {
      const isKnown = this.#options.handlers.includes(work.handler);
      if (isKnown && held.lacking !== null) void this.#fetchAndRun(held);
      else if (isKnown) this.#run(held, null);
      else
        queueMicrotask(() =>
          this.end(work.attemptId, unknownHandler(work.handler, this.#options.handlers)),
        );
      return;
    }
    const ready = this.#options.bundles.ready(bundleDigest);
    if (ready !== undefined && held.lacking === null) this.#run(held, ready);
    else void this.#fetchAndRun(held);
  }

  async #fetchAndRun(held: Held): Promise<void> {
    const { attemptId } = held.task.work;
    const { bundles, fetchValues } = this.#options;
    try {
      const isOfBundle = held.task.kind === "bundle";
      const bundlePath = isOfBundle ? await bundles.fetch(held.task.bundleDigest) : null;
      if (held.lacking !== null) held.task = taskOf(await fetchValues(held.lacking));
      held.lacking = null;
      // It may have been cancelled or given back meanwhile.
      if (this.#held.get(attemptId) !== held) return;
      this.#run(held, bundlePath);
      this.#options.flushStarts();
    } catch (error) {
      this.end(attemptId, { kind: "failed", failure: failureOf(error, "setup") });
      this.#startWaiting();
    }
  }

  #run(held: Held, bundlePath: string | null): void {
    held.phase = "running";
    held.place = this.#options.start(held.task, bundlePath);
  }

  async #ask(attemptId: string, askId: number, ask: Ask): Promise<void> {
    const held = this.#held.get(attemptId);
    if (held === undefined) return;
    const answer = await this.#options.ask(attemptId, ask);
    if (this.#held.get(attemptId) === held) held.place?.answer(attemptId, askId, answer);
  }

  #startClock(attemptId: string): void {
    const held = this.#held.get(attemptId);
    if (held === undefined || held.task.timeoutMs === null) return;
    if (held.stop !== null || held.broken !== null) return;
    held.cancelTimer = longTimeout(() => this.#stop(attemptId, "timeout"), held.task.timeoutMs);
  }

  #restClock(attemptId: string): void {
    const held = this.#held.get(attemptId);
    // Once it was told to stop, or is broken, the timer is that of the grace.
    if (held === undefined || held.stop !== null || held.broken !== null) return;
    held.cancelTimer();
    held.cancelTimer = noTimer;
  }

  /** Signals the body, and ends the attempt after the grace, whatever the body does. */
  #stop(attemptId: string, cause: StopCause): void {
    const held = this.#held.get(attemptId);
    if (held === undefined || held.stop === "stale") return;
    // The first cause is what is reported; only that the attempt is another's outweighs it.
    if (held.stop !== null && cause !== "stale") return;
    const isFirst = held.stop === null;
    held.stop = cause;
    if (held.phase !== "running" || this.#takeBack(held)) {
      this.end(attemptId, stoppedOutcome(cause, held.task));
      return;
    }
    if (!isFirst) return;
    held.place?.stop(attemptId, cause);
    this.#giveUpAfter(held, this.#options.graceMs);
  }

  #onBroken(attemptId: string, failure: Failure): void {
    const held = this.#held.get(attemptId);
    if (held === undefined || held.broken !== null) return;
    held.broken = failure;
    if (held.stop === null) this.#giveUpAfter(held, brokenGraceMs);
  }

  #giveUpAfter(held: Held, graceMs: number): void {
    const { attemptId } = held.task.work;
    held.cancelTimer();
    held.cancelTimer = longTimeout(() => {
      this.#options.log.warn(
        { attempt_id: attemptId, why: held.stop ?? "broken" },
        "attempt.given_up",
      );
      held.place?.giveUp(attemptId);
      this.end(
        attemptId,
        held.broken === null
          ? stoppedOutcome(held.stop ?? "cancelled", held.task)
          : { kind: "failed", failure: held.broken },
      );
      this.#startWaiting();
    }, graceMs);
  }

  #onEnded({ attemptId, outcome, xcoms, droppedLines, tookMs }: Ended): void {
    if (!this.#held.has(attemptId)) return;
    this.#averageMs += (tookMs - this.#averageMs) * smoothing;
    this.end(attemptId, outcome, xcoms, droppedLines);
  }

  #finalOutcome(held: Held, outcome: Outcome): Outcome {
    if (held.stop === null) {
      return held.broken === null ? outcome : { kind: "failed", failure: held.broken };
    }
    return stoppedOutcome(held.stop, held.task);
  }

  #takeBack(held: Held): boolean {
    return held.place?.takeBack(held.task.work.attemptId) ?? false;
  }

  #giveBack(held: Held, message: string): void {
    this.end(held.task.work.attemptId, { kind: "returned", message });
  }
}

/** Callbacks and calls have no log of their own: what they say stands in the worker's. */
function logBeside(
  log: WorkerLog,
  attemptId: string,
  of: { readonly callback: string } | { readonly call: string },
  entries: readonly LogEntry[],
): void {
  const event = "call" in of ? "call.log" : "callback.log";
  for (const { level, stream, message, fieldsJson } of entries)
    log[level]({ attempt_id: attemptId, ...of, stream, message, fields: fieldsJson }, event);
}

function unknownHandler(handler: string, known: readonly string[]): Outcome {
  const message =
    `The worker has no handler "${handler}". ` +
    (known.length === 0 ? "It has none at all." : `It has: ${known.join(", ")}.`);
  return { kind: "failed", failure: plainFailure("setup", message) };
}
