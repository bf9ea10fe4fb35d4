/** What is watched for assets: as DAGs ask for it, as its owner hands it out, and as people see it. */

import { MillraceError } from "@millrace/engine";
import { sqlText } from "./assets.ts";
import type { Database } from "./database.ts";
import type { ShardFence } from "./flush-batch.ts";
import { shardLockClass } from "./flush.ts";
import type { Transaction } from "./requests.ts";
import { rowsOf } from "./statement.ts";
import { inTransaction } from "./transaction.ts";

/** A watcher as a DAG asks for it. */
export type AssetWatcherWrite = {
  readonly dagId: string;
  readonly uri: string;
  /** Tells it from others of the asset. */
  readonly digest: string;
  readonly shard: number;
  readonly handler: string;
  readonly queue: string;
  /** Codec JSON. */
  readonly config: string;
  readonly summary: string;
};

/** Writes what DAGs want watched, in place of what they wanted before. Needs `lockAssets`, and that the assets are known. */
export async function replaceAssetWatchers(
  tx: Transaction,
  dagIds: readonly string[],
  watchers: readonly AssetWatcherWrite[],
): Promise<void> {
  const rows = watchers.map(({ dagId, config, ...watcher }) => ({
    ...watcher,
    dag_id: dagId,
    config: Buffer.from(config).toString("base64"),
  }));
  await tx.$executeRawUnsafe(sqlText("asset_watcher_upsert"), [...dagIds], JSON.stringify(rows));
}

/** What an owner has to see to. */
export type AssetWatcherRow = {
  readonly id: number;
  readonly shard: number;
  readonly uri: string;
  readonly handler: string;
  readonly queue: string;
  readonly config: Buffer;
  readonly cursor: Buffer | null;
  readonly fires: number;
};

export async function listAssetWatchers(
  db: Database,
  shards: readonly number[],
): Promise<AssetWatcherRow[]> {
  return rowsOf<AssetWatcherRow>(db.pool, "asset_watcher_list", [shards]);
}

/** What a watcher has told. */
export type AssetWatcherFire = {
  readonly id: number;
  /** As it was when it was handed out. */
  readonly fires: number;
  /** Codec JSON. */
  readonly cursor: Uint8Array;
  /** What each event says: codec JSON. */
  readonly events: readonly Uint8Array[];
};

/** `consumers`: DAGs that wait for the events. */
export type FiredWatcher = { readonly isApplied: boolean; readonly consumers: readonly string[] };

/**
 * Makes events of what a watcher has told, and moves it on: both or neither, and once, however often it is reported.
 *
 * @throws MillraceError NOT_OWNER when the shard is somebody else's now.
 */
export async function fireAssetWatcher(
  db: Database,
  { shard, epoch }: ShardFence,
  { id, fires, cursor, events }: AssetWatcherFire,
): Promise<FiredWatcher> {
  return await inTransaction(db, async (run) => {
    await run("flush_fence", [shardLockClass, [shard]]);
    if ((await run("shard_held", [[shard], [epoch]])).length === 0)
      throw new MillraceError("NOT_OWNER");
    const values = [id, fires, cursor, events.length > 0];
    const [moved] = await run<{ asset_id: number }>("asset_watcher_fire", values);
    if (moved === undefined) return { isApplied: false, consumers: [] };
    const consumers = new Set<string>();
    for (const extra of events) {
      const made = await run<{ consumers: string[] }>("asset_event_create", [
        ...[moved.asset_id, extra, watcherSource, "", null],
      ]);
      for (const dagId of made[0]?.consumers ?? []) consumers.add(dagId);
    }
    return { isApplied: true, consumers: [...consumers] };
  });
}

/** millrace.v1.AssetEventSource */
const watcherSource = 3;

/** Notes what is wrong; `failure` is a millrace.v1.Failure. */
export async function failAssetWatcher(
  db: Database,
  { id, fires }: Pick<AssetWatcherFire, "id" | "fires">,
  failure: Uint8Array,
): Promise<void> {
  await rowsOf(db.pool, "asset_watcher_fail", [id, fires, failure]);
}

/** How a watcher of an asset does. */
export type AssetWatcherView = {
  readonly handler: string;
  readonly queue: string;
  readonly summary: string;
  readonly fired_at: Date | null;
  readonly failure: Buffer | null;
  readonly failed_at: Date | null;
};

export async function viewAssetWatchers(
  db: Database,
  assetId: number,
): Promise<AssetWatcherView[]> {
  return rowsOf<AssetWatcherView>(db.pool, "asset_watcher_of", [assetId]);
}
