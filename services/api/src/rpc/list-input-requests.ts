import {
  countOpenInputRequests,
  listInputRequests,
  type InputRequestPosition,
  type InputRequestRow,
  type InputRequestState,
} from "@millrace/db";
import type { Handler } from "@millrace/service";
import { InputState, type InputRequest, type TaskInstanceService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { dagIdField, runIdField } from "../fields.ts";
import { apiLimits } from "../limits.ts";
import { inputRequestMessage } from "../messages/input-request.ts";
import { cutPage, isCount, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import { enumField } from "./read-dag-runs.ts";

const limits = { default: apiLimits.taskInstancePageDefault, max: apiLimits.taskInstancePageMax };

type Method = typeof TaskInstanceService.method.listInputRequests;

export function listInputRequestsPage(context: ApiContext): Handler<Method> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, limits);
    const filter = {
      dagId: request.dagId === "" ? null : dagIdField(request.dagId),
      runKey: request.runId === "" ? null : runIdField(request.runId),
      states: statesField(request.states),
    };
    const filters = ["input_requests", filter];
    const before = positionOf(request.pageToken, filters, isPosition);
    const found = await listInputRequests(context.db, filter, { before, limit: limit + 1 });
    const { rows, last } = cutPage(found, limit);
    return {
      inputRequests: await messagesOf(context, rows),
      nextPageToken: last === null ? "" : tokenAfter(filters, positionOfRow(last)),
    };
  };
}

export function countInputRequests({
  db,
}: Pick<ApiContext, "db">): Handler<typeof TaskInstanceService.method.countInputRequests> {
  return async () => ({ openCount: await countOpenInputRequests(db, apiLimits.openInputsCounted) });
}

/** Each state once, in one order: so the same filter has the same page tokens. */
function statesField(states: readonly InputState[]): InputRequestState[] {
  const wanted = states.length === 0 ? [InputState.OPEN] : states;
  const known = new Set(enumField("states", wanted, InputState));
  return [...known].toSorted((a, b) => a - b) as number[] as InputRequestState[];
}

/** The names of tasks are in the versions of the runs, most of which are in memory. */
function messagesOf(
  { versions }: Pick<ApiContext, "versions">,
  rows: readonly InputRequestRow[],
): Promise<InputRequest[]> {
  return Promise.all(
    rows.map(async (row) => inputRequestMessage((await versions.get(row.dag_version_id)).dag, row)),
  );
}

function positionOfRow(row: InputRequestRow): InputRequestPosition {
  const { asked_us: askedUs, run_id: runKey, ix, map_ix: mapIx, attempt } = row;
  return { askedUs, runKey, ix, mapIx, attempt };
}

function isPosition(value: unknown): value is InputRequestPosition {
  if (typeof value !== "object" || value === null) return false;
  const { askedUs, runKey, ix, mapIx, attempt } = value as Partial<InputRequestPosition>;
  const isIndex = mapIx === -1 || isCount(mapIx);
  return isCount(askedUs) && isCount(runKey) && isCount(ix) && isCount(attempt) && isIndex;
}
