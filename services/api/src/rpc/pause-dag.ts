import { setDagPaused } from "@millrace/db";
import type { Call, Handler } from "@millrace/service";
import {
  type DagService,
  PauseDagRequestSchema,
  PauseDagResponseSchema,
  UnpauseDagRequestSchema,
  UnpauseDagResponseSchema,
  type Dag,
} from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { readFullDag, requireDag } from "../dag-reading.ts";
import { answered, once } from "../idempotency.ts";
import { announceDags } from "./register-dags.ts";

const pause = { input: PauseDagRequestSchema, output: PauseDagResponseSchema };
const unpause = { input: UnpauseDagRequestSchema, output: UnpauseDagResponseSchema };

export function pauseDag(context: ApiContext): Handler<typeof DagService.method.pauseDag> {
  return async (request, call) => {
    const before = await answered(context, call, pause, request);
    if (before !== null) return before;
    const dag = await switched(context, request.dagId, true);
    const answer = await once(context, call, pause, request, async (tx) => {
      await setDagPaused(tx, request.dagId, true);
      return { dag };
    });
    tell(context, call, request.dagId);
    return answer;
  };
}

export function unpauseDag(context: ApiContext): Handler<typeof DagService.method.unpauseDag> {
  return async (request, call) => {
    const before = await answered(context, call, unpause, request);
    if (before !== null) return before;
    const dag = await switched(context, request.dagId, false);
    const answer = await once(context, call, unpause, request, async (tx) => {
      await setDagPaused(tx, request.dagId, false);
      return { dag };
    });
    tell(context, call, request.dagId);
    return answer;
  };
}

/** The DAG as it is once the switch stands so: read before, since the answer is kept together with the switch. */
async function switched(context: ApiContext, dagId: string, isPaused: boolean): Promise<Dag> {
  const head = await requireDag(context, dagId);
  // Turning the switch makes the schedule forget when it was due; its owner says it anew.
  const next_run_at = head.is_paused === isPaused ? head.next_run_at : null;
  return readFullDag(context, { ...head, is_paused: isPaused, next_run_at });
}

function tell(context: ApiContext, call: Call, dagId: string): void {
  announceDags(context, [dagId]);
  call.log.info({ dag_id: dagId, method: call.method }, "dag.switched");
}
