/** Statements about what is watched for assets. */

import type { AssetWatcherWrite } from "@millrace/db";
import type { Statements } from "./statement.ts";
import type { Tables } from "./tables.ts";

const watcherSource = 3;

export const watcherStatements: Statements = {
  asset_watcher_list({ tables }, [shards]) {
    const { assets } = tables;
    const uris = new Map([...assets.ids].map(([uri, id]) => [id, uri]));
    return [...assets.watchers.values()]
      .filter(({ id, shard }) => (shards as number[]).includes(shard) && isUsed(tables, id))
      .map(({ id, shard, asset_id: assetId, handler, queue, config, cursor, fires }) => ({
        ...{ id, shard, uri: uris.get(assetId), handler, queue, config, cursor, fires },
      }));
  },
  asset_watcher_upsert({ tables }, [dagIds, watchers]) {
    type Asked = Omit<AssetWatcherWrite, "dagId"> & { readonly dag_id: string };
    const wanted = (JSON.parse(watchers as string) as Asked[]).map(
      ({ dag_id: dagId, ...rest }) => ({
        ...rest,
        dagId,
        config: Buffer.from(rest.config, "base64").toString(),
      }),
    );
    replaceWatchers(tables, dagIds as string[], wanted);
    return [];
  },
  asset_watcher_fire({ tables, atEnd }, [id, fires, cursor]) {
    const { watchers } = tables.assets;
    const row = watchers.get(id as number);
    if (row === undefined || row.fires !== fires || !isUsed(tables, row.id)) return [];
    const moved = {
      cursor: Buffer.from(cursor as Uint8Array),
      fires: row.fires + 1,
      failure: null,
    };
    atEnd(() => void watchers.set(row.id, { ...row, ...moved }));
    return [{ asset_id: row.asset_id }];
  },
  asset_watcher_fail({ tables }, [id, fires, failure]) {
    const { watchers } = tables.assets;
    const row = watchers.get(id as number);
    if (row === undefined || row.fires !== fires) return [];
    watchers.set(row.id, { ...row, failure: Buffer.from(failure as Uint8Array) });
    return [];
  },
  /** Of watchers only; others say without it that something has happened. */
  asset_event_create({ tables, now, atEnd }, [assetId, extra]) {
    const event = {
      ...{ asset_id: assetId as number, extra: Buffer.from(extra as Uint8Array) },
      ...{ source: watcherSource, aliases: [], dag_id: null, run_id: null },
      ...{ task_id: null, map_ix: null, partition_key: null, at: now },
    };
    atEnd(() => void tables.assets.add(event));
    return [{ consumers: tables.assets.consumersOf(event) }];
  },
};

function isUsed({ assets }: Tables, id: number): boolean {
  return assets.watcherUses.some((use) => use.watcher_id === id);
}

/** `sql/asset_watcher_upsert.sql` for the tables in memory: what DAGs want watched, in place of what they wanted before. */
export function replaceWatchers(
  { assets }: Tables,
  dagIds: readonly string[],
  wanted: readonly AssetWatcherWrite[],
): void {
  assets.watcherUses = assets.watcherUses.filter((use) => !dagIds.includes(use.dag_id));
  const inOrder = wanted.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  for (const { dagId, uri, digest, shard, handler, queue, config } of inOrder) {
    const assetId = assets.idOf(uri);
    const known = [...assets.watchers.values()].find(
      (row) => row.asset_id === assetId && row.digest === digest,
    );
    const id = known?.id ?? assets.watchers.size + 1;
    if (known === undefined)
      assets.watchers.set(id, {
        ...{ id, asset_id: assetId, digest, shard, handler, queue, config: Buffer.from(config) },
        ...{ cursor: null, fires: 0, failure: null },
      });
    const use = { dag_id: dagId, watcher_id: id };
    const isSaid = assets.watcherUses.some(
      (each) => each.dag_id === dagId && each.watcher_id === id,
    );
    if (!isSaid) assets.watcherUses.push(use);
  }
}
