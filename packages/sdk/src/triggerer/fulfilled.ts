/** What a watch brings, as it is reported. */

import { createHash } from "node:crypto";
import { MillraceError } from "@millrace/engine";
import { encodeValue } from "../codec/codec.ts";
import { blobBytesMax } from "../limits.ts";
import { decodeInputs } from "../worker/inputs.ts";
import type { Outcome } from "../worker/messages.ts";
import { bodyOutcome, failureOf } from "../worker/outcome.ts";
import { lengthsOf } from "../worker/succeeded.ts";
import {
  assetCursorBytesMax,
  assetEventBytesMax,
  assetEventsBytesMax,
  assetEventsMax,
} from "./limits.ts";
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

/** Where a watcher of an asset goes on from; undefined for the wait of a task, null the first time. */
export function cursorOf({ assetWatch, taskId }: Watch): unknown {
  if (assetWatch === null) return undefined;
  const { cursor } = assetWatch;
  return cursor === null
    ? null
    : decodeInputs({ cursor }, () => `the cursor of ${taskId}`).get("cursor");
}

/** What has happened to an asset, and where its watcher goes on from. Events that are too long are noted as such. */
export function told(events: readonly unknown[], cursor: unknown): Outcome {
  const what = "the events of a watcher of an asset";
  try {
    if (events.length > assetEventsMax)
      throw new MillraceError(
        "VALUE_TOO_LARGE",
        `${what} are ${events.length}; report at most ${assetEventsMax} at once, and the rest the next time`,
      );
    encodeValue(cursor, "the cursor of a watcher of an asset", assetCursorBytesMax);
    const value = encodeValue({ cursor, events: fitting(events, what) }, what);
    return { kind: "succeeded", value, lengths: [], choice: null, mapIndexLabel: "" };
  } catch (error) {
    return { kind: "failed", failure: failureOf(error, "application", false) };
  }
}

function fitting(events: readonly unknown[], what: string): unknown[] {
  const sizes = events.map((event) => encodeValue(event, what, blobBytesMax).length);
  const isTight = sizes.reduce((sum, bytes) => sum + bytes, 0) > assetEventsBytesMax;
  const max = isTight ? Math.floor(assetEventsBytesMax / events.length) : assetEventBytesMax;
  return events.map((event, n) => {
    const bytes = sizes[n] ?? 0;
    if (bytes > max) return { left_out: `It has ${bytes} bytes, and there was room for ${max}.` };
    return isObject(event) ? event : { payload: event };
  });
}

function isObject(event: unknown): boolean {
  return (
    typeof event === "object" && event !== null && Object.getPrototypeOf(event) === Object.prototype
  );
}

/** Tells one event from another. */
export function digestOf(event: unknown): string {
  const bytes = event === undefined ? "" : encodeValue(event, "an event", blobBytesMax);
  return createHash("sha256").update(bytes).digest("base64url");
}

/** What it means that a watch threw this: `FailTask` says that no retry can help, anything else leaves it to the task. */
export function watchFailed(thrown: unknown): Outcome {
  return bodyOutcome(thrown);
}
