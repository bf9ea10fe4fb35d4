import { lastIntervalOf } from "@millrace/db";
import { nextRuns } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { timestampOf } from "@millrace/wire";
import type { DagService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { requireDag } from "../dag-reading.ts";
import { pageSizeOf } from "../paging.ts";

const countLimits = { default: 10, max: 1000 };

/** By the same plan as the scheduler's, from the same row. */
export function listNextRuns(context: ApiContext): Handler<typeof DagService.method.listNextRuns> {
  return async (request) => {
    const count = pageSizeOf(request.count, countLimits);
    const head = await requireDag(context, request.dagId);
    if (head.is_paused || !head.is_active) return { plannedRuns: [] };
    const { dag } = await context.versions.get(head.dag_version_id);
    const planned = nextRuns(dag.spec, {
      now: head.now.getTime(),
      last: lastIntervalOf(head),
      through: head.scheduled_through.getTime(),
      count,
    });
    return {
      plannedRuns: planned.map(({ logicalDate, dataInterval, runAfter }) => ({
        logicalDate: timestampOf(logicalDate)!,
        dataIntervalStart: timestampOf(dataInterval.start)!,
        dataIntervalEnd: timestampOf(dataInterval.end)!,
        runAfter: timestampOf(runAfter)!,
      })),
    };
  };
}
