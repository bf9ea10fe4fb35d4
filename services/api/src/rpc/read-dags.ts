import { countDags, listDags, recentRuns } from "@millrace/db";
import type { Handler } from "@millrace/service";
import type { DagService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { readFullDag, requireDag } from "../dag-reading.ts";
import { fieldInvalid, textField } from "../fields.ts";
import { apiLimits } from "../limits.ts";
import { dagMessage } from "../messages/dag.ts";
import { cutPage, isText, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";

export const pageLimits = { default: apiLimits.pageDefault, max: apiLimits.pageMax };

export function getDag(context: ApiContext): Handler<typeof DagService.method.getDag> {
  return async ({ dagId }) => ({
    dag: await readFullDag(context, await requireDag(context, dagId)),
  });
}

export function listDagsPage(context: ApiContext): Handler<typeof DagService.method.listDags> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, pageLimits);
    if (request.tags.length > apiLimits.tagsFilterMax)
      throw fieldInvalid("tags", `has more than ${apiLimits.tagsFilterMax} entries.`);
    const filter = {
      search: textField("search", request.search, apiLimits.searchLength) || null,
      tags: request.tags.map((tag) => textField("tags", tag, apiLimits.searchLength)),
      isPaused: request.isPaused ?? null,
      includeInactive: request.includeInactive,
    };
    const filters = ["dags", filter];
    const afterDagId = positionOf(request.pageToken, filters, isText) ?? "";
    const [found, total] = await Promise.all([
      listDags(context.db, filter, { afterDagId, limit: limit + 1 }),
      countDags(context.db, filter),
    ]);
    const { rows, last } = cutPage(found, limit);
    const [versions, runs] = await Promise.all([
      context.versions.getAll(rows.map((row) => row.dag_version_id)),
      recentRuns(
        context.db,
        rows.map((row) => row.dag_id),
        apiLimits.recentRunsMax,
      ),
    ]);
    const runsOf = Map.groupBy(runs, (run) => run.dag_id);
    return {
      dags: rows.map((row) =>
        dagMessage(row, versions.get(row.dag_version_id)?.dag.spec, {
          recentRuns: runsOf.get(row.dag_id) ?? [],
        }),
      ),
      nextPageToken: last === null ? "" : tokenAfter(filters, last.dag_id),
      total,
    };
  };
}
