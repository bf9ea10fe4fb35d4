/** A wait as people see it: what the row of a deferral says, without values, which may be secret. */

import { create } from "@bufbuild/protobuf";
import type { DeferralRow } from "./gen/millrace/internal/v1/rows_pb.ts";
import { WaitingSchema, type Waiting } from "./gen/millrace/v1/deferral_pb.ts";

export function waitingOf(row: DeferralRow): Waiting {
  const { since, timeoutAt, deferral } = row;
  return create(WaitingSchema, {
    since,
    timeoutAt,
    for: endOf(row),
    handler: deferral?.trigger.case === "watch" ? deferral.trigger.value.handler : "",
  });
}

function endOf({ deferral, until }: DeferralRow): Waiting["for"] {
  const trigger = deferral?.trigger;
  switch (trigger?.case) {
    case "time":
      return until === undefined ? { case: undefined } : { case: "until", value: until };
    case "token":
      return { case: "token", value: trigger.value };
    case "input": {
      const { form } = trigger.value;
      return form === undefined ? { case: undefined } : { case: "form", value: form };
    }
    case "watch":
      return { case: "summary", value: trigger.value.summary };
    case "runs":
      return { case: "runs", value: trigger.value };
    case undefined:
      return { case: undefined };
  }
}
