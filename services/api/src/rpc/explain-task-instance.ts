import { listXComs, type TaskInstanceKey } from "@millrace/db";
import { isMillraceError, noOwner, TaskState } from "@millrace/engine";
import { principalLabel, type Handler } from "@millrace/service";
import { existingTargetKey, reasonToProto } from "@millrace/wire";
import type { Explanation } from "@millrace/wire/internal";
import type { Reason, TaskInstanceService } from "@millrace/wire/v1";
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
        return {
          state: reply.value.state,
          reasons: await withTarget(context, found.key, reply.value),
        };
    } catch (error) {
      if (!isMillraceError(error) || error.reason !== "NOT_OWNER") throw error;
    }
    return { state: await stateOf(context, found), reasons: [reasonToProto(noOwner())] };
  };
}

/** Of a success without a run of its body: says which target was there. */
async function withTarget(
  { db }: ApiContext,
  key: TaskInstanceKey,
  { state, reasons }: Explanation,
): Promise<Reason[]> {
  if (state !== TaskState.success) return reasons;
  const left = (await listXComs(db, key)).find((xcom) => xcom.key === existingTargetKey);
  const target = left === undefined ? null : textIn(left.value);
  if (target === null) return reasons;
  const message = `Its target ${target} existed, so its body was not run.`;
  return reasons.map((reason) => ({
    ...reason,
    message: `${reason.message} ${message}`,
    evidence: { ...reason.evidence, target },
  }));
}

/** It may come from a worker in any language. */
function textIn(value: Uint8Array): string | null {
  try {
    const read: unknown = JSON.parse(new TextDecoder().decode(value));
    return typeof read === "string" ? read : null;
  } catch {
    return null;
  }
}
