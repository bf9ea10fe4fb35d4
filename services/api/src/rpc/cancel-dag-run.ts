import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { claimRequest, getRun, settleRequest } from "@millrace/db";
import { principalLabel, type Handler } from "@millrace/service";
import {
  CancelDagRunRequestSchema,
  CancelDagRunResponseSchema,
  type DagRunService,
} from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { runIdField, runNotFound } from "../fields.ts";
import { answered, requestKey } from "../idempotency.ts";
import { runOf } from "./trigger-dag-run.ts";

const schemas = { input: CancelDagRunRequestSchema, output: CancelDagRunResponseSchema };

/**
 * The owner cancels, at any time again without a further effect; so the answer is kept here. The id is bound to the run
 * before, so that it can never stand for two.
 */
export function cancelDagRun(
  context: ApiContext,
): Handler<typeof DagRunService.method.cancelDagRun> {
  return async (request, call) => {
    const before = await answered(context, call, schemas, request);
    if (before !== null) return before;
    const row = await getRun(context.db, runIdField(request.runId));
    if (row === null) throw runNotFound(request.runId);
    const key = requestKey(call, schemas.input, request);
    const meanwhile = await claimRequest(context.db, key);
    if (meanwhile !== null) return fromBinary(schemas.output, meanwhile);
    const { requestId, bodyHash } = key;
    const reply = await context.commands.send(
      row.shard,
      {
        principal: principalLabel(call.principal),
        requestId,
        bodyHash,
        command: { case: "cancelRun", value: { runKey: BigInt(row.id) } },
      },
      call,
    );
    const answer = create(schemas.output, { run: await runOf(context, reply) });
    const kept = await settleRequest(context.db, key, toBinary(schemas.output, answer));
    return fromBinary(schemas.output, kept);
  };
}
