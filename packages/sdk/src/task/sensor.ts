/** Sensors: tasks that look again and again until something is there. */

import type { SensorSpec } from "@millrace/engine";
import type { Done, SensorAnswer } from "./answers.ts";
import type { MustCarry } from "../wiring/carried.ts";
import type {
  AnyDeferred,
  Deferred,
  MustFit,
  Resume,
  Resumed,
  Returned,
} from "../waiting/deferral.ts";
import type { Duration } from "../options/duration.ts";
import { flag, oneOf, positiveDuration, readOptions } from "../options/read-options.ts";
import { makeTask, namedTask, plainTrait, type Kind, type Resumes, type Task } from "./task.ts";
import { readTaskOptions, type TaskOptions } from "./task-options.ts";

export type SensorOptions = TaskOptions & {
  /** Whether it keeps its slot between looks ("poke") or gives it back ("reschedule"). Default "poke". */
  readonly mode?: "poke" | "reschedule";
  /** From one look to the next. Default "60s". */
  readonly interval?: Duration;
  /** How long it looks, counted from its first look, over all looks of a try; then it fails. Default "7d". */
  readonly timeout?: Duration;
  /** Skips instead of failing when the time is over. Default false. */
  readonly softFail?: boolean;
  /** Doubles the interval from look to look. Default false. */
  readonly backoff?: boolean;
  /** No interval is longer. Default: no limit. */
  readonly maxInterval?: Duration;
};

/** What a sensor's value is: what it is done with; a sensor that answers true has none, one that defers the event. */
export type SensorValue<R> =
  R extends Done<infer T>
    ? T
    : R extends Deferred<infer E, unknown, unknown>
      ? E
      : R extends true
        ? undefined
        : never;

/** What the body of a sensor may return. */
type Answer = SensorAnswer | AnyDeferred;

/** The value of a sensor with `resume`, whose answers are read as those of the body. */
type ResumedSensorValue<R, F> = SensorValue<Returned<Awaited<R>> | Returned<Resumed<F>>>;

/** Goes on after a wait with an answer, as the body gives one. */
type SensorResume<R> = (...args: Parameters<Resume<R>>) => Answer | PromiseLike<Answer>;

/** A sensor whose body has parameters `A` and returns `R`. */
export type Sensor<A extends readonly unknown[], R> = Task<
  A,
  R,
  SensorValue<Awaited<R>>,
  SensorOptions
>;

/**
 * Makes a task that looks until its body answers true, or `done(value)`; false and nothing mean "not yet".
 * An error is a failure as of any task, not a look in vain. With `defer` it stops looking, and is done when the
 * trigger fires; it waits no longer than what is left of its timeout.
 *
 * @example
 * const waitForFile = sensor({ mode: "reschedule", interval: "5m", timeout: "2h" }, async function wait_for_file(path: string) {
 *   const found = await sizeOf(path);
 *   return found === null ? false : done(found);
 * });
 * @throws MillraceError DAG_INVALID
 */
export function sensor<
  A extends unknown[],
  R extends Answer | PromiseLike<Answer>,
  F extends SensorResume<R>,
>(
  options: SensorOptions & Resumes<F>,
  body: ((...args: A) => R) & MustFit<R, F> & MustCarry<ResumedSensorValue<R, F>>,
): Task<A, R, ResumedSensorValue<R, F>, SensorOptions & Partial<Resumes<F>>>;
export function sensor<A extends unknown[], R extends Answer | PromiseLike<Answer>>(
  body: ((...args: A) => R) & MustCarry<SensorValue<Awaited<R>>>,
): Sensor<A, R>;
export function sensor<A extends unknown[], R extends Answer | PromiseLike<Answer>>(
  options: SensorOptions,
  body: ((...args: A) => R) & MustCarry<SensorValue<Awaited<R>>>,
): Sensor<A, R>;
export function sensor<A extends unknown[], R, V>(
  first: SensorOptions | ((...args: A) => R),
  second?: (...args: A) => R,
): Task<A, R, V, SensorOptions> {
  return makeTask(sensing, namedTask(sensor, first, second));
}

/** Options of a sensor as read. */
type ReadSensor = {
  mode: "poke" | "reschedule";
  interval: number;
  timeout: number;
  softFail: boolean;
  backoff: boolean;
  maxInterval: number;
};

const readers = {
  mode: oneOf<"poke" | "reschedule">("poke", "reschedule"),
  interval: positiveDuration,
  timeout: positiveDuration,
  softFail: flag,
  backoff: flag,
  maxInterval: positiveDuration,
};

const defaultIntervalMs = 60_000;
const defaultTimeoutMs = 7 * 86_400_000;

export const sensing: Kind<SensorOptions> = {
  word: "sensor",
  read(options, what, readShared = readTaskOptions) {
    const { mode, interval, timeout, softFail, backoff, maxInterval, ...others } = options;
    const own = { mode, interval, timeout, softFail, backoff, maxInterval };
    const read = readOptions<ReadSensor>(own, readers, what);
    const sensor: SensorSpec = {
      mode: read.mode ?? "poke",
      intervalMs: read.interval ?? defaultIntervalMs,
      timeoutMs: read.timeout ?? defaultTimeoutMs,
      softFail: read.softFail ?? false,
      backoff: read.backoff ?? false,
      maxIntervalMs: read.maxInterval ?? null,
    };
    return { settings: readShared(others, what), trait: { ...plainTrait, sensor } };
  },
};
