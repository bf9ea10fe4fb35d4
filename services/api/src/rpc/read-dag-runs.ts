import { getRun, listRuns, type RunPosition } from "@millrace/db";
import type { Handler } from "@millrace/service";
import { RunState, RunType, type DagRunService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { dagIdField, fieldInvalid, runIdField, runNotFound } from "../fields.ts";
import { runMessage } from "../messages/run.ts";
import { cutPage, isCount, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import { pageLimits } from "./read-dags.ts";

export function getDagRun(context: ApiContext): Handler<typeof DagRunService.method.getDagRun> {
  return async ({ runId }) => {
    const row = await getRun(context.db, runIdField(runId));
    if (row === null) throw runNotFound(runId);
    return { run: runMessage(row) };
  };
}

export function listDagRuns(context: ApiContext): Handler<typeof DagRunService.method.listDagRuns> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, pageLimits);
    const filter = {
      dagId: request.dagId === "" ? null : dagIdField(request.dagId),
      states: enumField("states", request.states, RunState),
      runTypes: enumField("run_types", request.runTypes, RunType),
    };
    const filters = ["dag_runs", filter];
    const before = positionOf(request.pageToken, filters, isPosition);
    const { rows: found, positionAfter } = await listRuns(context.db, filter, {
      before,
      limit: limit + 1,
    });
    const { rows, last } = cutPage(found, limit);
    return {
      runs: rows.map(runMessage),
      nextPageToken: last === null ? "" : tokenAfter(filters, positionAfter(last)),
    };
  };
}

/** @throws MillraceError FIELD_INVALID for values this version does not know. */
export function enumField<T extends number>(
  field: string,
  values: readonly T[],
  type: Readonly<Record<string, T | string>>,
): T[] {
  for (const value of values) {
    if (value === 0 || !Object.values(type).includes(value))
      throw fieldInvalid(field, `has the value ${value}, which this server does not know.`);
  }
  return [...values];
}

function isPosition(value: unknown): value is RunPosition {
  if (typeof value !== "object" || value === null) return false;
  const { queuedUs, runKey } = value as Partial<RunPosition>;
  return isCount(queuedUs) && isCount(runKey);
}
