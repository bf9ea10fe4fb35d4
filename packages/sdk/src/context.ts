/** The run context: what a body may know and do beyond its arguments. */

import { AsyncLocalStorage } from "node:async_hooks";
import { MillraceError } from "@millrace/engine";
import type { RunValue } from "./run-facts.ts";
import { shared } from "./shared.ts";

/** Facts beside a log line; what JSON cannot say is written as text. */
export type LogFields = Readonly<Record<string, unknown>>;

export type TaskLog = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
};

export type TaskContext<P = Readonly<Record<string, unknown>>> = {
  readonly run: RunValue;
  /** `mapIndex`, from 0, and `mapLength`, the number of its instances, are null for a task that is not mapped. */
  readonly task: {
    readonly id: string;
    readonly mapIndex: number | null;
    readonly mapLength: number | null;
  };
  /** `number` counts from 1; `max` is how many attempts there may be in all. */
  readonly attempt: { readonly number: number; readonly max: number };
  /** The run's params, defaults filled in. */
  readonly params: P;
  readonly log: TaskLog;
  /** The time by the run's clock: this machine's, or the virtual one of a test. For bodies that wait for a time. */
  readonly now: () => Date;
  /** Aborts when the attempt is cancelled or times out; a body that goes on is killed some seconds later. */
  readonly signal: AbortSignal;
  readonly xcom: {
    /** Leaves a further value under a key; the last one under a key counts. At most 100 keys an attempt. */
    push(key: string, value: unknown): void;
  };
  /** Grows with every attempt of the task instance: hand it to systems that can refuse older writers. */
  readonly fencing: string;
  /** The same for every attempt of the task instance, another for each instance of a mapped task. */
  readonly idempotencyKey: string;
};

/** One store for all copies of this package in the process: the worker's copy fills it, the bundle's copy reads it. */
const store = shared("context", () => new AsyncLocalStorage<TaskContext>());

/**
 * The context of the body that is running.
 *
 * @typeParam P the type of the params, where the caller knows it.
 * @throws MillraceError WRONG_PLACE outside a body.
 */
export function context<P = Readonly<Record<string, unknown>>>(): TaskContext<P> {
  const found = store.getStore();
  if (found === undefined) {
    throw new MillraceError(
      "WRONG_PLACE",
      "context() was called outside the body of a running task; in wire functions use run, " +
        "and in unit tests run the DAG with runDag of @millrace/testing",
    );
  }
  return found as TaskContext<P>;
}

/** Runs a body, and everything it awaits, with a context. */
export function runInContext<T>(context: TaskContext, body: () => T): T {
  return store.run(context, body);
}
