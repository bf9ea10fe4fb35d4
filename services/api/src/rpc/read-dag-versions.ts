import { create } from "@bufbuild/protobuf";
import { listDagVersions } from "@millrace/db";
import type { Handler } from "@millrace/service";
import { DagSpecSchema, type DagService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { requireDag, requireDagVersion } from "../dag-reading.ts";
import { dagVersionMessage } from "../messages/dag.ts";
import { cutPage, isCount, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import { pageLimits } from "./read-dags.ts";

export function listVersions(
  context: ApiContext,
): Handler<typeof DagService.method.listDagVersions> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, pageLimits);
    const filters = ["dag_versions", request.dagId];
    const { version } = await requireDag(context, request.dagId);
    const below = positionOf(request.pageToken, filters, isCount) ?? version + 1;
    const found = await listDagVersions(context.db, request.dagId, { below, limit: limit + 1 });
    const { rows, last } = cutPage(found, limit);
    return {
      versions: rows.map((row) => dagVersionMessage(request.dagId, row)),
      nextPageToken: last === null ? "" : tokenAfter(filters, last.version),
    };
  };
}

export function getDagSpec(context: ApiContext): Handler<typeof DagService.method.getDagSpec> {
  return async ({ dagId, version }) => {
    const row = await requireDagVersion(context, dagId, version);
    const { spec } = await context.versions.get(row.id);
    return { spec: create(DagSpecSchema, { ...spec, source: "" }), version: row.version };
  };
}

export function getDagSource(context: ApiContext): Handler<typeof DagService.method.getDagSource> {
  return async ({ dagId, version }) => {
    const row = await requireDagVersion(context, dagId, version);
    return { file: row.file, source: row.source, version: row.version };
  };
}
