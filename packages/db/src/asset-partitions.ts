/** Events of assets that DAGs wait for by partition, sorted by what their runs would be about. */

import { assertHeld } from "./runs-write.ts";
import type { Database } from "./database.ts";
import type { ShardFence } from "./flush-batch.ts";
import { rowsOf } from "./statement.ts";
import { inTransaction } from "./transaction.ts";

/** A pending event with its key. */
export type UnsortedEvent = {
  readonly assetId: number;
  readonly uri: string;
  readonly eventId: number;
  readonly partitionKey: string;
};

/** The oldest pending events of a DAG that waits by partition. */
export async function readUnsortedEvents(
  db: Database,
  dagId: string,
  limit: number,
): Promise<UnsortedEvent[]> {
  type Row = { asset_id: number; uri: string; event_id: number; partition_key: string | null };
  const rows = await rowsOf<Row>(db.pool, "asset_partition_unsorted", [dagId, limit]);
  return rows.map(({ asset_id, uri, event_id, partition_key }) => ({
    ...{ assetId: asset_id, uri, eventId: event_id },
    partitionKey: partition_key ?? "",
  }));
}

/** An event under a key of a DAG's runs. */
export type SortedEvent = Pick<UnsortedEvent, "assetId" | "eventId"> & {
  /** Empty when its key is mapped to none; `problem` says why then. */
  readonly targetKey: string;
  /** Which part of the key it is. */
  readonly part: string;
  readonly problem: string;
};

/**
 * Puts pending events under keys; a row may be there already.
 *
 * @param events those that are sorted with this, each with all its rows
 * @throws MillraceError NOT_OWNER when the shard is somebody else's now.
 */
export async function sortPendingEvents(
  db: Database,
  fence: ShardFence,
  dag: { readonly dagId: string; readonly versionId: number },
  events: readonly Pick<UnsortedEvent, "assetId" | "eventId">[],
  rows: readonly SortedEvent[],
): Promise<void> {
  await inTransaction(db, async (run) => {
    await assertHeld(run, [fence]);
    await run("asset_partition_sort", [
      ...[dag.dagId, dag.versionId],
      events.map(({ assetId }) => assetId),
      events.map(({ eventId }) => eventId),
      rows.map(({ assetId }) => assetId),
      rows.map(({ eventId }) => eventId),
      rows.map(({ targetKey }) => targetKey),
      rows.map(({ part }) => part),
      rows.map(({ problem }) => problem),
    ]);
  });
}

/** Keys of which a DAG has sorted events, in their order, after one of them. */
export async function listPartitionKeys(
  db: Database,
  dagId: string,
  page: { readonly afterKey: string; readonly limit: number },
): Promise<string[]> {
  const values = [dagId, page.afterKey, page.limit];
  const rows = await rowsOf<{ target_key: string }>(db.pool, "asset_partition_keys", values);
  return rows.map((row) => row.target_key);
}

/** What a DAG has of one asset for one key. */
export type PartitionCount = {
  readonly target_key: string;
  readonly uri: string;
  readonly events: number;
  /** Of how many different parts of the key. */
  readonly parts: number;
};

/** What a DAG has for these keys; nothing for those of which it has none. */
export async function countPartitions(
  db: Database,
  dagId: string,
  keys: readonly string[],
): Promise<PartitionCount[]> {
  if (keys.length === 0) return [];
  return rowsOf<PartitionCount>(db.pool, "asset_partition_count", [dagId, keys]);
}

export type UnmappedEvent = {
  readonly event_id: number;
  readonly uri: string;
  readonly partition_key: string | null;
  readonly problem: string;
};

/** The newest events whose keys are mapped to none. */
export async function listUnmappedEvents(
  db: Database,
  dagId: string,
  limit: number,
): Promise<UnmappedEvent[]> {
  return rowsOf<UnmappedEvent>(db.pool, "asset_partition_unmapped", [dagId, limit]);
}

export type KeyedCount = { readonly uri: string; readonly keyed: number; readonly total: number };

/** Of the newest events of each asset, how many have a partition key. */
export async function countKeyedEvents(
  db: Database,
  uris: readonly string[],
  newest: number,
): Promise<KeyedCount[]> {
  if (uris.length === 0) return [];
  return rowsOf<KeyedCount>(db.pool, "asset_event_ignored", [uris, newest]);
}
