/** What people are asked, as callers see it. Values that a task left or gets stay out: they may be secret. */

import { create, fromBinary } from "@bufbuild/protobuf";
import type { InputRequestRow } from "@millrace/db";
import type { CompiledDag } from "@millrace/engine";
import { runIdOf } from "@millrace/wire";
import { InputFormSchema, InputRequestSchema, type InputRequest } from "@millrace/wire/v1";
import { dateOf } from "./dag.ts";

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
