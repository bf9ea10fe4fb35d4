/** `defer`: what a body returns to give its slot back and wait; and what the compiler makes of it. */

import type { MustCarry } from "../wiring/carried.ts";
import { contextIfAny, type TaskContext } from "../context/context.ts";
import type { Duration } from "../options/duration.ts";
import { refuseField } from "../options/refuse-field.ts";
import { isMarked, shared } from "../shared.ts";
import { triggerMark, type Trigger } from "./trigger.ts";
import { readDuration } from "./trigger-options.ts";
import type { TriggerSpec } from "./trigger-spec.ts";

export const deferMark: unique symbol = Symbol.for("millrace.defer");

declare const types: unique symbol;

/**
 * What a body returns to wait: for an event `E`, leaving itself a state `S`. The task's value is then the event, or what
 * its `resume` returns, `V`; only methods of classes have to say the latter.
 */
export interface Deferred<out E, out S = undefined, out V = E> {
  readonly [deferMark]: DeferralRequest;
  /** For the compiler only. */
  readonly [types]?: { readonly event: E; readonly state: S; readonly value: V };
}

/** What a body asks for, values not yet encoded. */
export type DeferralRequest = {
  readonly trigger: TriggerSpec;
  /** Null for no limit. */
  readonly timeoutMs: number | null;
  /** Null where the body did not say. */
  readonly onTimeout: "fail" | "fail_for_good" | "skip" | null;
  readonly state: unknown;
};

export type DeferOptions<S> = {
  /** How long it waits at most. Default: no limit; of a sensor, what is left of its own. */
  readonly timeout?: Duration;
  /**
   * What becomes of the task then: it fails and is retried, fails whatever retries are left, or is skipped. Default
   * "fail"; of an input with defaults, these are taken; of a sensor, as its timeout.
   */
  readonly onTimeout?: "fail" | "failForGood" | "skip";
  /** What `resume` gets beside the event. Any value that can be carried, at most 64 MiB. */
  readonly state?: S;
};

const outcomes = { fail: "fail", failForGood: "fail_for_good", skip: "skip" } as const;

/**
 * Gives the slot back until the trigger fires; the body *returns* it. What comes is the task's value, or goes on to the
 * task's option `resume`, together with `state`.
 *
 * @example return defer(trigger.after("10m"));
 * @throws MillraceError FIELD_INVALID naming what is wrong, its value and the remedy.
 */
export function defer<E, S = undefined, V = E>(
  trigger: Trigger<E>,
  options: DeferOptions<S> & MustCarry<S> = {} as DeferOptions<S> & MustCarry<S>,
): Deferred<E, S, V> {
  const { timeout, onTimeout, state }: DeferOptions<S> = options;
  if (!isMarked(trigger, triggerMark))
    refuseField(
      "defer: trigger",
      trigger,
      "made with trigger.at, trigger.token or another of these",
    );
  if (onTimeout !== undefined && !Object.hasOwn(outcomes, onTimeout))
    refuseField("defer: onTimeout", onTimeout, Object.keys(outcomes).join(" or "));
  const timeoutMs = timeout === undefined ? null : readDuration(timeout, "defer: timeout");
  if (timeoutMs === 0) refuseField("defer: timeout", timeout, "longer than 0");
  const deferred = new Deferral({
    trigger: trigger[triggerMark],
    timeoutMs,
    onTimeout: onTimeout === undefined ? null : outcomes[onTimeout],
    state,
  });
  const context = contextIfAny();
  if (context !== undefined) made.add(context);
  return deferred;
}

/** Bodies that have called `defer`: one that then returns nothing has forgotten to return what it gave. */
const made = shared("deferrals", () => new WeakSet<TaskContext>());

/** Whether the body with this context has called `defer`. */
export function hasDeferred(context: TaskContext): boolean {
  return made.has(context);
}

/** A class, so that the codec refuses one that is not returned as it is but inside of something. */
class Deferral {
  readonly [deferMark]: DeferralRequest;

  constructor(request: DeferralRequest) {
    this[deferMark] = request;
  }
}

/** What a body asks for that returned this; null when it returned a value. */
export function deferralOf(returned: unknown): DeferralRequest | null {
  return isMarked(returned, deferMark) ? (returned[deferMark] as DeferralRequest) : null;
}

/** Any deferral. */
export type AnyDeferred = Deferred<unknown, unknown, unknown>;

/** What of a body's results is no deferral. */
export type Returned<R> = Exclude<R, AnyDeferred>;

/** The value of a task without `resume`: a deferral counts as its event. */
export type ValueOf<R> = R extends Deferred<infer E, unknown, unknown> ? E : R;

type EventOf<R> = R extends Deferred<infer E, unknown, unknown> ? E : never;
type StateOf<R> = R extends Deferred<unknown, infer S, unknown> ? S : never;

/** What may go on after a body that returns `R`: it gets what the body waits for, and what it left itself. */
export type Resume<R> = (event: EventOf<Awaited<R>>, state: StateOf<Awaited<R>>) => unknown;

/** What of a body's results `resume` may return, which is never called with anything. */
export type AnyResume = (event: never, state: never) => unknown;

/** What `F` returns, in the end. */
export type Resumed<F> = F extends (event: never, state: never) => infer Q ? Awaited<Q> : never;

/** The value of a task with `resume`: what either returns. */
export type ResumedValue<R, F> = Returned<Awaited<R>> | Returned<Resumed<F>>;

/** A deferral that `F` can go on after. */
type Fitting<F> = F extends (event: infer E, state: infer S) => unknown
  ? Deferred<E, S, unknown>
  : never;

/** What a compiler message shows. */
type NeverDefers = {
  readonly "the body never defers": "return defer(…) from it, or leave the option resume out";
};
type DoesNotFit = {
  readonly "resume does not fit what the body defers": "it gets the trigger's event, and the state given to defer";
};

/** `unknown` where `F` can go on after every deferral of the body and of itself, else something no value has. */
export type MustFit<R, F> = [Extract<Awaited<R>, AnyDeferred>] extends [never]
  ? NeverDefers
  : [Extract<Awaited<R> | Resumed<F>, AnyDeferred>] extends [Fitting<F>]
    ? unknown
    : DoesNotFit;
