/** The concurrency key of a DAG's runs, on the wire and as the engine knows it. */

import { MillraceError, type ConcurrencyKey, type KeyBusyRule } from "@millrace/engine";
import { expressionFromProto, expressionToProto } from "./expression.ts";
import type { DagSpec as DagSpecMessage } from "./gen/millrace/v1/dag_pb.ts";
import { KeyBusy } from "./gen/millrace/v1/dag_pb.ts";

const rules = {
  queue: KeyBusy.QUEUE,
  cancel_newest: KeyBusy.CANCEL_NEWEST,
  cancel_oldest: KeyBusy.CANCEL_OLDEST,
} as const satisfies Record<KeyBusyRule, KeyBusy>;

export function concurrencyKeyToProto(key: ConcurrencyKey | null) {
  if (key === null) return {};
  return {
    concurrencyKey: expressionToProto(key.expression),
    whenKeyBusy: rules[key.whenBusy],
  };
}

/** @throws MillraceError DAG_INVALID for a rule that this version does not know, and for bytes that are not UTF-8 */
export function concurrencyKeyFromProto(message: DagSpecMessage): ConcurrencyKey | null {
  if (message.concurrencyKey.length === 0) return null;
  const expression = expressionFromProto(message.concurrencyKey, "concurrency_key");
  return { expression, whenBusy: ruleOf(message.whenKeyBusy) };
}

function ruleOf(number: KeyBusy): KeyBusyRule {
  if (number === KeyBusy.UNSPECIFIED) return "queue";
  const words = Object.keys(rules) as KeyBusyRule[];
  const word = words.find((each) => rules[each] === number);
  if (word !== undefined) return word;
  const known = words.map((each) => each.toUpperCase()).join(", ");
  throw new MillraceError(
    "DAG_INVALID",
    `when_key_busy is ${number}: this version knows ${known}.`,
    { metadata: { field: "when_key_busy", value: String(number) } },
  );
}
