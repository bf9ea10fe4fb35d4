/** What a watch brings, as it is reported. */

import { MillraceError } from "@millrace/engine";
import { encodeValue } from "../codec.ts";
import { blobBytesMax } from "../limits.ts";
import { decodeInputs } from "../worker/inputs.ts";
import type { Outcome } from "../worker/messages.ts";
import { bodyOutcome, failureOf } from "../worker/outcome.ts";
import { lengthsOf } from "../worker/succeeded.ts";
import type { Watch } from "./messages.ts";

/** The config of a watch. @throws MillraceError VALUE_INVALID */
export function configOf({ args, taskId }: Watch): unknown {
  const what = `the config of the trigger of task "${taskId}"`;
  const list = decodeInputs({ args }, () => what).get("args");
  if (Array.isArray(list)) return list[0] as unknown;
  throw new MillraceError("VALUE_INVALID", `${what} is no list of arguments`);
}

/** The event, and how long its lists are where others are mapped over them. */
export function fulfilled({ taskId, measuredPaths }: Watch, event: unknown): Outcome {
  const what = `the event of task "${taskId}"`;
  let value: Uint8Array | null;
  try {
    value = event === undefined ? null : encodeValue(event, what, blobBytesMax);
  } catch (error) {
    return { kind: "failed", failure: failureOf(error, "application", false) };
  }
  try {
    const lengths = lengthsOf(event, measuredPaths, what);
    return { kind: "succeeded", value, lengths, choice: null, mapIndexLabel: "" };
  } catch (error) {
    return { kind: "failed", failure: failureOf(error, "setup", false) };
  }
}

/** What it means that a watch threw this: `FailTask` says that no retry can help, anything else leaves it to the task. */
export function watchFailed(thrown: unknown): Outcome {
  return bodyOutcome(thrown);
}
