/** What a test has a task do instead of running its body. */

import { MillraceError } from "@millrace/engine";
import type { DeferOptions, Duration, Trigger } from "@millrace/sdk";
import { defer, SkipTask } from "@millrace/sdk";
import { durationForms, durationMs } from "@millrace/sdk/spec";

const outcomeMark: unique symbol = Symbol("millrace.testing.outcome");

type Play =
  | { readonly kind: "returns"; readonly value: unknown }
  | { readonly kind: "throws"; readonly error: unknown }
  | { readonly kind: "dies" }
  | { readonly kind: "waits"; readonly ms: number; readonly next: Outcome };

/** Made by `ok`, `fail`, `skip`, `after`, `defers` and `lost`. */
export type Outcome = { readonly [outcomeMark]: Play };

/**
 * One outcome, or a function that is called as the body would be: with the resolved arguments, and `context()` works in
 * it.
 */
export type OutcomeOrFunction = Outcome | ((...args: never[]) => Outcome | PromiseLike<Outcome>);

/**
 * By task id. A list has one outcome for each time the body would be called: each attempt, and of a sensor each look. Its
 * last one is for all further ones. The instances of a mapped task go through the list each for itself.
 */
export type Outcomes = Readonly<Record<string, OutcomeOrFunction | readonly OutcomeOrFunction[]>>;

/** The body returns this. Of a branch: the cases it chooses; of a short circuit and a sensor: true, false or `done(…)`. */
export function ok(value?: unknown): Outcome {
  return { [outcomeMark]: { kind: "returns", value } };
}

/**
 * The body throws. An error is thrown as it is, so `fail(new FailTask("…"))` leaves no retry, and `RetryTask` says when.
 *
 * @param reason a message, or the error. Default: a message that says that the test wants it so.
 */
export function fail(reason: unknown = "failed, as the test says"): Outcome {
  const error = typeof reason === "string" ? new Error(reason) : reason;
  return { [outcomeMark]: { kind: "throws", error } };
}

/** The body throws `SkipTask`. */
export function skip(message = "skipped, as the test says"): Outcome {
  return fail(new SkipTask(message));
}

/**
 * The body returns `defer(trigger, options)`. When what it waits for has come, the next outcome of the list is what becomes
 * of it, called with event and state where it is a function; without one the task's own `resume`, or the event is its
 * value.
 *
 * @example outcomes: { train: [defers(trigger.token()), (event: JobDone) => ok(event.score)] }
 * @throws MillraceError FIELD_INVALID
 */
export function defers(trigger: Trigger<unknown>, options: DeferOptions<unknown> = {}): Outcome {
  // Whether the state can be carried is seen when it is.
  return ok(defer(trigger, options as DeferOptions<undefined>));
}

/** The worker dies with it: no retry is spent, another one gets the task at once; after the third it is quarantined. */
export function lost(): Outcome {
  return { [outcomeMark]: { kind: "dies" } };
}

/**
 * The outcome comes this much later, in virtual time.
 *
 * @throws MillraceError FIELD_INVALID when it is no duration
 */
export function after(duration: Duration, outcome: Outcome): Outcome {
  return { [outcomeMark]: { kind: "waits", ms: readDuration(duration), next: outcome } };
}

/** @throws MillraceError FIELD_INVALID */
export function readDuration(duration: Duration): number {
  const ms = durationMs(duration);
  if (ms !== null) return ms;
  const shown = JSON.stringify(duration);
  throw new MillraceError("FIELD_INVALID", `The duration is ${shown}: write ${durationForms}.`, {
    metadata: { field: "duration", value: shown },
  });
}

export function isOutcome(value: unknown): value is Outcome {
  return typeof value === "object" && value !== null && outcomeMark in value;
}

/** What the body of an attempt can do beside returning and throwing. */
export type Stage = {
  rest(ms: number): Promise<void>;
  /** Never returns. */
  die(): Promise<never>;
};

/** Does what the outcome says, as a body: returns or throws. */
export async function play(outcome: Outcome, stage: Stage): Promise<unknown> {
  const said = outcome[outcomeMark];
  if (said.kind === "returns") return said.value;
  if (said.kind === "throws") throw said.error;
  if (said.kind === "dies") return await stage.die();
  await stage.rest(said.ms);
  return await play(said.next, stage);
}

/** What an outcome means for a wait. */
export type Brought = { readonly afterMs: number } & (
  { readonly value: unknown } | { readonly error: unknown }
);

/** @throws MillraceError FIELD_INVALID for `lost()`: there is no body that could be */
export function broughtBy(outcome: Outcome, afterMs = 0): Brought {
  const said = outcome[outcomeMark];
  switch (said.kind) {
    case "returns":
      return { afterMs, value: said.value };
    case "throws":
      return { afterMs, error: said.error };
    case "waits":
      return broughtBy(said.next, afterMs + said.ms);
    case "dies":
      throw new MillraceError(
        "FIELD_INVALID",
        "No worker is lost while a task waits: nothing runs then. Write ok(…), fail(…) or after(…).",
        { metadata: { field: "events" } },
      );
  }
}
