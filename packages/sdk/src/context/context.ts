/** The run context: what a body may know and do beyond its arguments. */

import { AsyncLocalStorage } from "node:async_hooks";
import { MillraceError } from "@millrace/engine";
import type { DagRef } from "../across/dag-ref.ts";
import type { TriggeredRun, TriggerRunOptions } from "../across/trigger-request.ts";
import type { Asset, AssetAlias } from "../assets/asset.ts";
import type { AssetEventFilter, AssetEvents, OutletOptions } from "../assets/asset-events.ts";
import type { RunInputs, RunValue } from "./run-facts.ts";
import type { PullOptions } from "./xcom-pull.ts";
import { shared } from "../shared.ts";

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
    /**
     * Leaves a further value under a key of 1 to 512 characters; the last one under a key counts. At most 100 keys and
     * 64 MiB an attempt, whatever becomes of it.
     *
     * @throws MillraceError VALUE_INVALID, VALUE_TOO_LARGE
     */
    push(key: string, value: unknown): void;
    /**
     * What other tasks returned, or left under a key. One task gives its value, a mapped one the list of what its
     * instances left; several tasks give a list. The whole table: `docs/xcoms.md`. Arguments are the better way where
     * they will do: they order the tasks and have types.
     *
     * @typeParam T what the caller knows the answer to be; nothing checks it.
     * @example
     * const rows = await context().xcom.pull<Row[]>({ tasks: "extract", key: "rejected", default: [] });
     * @throws MillraceError TASK_NOT_FOUND, RUN_NOT_FOUND, FIELD_INVALID; VALUE_TOO_LARGE over 10,000 values or 16 MiB at a time.
     */
    pull<T = unknown>(options?: PullOptions): Promise<T>;
  };
  /** What the body says of its outlets. It counts when the body succeeds, in the part after a wait if it deferred. */
  readonly outlets: {
    /**
     * Gives the event of an outlet an extra: an object, at most 64 KiB. The last one counts. Without it the event has none.
     * Partitions that are named are events of their own, in the place of the one about the run's partition.
     *
     * @throws MillraceError VALUE_INVALID, VALUE_TOO_LARGE
     */
    extra(asset: Asset, extra: Readonly<Record<string, unknown>>, options?: OutletOptions): void;
    /**
     * Names an asset for an alias among the outlets: it gets an event, and is made if nobody has named it before.
     *
     * @throws MillraceError VALUE_INVALID, VALUE_TOO_LARGE, DAG_INVALID
     */
    add(
      alias: AssetAlias,
      asset: Asset | string,
      extra?: Readonly<Record<string, unknown>>,
      options?: OutletOptions,
    ): void;
  };
  /**
   * Events of an inlet, oldest first: `for await (const event of context().inletEvents(orders, { newestFirst: true }))`.
   *
   * @throws MillraceError FIELD_INVALID for what is no inlet of the task.
   */
  inletEvents(of: Asset | AssetAlias, filter?: AssetEventFilter): AssetEvents;
  /** The events of assets that the run was made of, oldest first; none for other runs. */
  readonly triggeringAssetEvents: AssetEvents;
  /**
   * The instances of assets that the run waited for, by the names of the DAG's option `inputs`. Fixed when the run was let go:
   * what comes later changes nothing. A name is empty where an alternative without it was taken.
   */
  readonly inputs: RunInputs;
  /**
   * A token with which anybody, from anywhere, ends the wait that this attempt begins with `defer(trigger.token())`.
   * The same each time; a retry has another.
   *
   * @throws MillraceError when the server cannot be reached for long.
   */
  taskToken(): Promise<string>;
  /**
   * Makes a run of another DAG, which the task's option `triggers` has to name. An attempt makes at most one; a retry finds
   * the run that an attempt before it has made.
   *
   * @throws MillraceError TRIGGER_NOT_DECLARED, TRIGGER_TOO_DEEP, DAG_NOT_FOUND, DAG_INACTIVE, PARAMS_INVALID, FIELD_INVALID
   */
  triggerDag(dag: DagRef, options?: TriggerRunOptions): Promise<TriggeredRun>;
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

/** Like `context()`, where there need not be one. */
export function contextIfAny(): TaskContext | undefined {
  return store.getStore();
}

/** Runs a body, and everything it awaits, with a context. */
export function runInContext<T>(context: TaskContext, body: () => T): T {
  return store.run(context, body);
}
