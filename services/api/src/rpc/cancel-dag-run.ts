import { getRun } from "@millrace/db";
import { principalLabel, type Handler } from "@millrace/service";
import { CancelDagRunRequestSchema, type DagRunService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { runIdField, runNotFound } from "../fields.ts";
import { requestKey } from "../idempotency.ts";
import { runOf } from "./trigger-dag-run.ts";

export function cancelDagRun(
  context: ApiContext,
): Handler<typeof DagRunService.method.cancelDagRun> {
  return async (request, call) => {
    const { requestId, bodyHash } = requestKey(call, CancelDagRunRequestSchema, request);
    const row = await getRun(context.db, runIdField(request.runId));
    if (row === null) throw runNotFound(request.runId);
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
    return { run: await runOf(context, reply) };
  };
}
