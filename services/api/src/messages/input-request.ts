/** Waits as callers see them, and what people are asked. Values that a task left or gets stay out: they may be secret. */

import { create, fromBinary } from "@bufbuild/protobuf";
import type { InputRequestRow } from "@millrace/db";
import type { CompiledDag } from "@millrace/engine";
import { runIdOf } from "@millrace/wire";
import { DeferralRowSchema, type DeferralRow } from "@millrace/wire/internal";
import {
  InputFormSchema,
  InputRequestSchema,
  WaitingSchema,
  type InputRequest,
  type Waiting,
} from "@millrace/wire/v1";
import { dateOf } from "./dag.ts";

/** What a `task_instance.deferral` says of a wait that goes on. */
export function waitingMessage(deferral: Uint8Array): Waiting {
  const row = fromBinary(DeferralRowSchema, deferral);
  const { since, timeoutAt, deferral: asked } = row;
  return create(WaitingSchema, {
    since,
    timeoutAt,
    for: endOf(row),
    handler: asked?.trigger.case === "watch" ? asked.trigger.value.handler : "",
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
    case undefined:
      return { case: undefined };
  }
}

export function inputRequestMessage(dag: CompiledDag, row: InputRequestRow): InputRequest {
  return create(InputRequestSchema, {
    runId: runIdOf(row.run_id),
    runName: row.run_name,
    dagId: row.dag_id,
    taskId: dag.tasks[row.ix]?.id ?? "",
    mapIndex: row.map_ix,
    tryNumber: row.attempt,
    form: fromBinary(InputFormSchema, row.form),
    askedAt: dateOf(row.asked_at),
    timeoutAt: dateOf(row.timeout_at),
    state: row.state,
    endedAt: dateOf(row.ended_at),
    answeredBy: row.answered_by ?? "",
    ...(row.answer && { answer: { data: Uint8Array.from(row.answer) } }),
  });
}
