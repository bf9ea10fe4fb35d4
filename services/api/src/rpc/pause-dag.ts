import { setDagPaused } from "@millrace/db";
import type { Call, Handler } from "@millrace/service";
import {
  type DagService,
  PauseDagRequestSchema,
  PauseDagResponseSchema,
  UnpauseDagRequestSchema,
  UnpauseDagResponseSchema,
} from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { readFullDag, requireDag } from "../dag-reading.ts";
import { once } from "../idempotency.ts";
import { announceDags } from "./register-dags.ts";

const pause = { input: PauseDagRequestSchema, output: PauseDagResponseSchema };
const unpause = { input: UnpauseDagRequestSchema, output: UnpauseDagResponseSchema };

export function pauseDag(context: ApiContext): Handler<typeof DagService.method.pauseDag> {
  return async (request, call) => {
    await requireDag(context, request.dagId);
    await once(context, call, pause, request, async (tx) => {
      await setDagPaused(tx, request.dagId, true);
      return {};
    });
    return { dag: await afterwards(context, call, request.dagId) };
  };
}

export function unpauseDag(context: ApiContext): Handler<typeof DagService.method.unpauseDag> {
  return async (request, call) => {
    await requireDag(context, request.dagId);
    await once(context, call, unpause, request, async (tx) => {
      await setDagPaused(tx, request.dagId, false);
      return {};
    });
    return { dag: await afterwards(context, call, request.dagId) };
  };
}

async function afterwards(
  context: ApiContext,
  call: Call,
  dagId: string,
): ReturnType<typeof readFullDag> {
  announceDags(context, [dagId]);
  call.log.info({ dag_id: dagId, method: call.method }, "dag.switched");
  return readFullDag(context, dagId);
}
