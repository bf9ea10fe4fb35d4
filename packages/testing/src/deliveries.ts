/** Callbacks of a run in memory: which ones are due, and how they are delivered. */

import type { CallbackSpec, DueCallback, EpochMs, Failure, RunStateName } from "@millrace/engine";
import type { CallbackDeadline } from "@millrace/sdk";
import type { Answer, Ask, LogEntry, Outcome, RunFacts, TaskCode, Work } from "@millrace/sdk/spec";
import { argsOf, Attempt, callbackEventOf, callCallback, failureOf } from "@millrace/sdk/spec";
import { encodeValue } from "@millrace/sdk/spec";
import type { VirtualClock } from "./virtual-clock.ts";

/** What a callback is about. */
export type About = {
  /** Null for the run. */
  readonly task: { readonly id: string; readonly mapIx: number; readonly mapLength: number } | null;
  /** Of a run how often it has ended. */
  readonly tryNumber: number;
  readonly failure: Failure | null;
  /** Of what is about a deadline. */
  readonly deadline: CallbackDeadline | null;
};

export type Delivery = About &
  DueCallback & {
    readonly happenedAt: EpochMs;
    state: "pending" | "delivered" | "failed";
    tries: number;
    /** Why the newest try failed. */
    problem: Failure | null;
    readonly logs: LogEntry[];
  };

export type DeliveryOptions = {
  readonly facts: RunFacts;
  readonly clock: VirtualClock;
  /** False: they are noted and not run. */
  readonly areRun: boolean;
  /** Null for one that no function of this process stands for. */
  codeOf(callback: CallbackSpec): TaskCode | null;
  ask(ask: Ask, attemptId: string): Promise<Answer>;
  onLog(delivery: Delivery, entry: LogEntry): void;
  runState(): RunStateName;
  /** Virtual time stands still until it has ended. */
  hold(work: Promise<void>): void;
};

/** As in production: so often, and twice as long after each failure. */
const triesMax = 5;
const firstDelayMs = 30_000;

export class Deliveries {
  readonly all: Delivery[] = [];
  readonly #options: DeliveryOptions;
  #open = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Whether one is under way, or will be tried again. */
  get isAnyOpen(): boolean {
    return this.#open > 0;
  }

  add(due: readonly DueCallback[], about: About): void {
    const { clock, areRun, codeOf } = this.#options;
    for (const one of due) {
      const delivery: Delivery = {
        ...one,
        ...about,
        happenedAt: clock.now,
        ...{ state: "pending", tries: 0, problem: null, logs: [] },
      };
      this.all.push(delivery);
      const code = areRun ? codeOf(one.callback) : null;
      if (code === null) continue;
      this.#open += 1;
      this.#try(delivery, code);
    }
  }

  #try(delivery: Delivery, code: TaskCode): void {
    delivery.tries += 1;
    this.#options.hold(
      this.#run(delivery, code).then((outcome) => this.#end(delivery, code, outcome)),
    );
  }

  #end(delivery: Delivery, code: TaskCode, outcome: Outcome): void {
    delivery.problem = outcome.kind === "failed" ? outcome.failure : null;
    const mayRetry = delivery.problem?.retryable === true && delivery.tries < triesMax;
    if (mayRetry) {
      const { clock } = this.#options;
      const delayMs = firstDelayMs * 2 ** (delivery.tries - 1);
      clock.at(clock.now + delayMs, () => this.#try(delivery, code));
      return;
    }
    delivery.state = delivery.problem === null ? "delivered" : "failed";
    this.#open -= 1;
  }

  async #run(delivery: Delivery, code: TaskCode): Promise<Outcome> {
    const { clock, onLog, ask } = this.#options;
    try {
      const work = this.#workOf(delivery);
      const attempt = new Attempt(work, {
        onLine: (one) => take(one),
        ask: (what) => ask(what, work.attemptId),
        clock: () => clock.now,
      });
      const take = (from: Attempt): void => {
        for (const entry of from.lines.take()) onLog(delivery, entry);
      };
      const told = callbackEventOf(attempt, work.callback!);
      const outcome = await callCallback(
        attempt,
        code,
        [told, ...argsOf(attempt)],
        () => undefined,
      );
      attempt.lines.end();
      take(attempt);
      return outcome;
    } catch (error) {
      return { kind: "failed", failure: failureOf(error, "setup") };
    }
  }

  #workOf(delivery: Delivery): Work {
    const { callback, task, tryNumber, failure, deadline, happenedAt, tries, ordinal } = delivery;
    const { facts, runState } = this.#options;
    const { params, ...run } = facts;
    const { on, name, handler, config } = callback;
    const id = `${facts.id}/${task?.id ?? ""}/${task?.mapIx ?? -1}/${tryNumber}/${on}/${ordinal}`;
    return {
      attemptId: id,
      ...{ cell: -1, serial: 0, run, params: encodeValue(params, "params") },
      taskId: task?.id ?? "",
      mapIndex: task?.mapIx ?? -1,
      mapLength: task?.mapLength ?? 0,
      mapIndexTemplate: "",
      tryNumber: tries,
      maxTries: triesMax,
      handler,
      bundlePath: null,
      args: new TextEncoder().encode(config === "" ? "[]" : `[${config}]`),
      ...{ inputs: {}, items: {}, measuredPaths: [], control: "none", cases: [], sensor: null },
      ...{ resumption: null, call: null },
      callback: {
        ...{ event: on, name, failure, tryNumber, deadline, runState: runState() },
        happenedAt: new Date(happenedAt),
        deliveryTry: tries,
      },
      ...{ refusal: null, isTimed: false, fencing: String(tries), idempotencyKey: id },
    };
  }
}
