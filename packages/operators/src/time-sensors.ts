/** Sensors that wait for a time. They give their slot back between looks. */

import { MillraceError, context, durationMs, sensor } from "@millrace/sdk";
import type { Arg, Duration, Handle, SensorOptions } from "@millrace/sdk";

/** They look once a minute, so they are done at most a minute late. */
const rests = { mode: "reschedule", interval: "1m" } as const;

/** On top of the time that is waited for: `waitFor("30d")` must not end before its time. */
const sensorTimeoutMs = 7 * 86_400_000;

/**
 * Waits until the end of the run's data interval, or else the moment the run was due, is this long ago.
 *
 * @example chain(waitFor("1h"), readLateRows())
 * @throws MillraceError DAG_INVALID when it is no duration.
 */
export function waitFor(time: Duration, options: SensorOptions = {}): Handle<undefined> {
  const ms = durationMs(time);
  if (ms === null)
    throw new MillraceError("DAG_INVALID", `waitFor(${JSON.stringify(time)}) is no duration`);
  const timeout = { milliseconds: ms + sensorTimeoutMs };
  return sensor({ id: "wait_for", ...rests, timeout, ...options }, isLongAgo)(ms);
}

function isLongAgo(ms: number): boolean {
  const { run, now } = context();
  return now().getTime() >= (run.dataInterval.end ?? run.runAfter).getTime() + ms;
}

/**
 * Waits until an instant; for one far ahead give it a longer `timeout` than the 7 days of sensors.
 *
 * @example waitUntil(plan.get("opensAt"))
 */
export function waitUntil(instant: Arg<Date>, options: SensorOptions = {}): Handle<undefined> {
  return sensor({ id: "wait_until", ...rests, ...options }, isPast)(instant);
}

function isPast(instant: Date): boolean {
  return context().now() >= instant;
}

export type TimeSensorOptions = SensorOptions & {
  /** IANA zone of the wall clock. Default "UTC". */
  readonly timezone?: string;
};

/**
 * Waits until the wall clock of the day on which it looks shows a time.
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
  return sensor({ id: "time_sensor", ...rests, ...others }, hasCome)(time, timezone);
}

function hasCome(time: string, timezone: string): boolean {
  return wallTime(timezone, context().now()) >= (time.length === 5 ? `${time}:00` : time);
}

/** "HH:MM:SS" in a zone; such texts are in the order of times. @throws MillraceError DAG_INVALID */
export function wallTime(timezone: string, at: Date): string {
  try {
    return at.toLocaleTimeString("en-GB", { timeZone: timezone, hourCycle: "h23" });
  } catch (error) {
    throw new MillraceError(
      "DAG_INVALID",
      `timeSensor: "${timezone}" is no time zone; write one such as "Europe/Zurich"`,
      {
        cause: error,
      },
    );
  }
}
