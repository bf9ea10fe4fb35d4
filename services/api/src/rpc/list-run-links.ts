import { listRunChildren, listRunParents, type ChildPosition, type RunLinkRow } from "@millrace/db";
import type { Handler } from "@millrace/service";
import { runIdOf, timestampOf } from "@millrace/wire";
import { RunLinkSchema, RunState, type DependencyService, type RunLink } from "@millrace/wire/v1";
import { create } from "@bufbuild/protobuf";
import type { ApiContext } from "../context.ts";
import { runIdField } from "../fields.ts";
import { cutPage, isCount, isText, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import { readRunHead } from "../run-heads.ts";

const pageLimits = { default: 200, max: 1000 };
const parentsShown = 20;

type Method = typeof DependencyService.method.listRunLinks;

export function listRunLinksPage(context: ApiContext): Handler<Method> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, pageLimits);
    const filters = ["run_links", request.runId];
    const after = positionOf(request.pageToken, filters, isPosition);
    const { id } = await readRunHead(context.db, runIdField(request.runId));
    const [parents, children] = await Promise.all([
      after === null ? listRunParents(context.db, id, parentsShown) : [],
      listRunChildren(context.db, id, { after, limit: limit + 1 }),
    ]);
    const { rows, last } = cutPage(children, limit);
    return {
      parents: parents.map(linkMessage),
      children: rows.map(linkMessage),
      nextPageToken: last === null ? "" : tokenAfter(filters, positionIn(last)),
    };
  };
}

function linkMessage(row: RunLinkRow): RunLink {
  return create(RunLinkSchema, {
    runId: runIdOf(row.run_id),
    dagId: row.dag_id,
    runName: row.run_name,
    state: row.state ?? RunState.UNSPECIFIED,
    taskId: row.task_id,
    mapIndex: row.map_ix,
    at: timestampOf(row.at.getTime()),
    depth: row.depth,
  });
}

function positionIn(row: RunLinkRow): ChildPosition {
  return [row.ix, row.map_ix, row.child_dag_id, row.attempt];
}

function isPosition(value: unknown): value is ChildPosition {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [ix, mapIx, dagId, attempt] = value as unknown[];
  return isCount(ix) && (mapIx === -1 || isCount(mapIx)) && isText(dagId) && isCount(attempt);
}
