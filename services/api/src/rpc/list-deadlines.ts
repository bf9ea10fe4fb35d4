import { create } from "@bufbuild/protobuf";
import { listDeadlines, type DeadlineRow } from "@millrace/db";
import { RunState, type CompiledDag } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { runIdOf } from "@millrace/wire";
import {
  DeadlineSchema,
  DeadlineState,
  type DagRunService,
  type Deadline,
} from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { apiLimits } from "../limits.ts";
import { dateOf } from "../messages/dag.ts";
import { cutPage, isCount, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import { requireRun } from "../task-instance-reading.ts";

const limits = { default: apiLimits.taskInstancePageDefault, max: apiLimits.taskInstancePageMax };

type Position = { readonly ix: number; readonly ordinal: number };

export function listDeadlinesPage(
  context: ApiContext,
): Handler<typeof DagRunService.method.listDeadlines> {
  return async ({ runId, pageSize, pageToken }) => {
    const limit = pageSizeOf(pageSize, limits);
    const filters = ["deadlines", runId];
    const after = positionOf(pageToken, filters, isPosition);
    const { run, dag } = await requireRun(context, runId);
    const page = { after, limit: limit + 1 };
    const { rows, last } = cutPage(await listDeadlines(context.db, run.id, page), limit);
    // What a run kept is deleted a moment after its end.
    const hasSucceeded = run.state === RunState.success;
    const told = rows.filter((row) => !hasSucceeded || row.state === DeadlineState.MISSED);
    return {
      deadlines: told.map((row) => deadlineMessage(dag, run.id, row)),
      nextPageToken:
        last === null ? "" : tokenAfter(filters, { ix: last.ix, ordinal: last.ordinal }),
    };
  };
}

function deadlineMessage(dag: CompiledDag, runKey: number, row: DeadlineRow): Deadline {
  const task = dag.tasks[row.ix];
  return create(DeadlineSchema, {
    runId: runIdOf(runKey),
    taskId: task?.id ?? "",
    name: (task ?? dag.spec).deadlines[row.ordinal]?.name ?? "",
    state: row.state,
    dueAt: dateOf(row.due_at),
    atRiskAt: dateOf(row.at_risk_at),
    estimatedEndAt: dateOf(row.estimated_end_at),
    criticalTaskIds: row.critical_task_ids,
    missedAt: dateOf(row.missed_at),
  });
}

function isPosition(value: unknown): value is Position {
  if (typeof value !== "object" || value === null) return false;
  const { ix, ordinal } = value as Partial<Position>;
  return (ix === -1 || isCount(ix)) && isCount(ordinal);
}
