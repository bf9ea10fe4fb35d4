import { getRun } from "@millrace/db";
import { principalLabel, type Handler } from "@millrace/service";
import {
  MarkDagRunRequestSchema,
  MarkDagRunResponseSchema,
  RunState,
  type DagRunService,
} from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { fieldInvalid, runIdField, runNotFound } from "../fields.ts";
import { apiLimits } from "../limits.ts";
import { onceByOwners, partId } from "../owner-answers.ts";
import { runOf } from "./trigger-dag-run.ts";

const schemas = { input: MarkDagRunRequestSchema, output: MarkDagRunResponseSchema };

export function markDagRun(context: ApiContext): Handler<typeof DagRunService.method.markDagRun> {
  return (request, call) =>
    onceByOwners(context, call, request, {
      schemas,
      async prepare() {
        if (request.state !== RunState.SUCCESS && request.state !== RunState.FAILED)
          throw fieldInvalid("state", "must be SUCCESS or FAILED.");
        const row = await getRun(context.db, runIdField(request.runId));
        if (row === null) throw runNotFound(request.runId);
        return row;
      },
      async act(row, key) {
        const command = {
          principal: principalLabel(call.principal),
          requestId: partId(key, row.id),
          bodyHash: key.bodyHash,
          command: {
            case: "markRun",
            value: { runKey: BigInt(row.id), state: request.state },
          },
        } as const;
        const reply = await context.commands.send(row.shard, command, {
          signal: call.signal,
          answerMs: apiLimits.changeAnswerMs,
        });
        call.log.info({ run_id: request.runId, method: call.method }, "run.marked");
        return { run: await runOf(context, reply) };
      },
    });
}
