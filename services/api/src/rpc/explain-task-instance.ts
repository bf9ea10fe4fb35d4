import { isMillraceError, noOwner } from "@millrace/engine";
import { principalLabel, type Handler } from "@millrace/service";
import { reasonToProto } from "@millrace/wire";
import type { TaskInstanceService, TaskState } from "@millrace/wire/v1";
import { viewTaskInstance } from "@millrace/db";
import type { ApiContext } from "../context.ts";
import { apiLimits } from "../limits.ts";
import { readStates, requireTaskInstance } from "../task-instance-reading.ts";

/** The owner answers, by the function that admits. Where nobody owns the shard, that is the reason. */
export function explainTaskInstance(
  context: ApiContext,
): Handler<typeof TaskInstanceService.method.explainTaskInstance> {
  return async (request, call) => {
    const found = await requireTaskInstance(context, request);
    const { runKey, ix, mapIx } = found.key;
    const command = {
      principal: principalLabel(call.principal),
      requestId: "",
      command: {
        case: "explainTask",
        value: { runKey: BigInt(runKey), taskId: found.dag.taskIds[ix] ?? "", mapIndex: mapIx },
      },
    } as const;
    try {
      const { reply } = await context.commands.send(found.run.shard, command, {
        signal: call.signal,
        searchMs: apiLimits.explainSearchMs,
      });
      if (reply.case === "explanation")
        return { state: reply.value.state, reasons: reply.value.reasons };
    } catch (error) {
      if (!isMillraceError(error) || error.reason !== "NOT_OWNER") throw error;
    }
    const row = await viewTaskInstance(context.db, found.key);
    const state = row?.state ?? ((await readStates(context, found))[ix] as TaskState);
    return { state, reasons: [reasonToProto(noOwner())] };
  };
}
