/** How long a failed task waits before its next attempt. As in Airflow, jitter included, so the wait can be told beforehand. */

import { sha1 } from "./sha1.ts";
import type { EpochMs, TaskSpec } from "../spec/spec.ts";

/** No wait with back-off is longer, whatever the task asks for. */
const backoffCapSeconds = 86_400;

export type RetrySeed = {
  readonly dagId: string;
  readonly logicalDate: EpochMs | null;
  /** The try that has just failed, from 1; lost attempts are not counted. */
  readonly tryNumber: number;
};

/**
 * Milliseconds from the end of a try to the next.
 *
 * Without back-off (a factor of 0 or 1) it is the task's delay, and `maxRetryDelayMs` has no say. With it the wait is
 * whole seconds: `base = ceil(delay × factor^(try − 1))`, at least 1, plus a part of `base` that the hash of
 * (DAG, task, logical date, try) picks, at most `maxRetryDelayMs` and 24 hours.
 */
export function retryDelayMs(task: TaskSpec, seed: RetrySeed): number {
  if (task.retryBackoff <= 1) return task.retryDelayMs;
  const exact = (task.retryDelayMs / 1000) * task.retryBackoff ** (seed.tryNumber - 1);
  // Beyond the cap the jitter no longer matters, and the number may be too large to be an integer.
  if (!(exact < backoffCapSeconds)) return Math.min(backoffCapSeconds * 1000, task.maxRetryDelayMs);
  const base = Math.max(1, Math.ceil(exact));
  const jitter = Number(sha1(seedText(task, seed)) % BigInt(base));
  return Math.min(Math.min(base + jitter, backoffCapSeconds) * 1000, task.maxRetryDelayMs);
}

function seedText(task: TaskSpec, { dagId, logicalDate, tryNumber }: RetrySeed): string {
  return `${dagId}#${task.id}#${logicalDate === null ? "None" : pythonDate(logicalDate)}#${tryNumber}`;
}

/** `2026-01-01 00:00:00+00:00`, with microseconds where there is a fraction. */
function pythonDate(at: EpochMs): string {
  const [date, time = ""] = new Date(at).toISOString().slice(0, -1).split("T");
  const [seconds, fraction] = time.split(".");
  return `${date} ${seconds}${fraction === "000" ? "" : `.${fraction}000`}+00:00`;
}
