import { getRun } from "@millrace/db";
import { principalLabel, type Handler } from "@millrace/service";
import {
  CancelDagRunRequestSchema,
  CancelDagRunResponseSchema,
  type DagRunService,
} from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { runIdField, runNotFound } from "../fields.ts";
import { onceByOwners } from "../owner-answers.ts";
import { runOf } from "./trigger-dag-run.ts";

const schemas = { input: CancelDagRunRequestSchema, output: CancelDagRunResponseSchema };

/** The owner cancels, at any time again without a further effect. */
export function cancelDagRun(
  context: ApiContext,
): Handler<typeof DagRunService.method.cancelDagRun> {
  return (request, call) =>
    onceByOwners(context, call, request, {
      schemas,
      async prepare() {
        const row = await getRun(context.db, runIdField(request.runId));
        if (row === null) throw runNotFound(request.runId);
        return row;
      },
      async act(row, { requestId, bodyHash }) {
        const command = {
          principal: principalLabel(call.principal),
          requestId,
          bodyHash,
          command: { case: "cancelRun", value: { runKey: BigInt(row.id) } },
        } as const;
        return { run: await runOf(context, await context.commands.send(row.shard, command, call)) };
      },
    });
}
