import {
  deliveryPositionOf,
  listCallbackDeliveries,
  type CallbackDeliveryRow,
  type DeliveryPosition,
} from "@millrace/db";
import { MillraceError, type CompiledDag } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { runIdOf } from "@millrace/wire";
import {
  CallbackDeliverySchema,
  type CallbackEvent,
  type CallbackDelivery,
  type TaskInstanceService,
} from "@millrace/wire/v1";
import { create } from "@bufbuild/protobuf";
import type { ApiContext } from "../context.ts";
import { shown } from "../fields.ts";
import { apiLimits } from "../limits.ts";
import { dateOf } from "../messages/dag.ts";
import { failureOf } from "../messages/run.ts";
import { cutPage, isCount, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import { requireRun } from "../task-instance-reading.ts";

const limits = { default: apiLimits.taskInstancePageDefault, max: apiLimits.taskInstancePageMax };

type Method = typeof TaskInstanceService.method.listCallbackDeliveries;

export function listCallbackDeliveriesPage(context: ApiContext): Handler<Method> {
  return async (request) => {
    const { runId, taskId } = request;
    const limit = pageSizeOf(request.pageSize, limits);
    const filters = ["callback_deliveries", runId, taskId];
    const after = positionOf(request.pageToken, filters, isPosition);
    const { run, dag } = await requireRun(context, runId);
    const filter = { runKey: run.id, ix: taskId === "" ? null : ixOf(dag, runId, taskId) };
    const page = { after, limit: limit + 1 };
    const { rows, last } = cutPage(await listCallbackDeliveries(context.db, filter, page), limit);
    return {
      deliveries: rows.map((row) => deliveryMessage(dag, run.id, row)),
      nextPageToken: last === null ? "" : tokenAfter(filters, deliveryPositionOf(last)),
    };
  };
}

function ixOf(dag: CompiledDag, runId: string, taskId: string): number {
  const ix = dag.ixOf.get(taskId);
  if (ix !== undefined) return ix;
  throw new MillraceError("TASK_NOT_FOUND", `The run has no task ${shown(taskId)}.`, {
    metadata: { run_id: runId, task_id: taskId.slice(0, 250) },
  });
}

function deliveryMessage(
  dag: CompiledDag,
  runKey: number,
  row: CallbackDeliveryRow,
): CallbackDelivery {
  const owner = row.ix < 0 ? dag.spec : dag.tasks[row.ix];
  return create(CallbackDeliverySchema, {
    runId: runIdOf(runKey),
    taskId: row.ix < 0 ? "" : (dag.tasks[row.ix]?.id ?? ""),
    mapIndex: row.map_ix,
    tryNumber: row.attempt,
    event: row.event as CallbackEvent,
    name: owner?.callbacks[row.ordinal]?.name ?? "",
    state: row.state,
    tries: row.tries,
    failure: failureOf(row.failure),
    happenedAt: dateOf(row.happened_at),
    nextTryAt: dateOf(row.next_try_at),
    endedAt: dateOf(row.ended_at),
  });
}

function isPosition(value: unknown): value is DeliveryPosition {
  if (typeof value !== "object" || value === null) return false;
  const { happenedUs, ix, mapIx, attempt, event, ordinal } = value as Partial<DeliveryPosition>;
  const isPlace = [ix, mapIx].every((at) => at === -1 || isCount(at));
  return isPlace && [happenedUs, attempt, event, ordinal].every(isCount);
}
