/** A callback on the wire and as the engine knows it. */

import { create } from "@bufbuild/protobuf";
import type { CallbackSpec } from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import { expressionFromProto, expressionToProto } from "./expression.ts";
import type { Callback } from "./gen/millrace/v1/callback_pb.ts";
import { CallbackEvent, CallbackSchema } from "./gen/millrace/v1/callback_pb.ts";

export const callbackEvents = {
  success: CallbackEvent.SUCCESS,
  failure: CallbackEvent.FAILURE,
  retry: CallbackEvent.RETRY,
  skipped: CallbackEvent.SKIPPED,
  deadline_missed: CallbackEvent.DEADLINE_MISSED,
  deadline_at_risk: CallbackEvent.DEADLINE_AT_RISK,
} as const satisfies Record<CallbackSpec["on"], CallbackEvent>;

export function callbackToProto(callback: CallbackSpec): Callback {
  const { on, handler, isExternal, config, name } = callback;
  return create(CallbackSchema, {
    on: callbackEvents[on],
    ...{ handler, isExternal, name },
    config: config === "" ? new Uint8Array() : expressionToProto(config),
  });
}

/**
 * @param at names its owner in messages, such as `tasks["load"]`.
 * @throws MillraceError DAG_INVALID for an event that this version does not know, and for a config that is not UTF-8
 */
export function callbackFromProto(message: Callback, at: string): CallbackSpec {
  const words = Object.keys(callbackEvents) as CallbackSpec["on"][];
  const on = words.find((word) => callbackEvents[word] === message.on);
  if (on === undefined) {
    const field = `${at}.callbacks["${message.name}"].on`;
    const known = words.map((word) => word.toUpperCase()).join(", ");
    throw new MillraceError(
      "DAG_INVALID",
      `${field} is ${message.on}: this version knows ${known}.`,
      { metadata: { field, value: String(message.on) } },
    );
  }
  const { handler, isExternal, name } = message;
  const config = expressionFromProto(message.config, `${at}.callbacks["${name}"].config`);
  return { on, handler, isExternal, config, name };
}
