/** Sensors that wait for a time. They give their slot back, and are woken when it has come. */

import { MillraceError, context, defer, durationMs, sensor, trigger } from "@millrace/sdk";
import type { Arg, Deferred, Duration, Handle, SensorOptions } from "@millrace/sdk";
import { nextTimeOfDay, wallTime } from "./wall-time.ts";

export type WaitOptions = Omit<SensorOptions, "mode"> & {
  /**
   * "defer" is woken at the very moment and costs nothing until then; the others look again and again, keeping their
   * slot ("poke") or giving it back ("reschedule"), once every `interval`. Default "defer".
   */
  readonly mode?: "poke" | "reschedule" | "defer";
};

/** On top of the time that is waited for: `waitFor("30d")` must not end before its time. */
const sensorTimeoutMs = 7 * 86_400_000;

/** Those that look do it once a minute, so they are done at most a minute late. */
const interval = "1m";

/**
 * Waits until the end of the run's data interval, or else the moment the run was due, is this long ago.
 *
 * @example chain(waitFor("1h"), readLateRows())
 * @throws MillraceError DAG_INVALID when it is no duration.
 */
export function waitFor(time: Duration, options: WaitOptions = {}): Handle<undefined> {
  const ms = durationMs(time);
  if (ms === null)
    throw new MillraceError("DAG_INVALID", `waitFor(${JSON.stringify(time)}) is no duration`);
  const timeout = { milliseconds: ms + sensorTimeoutMs };
  return waiting("wait_for", { timeout, ...options }, (after: number) => {
    const { run } = context();
    return (run.dataInterval.end ?? run.runAfter).getTime() + after;
  })(ms);
}

/**
 * Waits until an instant; for one far ahead give it a longer `timeout` than the 7 days of sensors.
 *
 * @example waitUntil(plan.get("opensAt"))
 */
export function waitUntil(instant: Arg<Date>, options: WaitOptions = {}): Handle<undefined> {
  return waiting("wait_until", options, (at: Date) => at.getTime())(instant);
}

export type TimeSensorOptions = WaitOptions & {
  /** IANA zone of the wall clock. Default "UTC". */
  readonly timezone?: string;
};

/**
 * Waits until the wall clock of the day on which it begins shows a time.
 *
 * @param time "14:30" or "14:30:15".
 * @example timeSensor("06:00", { timezone: "Europe/Zurich" })
 * @throws MillraceError DAG_INVALID for another time or an unknown zone.
 */
export function timeSensor(time: string, options: TimeSensorOptions = {}): Handle<undefined> {
  const { timezone = "UTC", ...others } = options;
  if (!/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(time)) {
    throw new MillraceError(
      "DAG_INVALID",
      `timeSensor("${time}"): write hours and minutes, as in "14:30"`,
    );
  }
  wallTime(timezone, new Date(0));
  const wanted = time.length === 5 ? `${time}:00` : time;
  return waiting("time_sensor", others, (shown: string, zone: string) =>
    nextTimeOfDay(shown, zone, context().now()),
  )(wanted, timezone);
}

/** A sensor that is done at an instant, in milliseconds, that its body finds out. */
function waiting<A extends unknown[]>(
  id: string,
  { mode = "defer", ...options }: WaitOptions,
  instantOf: (...args: A) => number,
) {
  const isPast = (at: number): boolean => context().now().getTime() >= at;
  const look = (...args: A): boolean => isPast(instantOf(...args));
  const wait = (...args: A): true | Deferred<undefined> => {
    const at = instantOf(...args);
    return isPast(at) ? true : defer(trigger.at(new Date(at)));
  };
  return mode === "defer"
    ? sensor({ id, ...options }, wait)
    : sensor({ id, interval, ...options, mode }, look);
}
