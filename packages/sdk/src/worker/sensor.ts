/** How a sensor looks: when again, and when no more. */

import { createHash } from "node:crypto";
import { readSensorAnswer } from "../task/answers.ts";
import { deferralOf, type DeferralRequest } from "../waiting/deferral.ts";
import type { SensorRest } from "./deferred.ts";
import { longTimeout } from "./long-timeout.ts";
import type { Outcome, SensorWork } from "./messages.ts";
import { failureOf, plainFailure } from "./outcome.ts";

/** Found, or how the attempt ends without. */
export type SensorEnd =
  | { readonly kind: "done"; readonly value: unknown }
  | {
      readonly kind: "deferral";
      readonly request: DeferralRequest;
      /** Null for a task that is no sensor. */
      readonly rest: SensorRest | null;
    }
  | Exclude<Outcome, { kind: "succeeded" | "deferred" }>;

/** The time that a sensor goes by: the machine's, or that of a test. Milliseconds. */
export type SensorTime = {
  now(): number;
  /** Rejects with the signal's reason when it aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
};

const machineTime: SensorTime = { now: () => performance.now(), wait };

/**
 * Looks until the sensor is done, its time is over, or it wants to be looked at later. Rejects with what `look` throws,
 * and with the signal's reason when it aborts between two looks.
 *
 * @param what names the task, such as `task "wait"`.
 */
export async function runSensor(
  sensor: SensorWork,
  what: string,
  signal: () => AbortSignal,
  look: () => Promise<unknown>,
  time = machineTime,
): Promise<SensorEnd> {
  const beganAt = time.now();
  for (let looks = sensor.looks + 1; ; looks++) {
    const returned = await look();
    const request = deferralOf(returned);
    const answer = request === null ? readAnswer(returned, what) : null;
    if (answer !== null) return answer;
    const elapsedMs = sensor.tryAgeMs + time.now() - beganAt;
    if (elapsedMs > sensor.timeoutMs) return timedOut(sensor, looks);
    const leftMs = atLeastOne(Math.ceil(sensor.timeoutMs - elapsedMs));
    if (request !== null)
      return { kind: "deferral", request, rest: { leftMs, softFail: sensor.softFail } };
    const afterMs = atLeastOne(waitAfter(sensor, looks, elapsedMs));
    if (sensor.mode === "reschedule") return { kind: "rescheduled", afterMs };
    await time.wait(afterMs, signal());
  }
}

/** At the very end of its time a sensor looks once more, and a clock that no look moves has to get past it. */
function atLeastOne(ms: number): number {
  return Math.max(1, ms);
}

/** Null for "not yet". The same wrong answer would come again: no retry can help. */
function readAnswer(answer: unknown, what: string): SensorEnd | null {
  try {
    const { isDone, value } = readSensorAnswer(answer, what);
    return isDone ? { kind: "done", value } : null;
  } catch (error) {
    return { kind: "failed", failure: failureOf(error, "application", false) };
  }
}

function timedOut({ timeoutMs, softFail }: SensorWork, looks: number): SensorEnd {
  const times = looks === 1 ? "once" : `${looks} times`;
  const message = `The sensor looked ${times} in vain and its timeout of ${timeoutMs / 1000} s is over.`;
  if (softFail) return { kind: "skipped", message };
  return {
    kind: "failed",
    failure: { ...plainFailure("timeout", message, false), type: "SensorTimeout" },
  };
}

/**
 * What tells the waits of a sensor and try from those of others.
 *
 * @param tryStarted as Python writes it: "2026-01-01 00:00:00+00:00", with six decimals or none; "None" when not known.
 */
export function sensorSeed(
  { dagId, taskId, mapIndex }: { dagId: string; taskId: string; mapIndex: number },
  tryStarted: string,
): string {
  return `${dagId}#${mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`}#${tryStarted}`;
}

/** Doubling stops here, far beyond any timeout. */
const doublingsMax = 64;

/**
 * Milliseconds from the look of this number, from 1 within the try, to the next. With back-off it doubles from look to
 * look, with a part of it that a hash picks, and ends no later than the sensor's timeout (semantics 9.2).
 */
export function waitAfter(sensor: SensorWork, look: number, elapsedMs: number): number {
  const waitMs = sensor.backoff ? backoffMs(sensor, look, elapsedMs) : sensor.intervalMs;
  return sensor.maxIntervalMs === null ? waitMs : Math.min(waitMs, sensor.maxIntervalMs);
}

function backoffMs(sensor: SensorWork, look: number, elapsedMs: number): number {
  const leftMs = sensor.timeoutMs - Math.floor(elapsedMs / 1000) * 1000;
  const exactMs = sensor.intervalMs * 2 ** Math.min(look - 2, doublingsMax);
  // Beyond what is left the jitter no longer matters, and the number may be too large to be an integer.
  if (exactMs >= leftMs) return leftMs;
  const base = Math.max(Math.floor(exactMs / 1000), 1);
  const digest = createHash("sha1").update(`${sensor.seed}#${look}`).digest("hex");
  const jitter = Number(BigInt(`0x${digest}`) % BigInt(base));
  return Math.min(leftMs, (base + jitter) * 1000);
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = longTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
