import { isMillraceError, noOwner } from "@millrace/engine";
import { principalLabel, type Handler } from "@millrace/service";
import { reasonToProto } from "@millrace/wire";
import type { TaskInstanceService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { apiLimits } from "../limits.ts";
import { requireTaskInstance } from "../task-instance-reading.ts";
import { stateOf } from "./read-task-instances.ts";

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
    return { state: await stateOf(context, found), reasons: [reasonToProto(noOwner())] };
  };
}
