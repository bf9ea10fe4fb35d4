/** What a try of a delivery makes of it. Pure. */

import type { DeliveryOutcome } from "@millrace/db";
import type { Failure } from "@millrace/engine";
import { failureFromProto } from "@millrace/wire";
import type { Result } from "@millrace/wire/worker";
import type { SchedulerSettings } from "../settings.ts";
import { encodeFailure } from "../flush/step.ts";
import type { Delivery } from "./delivery.ts";

export type Tried = Pick<DeliveryOutcome, "state" | "tries" | "nextTryAt" | "failure">;

type Settings = Pick<SchedulerSettings, "callbackTriesMax" | "callbackRetryMs">;

/** millrace.v1.DeliveryState */
export const pending = 1;
const delivered = 2;
const failed = 3;

const lost: Failure = {
  ...{ kind: "lost", type: "WorkerLost", stack: "", retryable: true, retryAfterMs: null },
  message: "The worker's session ended while the callback ran; whether it did is not known.",
};

/** After a result of a worker. */
export function afterTry(
  { tries }: Pick<Delivery, "tries">,
  outcome: Result["outcome"],
  now: number,
  settings: Settings,
): Tried {
  if (outcome.case === "succeeded") {
    return { state: delivered, tries: tries + 1, nextTryAt: null, failure: null };
  }
  const failure = failureOf(outcome);
  if (failure.kind === "lost") return again(tries + 1, failure, null, settings);
  const delayMs = failure.retryAfterMs ?? settings.callbackRetryMs * 2 ** tries;
  return again(tries + 1, failure, now + delayMs, settings);
}

/** Its session ended, or does not know of it: somebody else tries it at once. */
export function lostTry({ tries }: Pick<Delivery, "tries">, settings: Settings): Tried {
  return again(tries + 1, lost, null, settings);
}

function again(
  tries: number,
  failure: Failure,
  nextTryAt: number | null,
  { callbackTriesMax }: Settings,
): Tried {
  const isOver = !failure.retryable || tries >= callbackTriesMax;
  return {
    state: isOver ? failed : pending,
    tries,
    nextTryAt: isOver ? null : nextTryAt,
    failure: encodeFailure(failure),
  };
}

function failureOf(outcome: Result["outcome"]): Failure {
  if (outcome.case === "failed") return failureFromProto(outcome.value);
  return {
    ...{ kind: "application", type: "", stack: "", retryable: true, retryAfterMs: null },
    message: `A callback succeeds or fails, and its worker reported: ${outcome.case ?? "nothing"}.`,
  };
}
