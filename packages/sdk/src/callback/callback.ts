/** Callbacks: what a worker does when a task or a run ends in a certain way. */

import { MillraceError, type Failure } from "@millrace/engine";
import type { MustCarry } from "../wiring/carried.ts";
import type { RunValue } from "../context/run-facts.ts";
import { isMarked } from "../shared.ts";

const notifierMark: unique symbol = Symbol.for("millrace.notifier");
const externalMark: unique symbol = Symbol.for("millrace.externalCallback");

/** What happened. */
export type CallbackEvent = {
  readonly event:
    "success" | "failure" | "retry" | "skipped" | "deadline_missed" | "deadline_at_risk";
  readonly run: RunValue;
  /** Null in callbacks of the run. `mapIndex` is null for a task that is not mapped. */
  readonly task: { readonly id: string; readonly mapIndex: number | null } | null;
  /** Which attempt of the task it is about, from 1; null in callbacks of the run, and about deadlines. */
  readonly tryNumber: number | null;
  /** Of the task, or the run; null when nothing failed. */
  readonly failure: Pick<Failure, "kind" | "type" | "message" | "stack"> | null;
  /** With "deadline_missed" and "deadline_at_risk": which one; else null. */
  readonly deadline: CallbackDeadline | null;
  /** Of the run, when the callback was sent. */
  readonly runState: "queued" | "running" | "success" | "failed";
  readonly happenedAt: Date;
  /** From 1; more when earlier tries of this callback failed, or nobody knows what became of them. */
  readonly deliveryTry: number;
};

/** A deadline that was missed, or is in danger. */
export type CallbackDeadline = {
  readonly name: string;
  readonly dueAt: Date;
  /** When the run, or the task, is expected to have succeeded: an estimate; null when none was made. */
  readonly estimatedEndAt: Date | null;
  /** The tasks that the estimate is made of, in the order in which they wait for each other; at most 20. */
  readonly criticalTaskIds: readonly string[];
};

/** Runs in a worker, after the fact, at least once. What it throws is tried again, and never changes the run. */
export type CallbackFunction = (event: CallbackEvent) => void | Promise<void>;

/** A callback made of a function and what it is told beside what happened. */
export type Notifier = {
  readonly [notifierMark]: {
    readonly name: string;
    readonly config: unknown;
    readonly notify: NotifyFunction<never>;
  };
};

/** A callback that another language implements. */
export type ExternalCallback = {
  readonly [externalMark]: {
    readonly name: string;
    readonly handler: string;
    readonly config: unknown;
  };
};

export type Callback = CallbackFunction | Notifier | ExternalCallback;

/** One callback, or several; each is delivered by itself. */
export type Callbacks = Callback | readonly Callback[];

export type NotifyFunction<C> = (event: CallbackEvent, config: C) => void | Promise<void>;

/** Characters of a callback's name. */
const nameMax = 100;

/**
 * Makes a callback that can be used many times with different settings.
 *
 * @param name what people call it, such as "slack".
 * @param config handed to `notify`. It is stored with the DAG for everybody to read: name secrets, do not write them.
 * @param notify runs in a worker; `context()` works inside.
 * @example
 * export const page = (team: string) =>
 *   notifier("page", { team }, async (event, { team }) => { await callPager(team, event.failure?.message); });
 * @throws MillraceError DAG_INVALID
 */
export function notifier<C>(
  name: string,
  config: C & MustCarry<C>,
  notify: NotifyFunction<C>,
): Notifier {
  requireName(name, "notifier(…)");
  if (typeof notify !== "function") {
    throw new MillraceError(
      "DAG_INVALID",
      `notifier("${name}", …) needs a function as its third argument`,
    );
  }
  return { [notifierMark]: { name, config, notify } };
}

/**
 * Makes a callback that workers announcing `handler` implement. It waits in the task's queue, that of a run in the
 * DAG's `callbackQueue`.
 *
 * @example const page = externalCallback({ handler: "page_oncall", config: { team: "data" } });
 * @throws MillraceError DAG_INVALID
 */
export function externalCallback<C = undefined>(
  options: {
    /** The name under which workers announce their implementation. */
    readonly handler: string;
    /** For people. Default: the handler. */
    readonly name?: string;
    /** Handed to the handler. */
    readonly config?: C;
  } & MustCarry<C>,
): ExternalCallback {
  const { handler, name = handler, config } = options;
  if (typeof handler !== "string" || handler === "") {
    throw new MillraceError("DAG_INVALID", 'externalCallback(…) needs the option "handler"');
  }
  requireName(name, "externalCallback(…)");
  return { [externalMark]: { name, handler, config } };
}

function requireName(name: unknown, what: string): void {
  if (typeof name === "string" && name !== "" && name.length <= nameMax) return;
  throw new MillraceError(
    "DAG_INVALID",
    `${what} has the name ${JSON.stringify(name)}; it must have 1 to ${nameMax} characters`,
  );
}

/** A callback as the compiler and the worker need it. */
export type ReadCallback = {
  readonly name: string;
  readonly config: unknown;
} & (
  | { readonly kind: "bundle"; readonly notify: NotifyFunction<never> }
  | { readonly kind: "external"; readonly handler: string }
);

/** Null for what is no callback. `option`: where it stands; JavaScript names functions after that. */
export function readCallback(value: unknown, option: string): ReadCallback | null {
  if (isMarked(value, notifierMark)) {
    return { kind: "bundle", ...(value as Notifier)[notifierMark] };
  }
  if (isMarked(value, externalMark)) {
    return { kind: "external", ...(value as ExternalCallback)[externalMark] };
  }
  if (typeof value !== "function") return null;
  const isNamed = value.name !== "" && value.name !== option;
  const notify = value as CallbackFunction;
  return {
    kind: "bundle",
    name: isNamed ? value.name.slice(0, nameMax) : "callback",
    config: undefined,
    notify,
  };
}
