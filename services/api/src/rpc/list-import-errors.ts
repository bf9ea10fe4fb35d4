import { listImportErrors } from "@millrace/db";
import type { Handler } from "@millrace/service";
import type { DagService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { importErrorMessage } from "../messages/dag.ts";
import { cutPage, isText, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import { pageLimits } from "./read-dags.ts";

export function listImportErrorsPage(
  context: ApiContext,
): Handler<typeof DagService.method.listImportErrors> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, pageLimits);
    const filters = ["import_errors"];
    const position = positionOf(request.pageToken, filters, isPosition);
    const after = position === null ? null : { folder: position[0], file: position[1] };
    const { rows, last } = cutPage(
      await listImportErrors(context.db, { after, limit: limit + 1 }),
      limit,
    );
    return {
      errors: rows.map(importErrorMessage),
      nextPageToken: last === null ? "" : tokenAfter(filters, [last.folder, last.file]),
    };
  };
}

function isPosition(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every(isText);
}
