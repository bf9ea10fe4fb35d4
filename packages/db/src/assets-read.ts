/** Assets and their events, for people, programs and bodies. */

import type { AssetUseKind } from "./asset-registry.ts";
import type { Database } from "./database.ts";
import { sqlText } from "./assets.ts";
import type { Transaction } from "./requests.ts";
import { rowsOf } from "./statement.ts";

export type AssetRow = {
  readonly id: number;
  readonly uri: string;
  readonly name: string;
  readonly asset_group: string;
  readonly extra: string;
  readonly is_active: boolean;
  readonly created_at: Date;
  readonly last_event_at: Date | null;
};

export type AssetListRow = AssetRow & {
  readonly producer_count: number;
  readonly consumer_count: number;
};

export type AssetFilter = {
  /** Text within uri, name or group, case ignored. */
  readonly search: string | null;
  readonly group: string | null;
  /** That names it, itself or by an alias. */
  readonly dagId: string | null;
  readonly includeInactive: boolean;
};

/** Assets by uri, after `afterUri`. */
export async function listAssetRows(
  db: Database,
  filter: AssetFilter,
  page: { readonly afterUri: string; readonly limit: number },
): Promise<AssetListRow[]> {
  const values = [...filterValues(filter), page.afterUri, page.limit];
  return rowsOf<AssetListRow>(db.pool, "asset_list_page", values);
}

export async function countAssets(db: Database, filter: AssetFilter): Promise<number> {
  const [row] = await rowsOf<{ total: number }>(db.pool, "asset_count", filterValues(filter));
  return row?.total ?? 0;
}

/** `%`, `_` and `\` mean themselves. */
function filterValues({ search, group, dagId, includeInactive }: AssetFilter): unknown[] {
  const pattern = search?.replace(/[\\%_]/g, String.raw`\$&`) ?? null;
  return [pattern, group, dagId, includeInactive];
}

/** The asset of a uri, else of a name; null when there is none. */
export async function findAsset(db: Database, uriOrName: string): Promise<AssetRow | null> {
  const [row] = await rowsOf<AssetRow>(db.pool, "asset_find", [uriOrName]);
  return row ?? null;
}

export type AssetUseRow = {
  readonly dag_id: string;
  readonly kind: AssetUseKind;
  readonly task_id: string;
  readonly alias: string;
  /** Of a schedule: events that no run has used, up to 1000. */
  readonly pending: number;
};

/** Who makes, reads and waits for an asset. */
export async function listAssetUses(
  db: Database,
  assetId: number,
  limit: number,
): Promise<AssetUseRow[]> {
  return rowsOf<AssetUseRow>(db.pool, "asset_uses_of", [assetId, limit]);
}

/** Aliases that an asset was named for. */
export async function listAliasesOf(
  db: Database,
  assetId: number,
  limit: number,
): Promise<string[]> {
  const rows = await rowsOf<{ alias: string }>(db.pool, "asset_aliases_of", [assetId, limit]);
  return rows.map((row) => row.alias);
}

export type AssetEventListRow = {
  readonly id: number;
  readonly uri: string;
  readonly name: string;
  readonly at: Date;
  readonly extra: Buffer | null;
  readonly source: 1 | 2 | 3;
  readonly dag_id: string | null;
  readonly run_id: number | null;
  readonly run_name: string | null;
  readonly task_id: string | null;
  readonly map_ix: number | null;
  readonly aliases: readonly string[];
  readonly created_by: string;
  readonly partition_key: string | null;
};

/** Null stands for any. */
export type AssetEventFilter = {
  readonly assetId: number | null;
  readonly sourceDagId: string | null;
  readonly sourceRunKey: number | null;
  readonly madeRunKey: number | null;
  readonly sourceTaskId: string | null;
  readonly since: Date | null;
  readonly before: Date | null;
};

/** Events, newest first, below an id. */
export async function listAssetEventRows(
  db: Database,
  filter: AssetEventFilter,
  page: { readonly belowId: number; readonly limit: number },
): Promise<AssetEventListRow[]> {
  const { assetId, sourceDagId, sourceRunKey, madeRunKey, sourceTaskId, since, before } = filter;
  return rowsOf<AssetEventListRow>(db.pool, "asset_event_list_page", [
    ...[assetId, sourceDagId, sourceRunKey, madeRunKey, sourceTaskId, since, before],
    ...[page.belowId, page.limit],
  ]);
}

export type MadeRunRow = {
  readonly event_id: number;
  readonly run_id: number;
  readonly dag_id: string;
  readonly run_name: string;
};

/** Runs that events made or helped to make, at most `limit` of each. */
export async function listMadeRuns(
  db: Database,
  eventIds: readonly number[],
  limit: number,
): Promise<MadeRunRow[]> {
  if (eventIds.length === 0) return [];
  return rowsOf<MadeRunRow>(db.pool, "asset_event_made_runs", [eventIds, limit]);
}

/** Which events a body reads. */
export type AssetEventReading = {
  readonly of:
    { readonly madeRunKey: number } | { readonly uri: string } | { readonly alias: string };
  readonly since: Date | null;
  readonly before: Date | null;
  readonly newestFirst: boolean;
  /** Events after it in the order asked; null for the first page. */
  readonly afterId: number | null;
  readonly limit: number;
};

export async function readAssetEventRows(
  db: Database,
  { of, since, before, newestFirst, afterId, limit }: AssetEventReading,
): Promise<AssetEventListRow[]> {
  return rowsOf<AssetEventListRow>(db.pool, "asset_event_read_page", [
    "madeRunKey" in of ? of.madeRunKey : null,
    "uri" in of ? of.uri : null,
    "alias" in of ? of.alias : null,
    ...[since, before],
    afterId ?? (newestFirst ? Number.MAX_SAFE_INTEGER : 0),
    ...[newestFirst, limit],
  ]);
}

export type AssetEventMade = {
  readonly id: number;
  readonly at: Date;
  /** DAGs that wait for the asset. */
  readonly consumers: readonly string[];
};

/** Makes an event that no task made. */
export async function createAssetEvent(
  tx: Transaction,
  event: {
    readonly assetId: number;
    readonly extra: Uint8Array | null;
    /** 2 a caller, 3 a watcher. */
    readonly source: 2 | 3;
    readonly createdBy: string;
    /** Default none. */
    readonly partitionKey?: string | null;
  },
): Promise<AssetEventMade> {
  const { assetId, extra, source, createdBy, partitionKey = null } = event;
  const [row] = await tx.$queryRawUnsafe<{ id: bigint; at: Date; consumers: string[] }[]>(
    sqlText("asset_event_create"),
    assetId,
    extra,
    source,
    createdBy,
    partitionKey,
  );
  if (row === undefined) throw new Error("asset_event_create answered nothing");
  return { id: Number(row.id), at: row.at, consumers: row.consumers };
}

export type GraphUseRow = {
  readonly dag_id: string;
  readonly kind: AssetUseKind;
  readonly task_id: string;
  readonly alias: string;
  readonly uri: string;
  readonly is_paused: boolean;
};

export type GraphAssetRow = Pick<AssetRow, "uri" | "name" | "asset_group" | "last_event_at"> & {
  readonly aliases: readonly string[];
};

/** Everything that active DAGs name, and the assets in use, each up to a limit. */
export async function readAssetGraph(
  db: Database,
  limits: { readonly uses: number; readonly assets: number },
): Promise<{ readonly uses: GraphUseRow[]; readonly assets: GraphAssetRow[] }> {
  const [uses, assets] = await Promise.all([
    rowsOf<GraphUseRow>(db.pool, "asset_graph_uses", [limits.uses]),
    rowsOf<GraphAssetRow>(db.pool, "asset_graph_assets", [limits.assets]),
  ]);
  return { uses, assets };
}
