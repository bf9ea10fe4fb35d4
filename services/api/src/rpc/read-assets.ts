import {
  countAssets,
  listAliasesOf,
  listAssetRows,
  listAssetUses,
  type AssetFilter,
} from "@millrace/db";
import { assetLimits } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import type { AssetService, ListAssetsRequest } from "@millrace/wire/v1";
import { requireAsset } from "../asset-reading.ts";
import type { ApiContext } from "../context.ts";
import { dagIdField, textField } from "../fields.ts";
import { apiLimits } from "../limits.ts";
import { assetMessage } from "../messages/asset.ts";
import { watcherStates } from "../watcher-states.ts";
import { cutPage, isText, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";

const limits = { default: apiLimits.pageDefault, max: apiLimits.pageMax };

export function listAssets(context: ApiContext): Handler<typeof AssetService.method.listAssets> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, limits);
    const filter = filterOf(request);
    const filters = ["assets", filter];
    const afterUri = positionOf(request.pageToken, filters, isText) ?? "";
    const [found, total] = await Promise.all([
      listAssetRows(context.db, filter, { afterUri, limit: limit + 1 }),
      countAssets(context.db, filter),
    ]);
    const { rows, last } = cutPage(found, limit);
    return {
      assets: rows.map((row) =>
        assetMessage(row, { producers: row.producer_count, consumers: row.consumer_count }),
      ),
      nextPageToken: last === null ? "" : tokenAfter(filters, last.uri),
      total,
    };
  };
}

function filterOf({ search, group, dagId, includeInactive }: ListAssetsRequest): AssetFilter {
  return {
    search: search === "" ? null : textField("search", search, apiLimits.searchLength),
    group: group === "" ? null : textField("group", group, assetLimits.nameLength),
    dagId: dagId === "" ? null : dagIdField(dagId),
    includeInactive,
  };
}

export function getAsset(context: ApiContext): Handler<typeof AssetService.method.getAsset> {
  return async (request) => {
    const row = await requireAsset(context, request.asset);
    const [uses, watchers, aliases] = await Promise.all([
      listAssetUses(context.db, row.id, apiLimits.assetUsesMax),
      watcherStates(context.db, row.id),
      listAliasesOf(context.db, row.id, apiLimits.assetUsesMax),
    ]);
    const producers = uses.filter(({ kind }) => kind === 1);
    const consumers = uses.filter(({ kind }) => kind !== 1);
    const waiting = new Set(uses.flatMap((use) => (use.kind >= 3 ? [use.dag_id] : [])));
    const counts = { producers: producers.length, consumers: waiting.size };
    return {
      asset: assetMessage(row, counts, {
        producers: producers.map((use) => ({
          dagId: use.dag_id,
          taskId: use.task_id,
          alias: use.alias,
        })),
        consumers: consumers.map((use) => ({
          dagId: use.dag_id,
          taskId: use.task_id,
          alias: use.alias,
          pendingCount: use.pending,
        })),
        aliases,
        watchers,
      }),
    };
  };
}
