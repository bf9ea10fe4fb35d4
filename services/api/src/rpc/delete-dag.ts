import { shardOf } from "@millrace/engine";
import { principalLabel, type Handler } from "@millrace/service";
import { type DagService, DeleteDagRequestSchema } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { dagIdField } from "../fields.ts";
import { requestKey } from "../idempotency.ts";
import { announceDags } from "./register-dags.ts";

/** The owner deletes: only it knows that no run of the DAG is about to change. */
export function deleteDag(context: ApiContext): Handler<typeof DagService.method.deleteDag> {
  return async (request, call) => {
    const { requestId, bodyHash } = requestKey(call, DeleteDagRequestSchema, request);
    const dagId = dagIdField(request.dagId);
    await context.commands.send(
      shardOf(dagId),
      {
        principal: principalLabel(call.principal),
        requestId,
        bodyHash,
        command: { case: "deleteDag", value: { dagId } },
      },
      call,
    );
    announceDags(context, [dagId]);
    context.blobs.runsDeleted();
    return {};
  };
}
