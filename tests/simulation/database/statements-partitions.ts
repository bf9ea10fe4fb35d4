/** Statements about events of assets that DAGs wait for by partition. */

import type { AssetPartitionRow } from "./rows.ts";
import type { Statements } from "./statement.ts";
import type { Tables } from "./tables.ts";

export const partitionStatements: Statements = {
  asset_partition_unsorted({ tables: { assets } }, [dagId, limit]) {
    return assets.pending
      .filter((row) => row.dag_id === dagId)
      .toSorted((a, b) => a.event_id - b.event_id)
      .slice(0, limit as number)
      .map((row) => ({
        ...{ asset_id: row.asset_id, uri: uriOf(assets, row.asset_id), event_id: row.event_id },
        partition_key: assets.events.get(row.event_id)!.partition_key,
      }));
  },
  asset_partition_sort({ tables, atEnd }, [dagId, versionId, ofAssets, events, ...columns]) {
    const { assets } = tables;
    const [assetIds, eventIds, keys, parts, problems] = columns as [
      ...[number[], number[], string[], string[], string[]],
    ];
    const asked = new Set(
      (ofAssets as number[]).map((id, at) => placeOf(id, (events as number[])[at]!)),
    );
    const rows = assetIds.map((assetId, at): AssetPartitionRow => ({
      ...{ dag_id: dagId as string, dag_version_id: versionId as number, asset_id: assetId },
      ...{ event_id: eventIds[at]!, target_key: keys[at]!, part: parts[at]! },
      problem: problems[at]!,
    }));
    atEnd(() => {
      const taken = assets.pending.filter(
        (row) => row.dag_id === dagId && asked.has(placeOf(row.asset_id, row.event_id)),
      );
      assets.pending = assets.pending.filter((row) => !taken.includes(row));
      const isTaken = new Set(taken.map((row) => placeOf(row.asset_id, row.event_id)));
      const known = new Set(assets.partitions.map(keyOf));
      for (const row of rows) {
        const isNew = !known.has(keyOf(row)) && !hasUsed(tables, row);
        if (isTaken.has(placeOf(row.asset_id, row.event_id)) && isNew) assets.partitions.push(row);
      }
    });
    return [];
  },
  asset_partition_keys({ tables: { assets } }, [dagId, afterKey, limit]) {
    const keys = assets.partitions
      .filter((row) => row.dag_id === dagId && row.target_key > (afterKey as string))
      .map((row) => row.target_key);
    return [...new Set(keys)]
      .toSorted()
      .slice(0, limit as number)
      .map((key) => ({ target_key: key }));
  },
  asset_partition_count({ tables: { assets } }, [dagId, keys]) {
    const rows = assets.partitions.filter(
      (row) =>
        row.dag_id === dagId &&
        row.target_key !== "" &&
        (keys as string[]).includes(row.target_key),
    );
    const groups = Map.groupBy(rows, (row) => JSON.stringify([row.target_key, row.asset_id]));
    return [...groups.values()].map((group) => ({
      ...{ target_key: group[0]!.target_key, uri: uriOf(assets, group[0]!.asset_id) },
      ...{ events: group.length, parts: new Set(group.map((row) => row.part)).size },
    }));
  },
  asset_partition_unsort({ tables: { assets }, atEnd }, [dagId, versionId]) {
    atEnd(() => {
      const old = assets.partitions.filter(
        (row) => row.dag_id === dagId && row.dag_version_id !== versionId,
      );
      if (old.length === 0) return;
      assets.partitions = assets.partitions.filter((row) => !old.includes(row));
      const pending = new Map(
        [...assets.pending, ...old].map(({ dag_id, asset_id, event_id }) => [
          JSON.stringify([dag_id, asset_id, event_id]),
          { dag_id, asset_id, event_id },
        ]),
      );
      assets.pending = [...pending.values()].toSorted((a, b) => a.event_id - b.event_id);
    });
    return [];
  },
};

function placeOf(assetId: number, eventId: number): string {
  return `${assetId} ${eventId}`;
}

function keyOf({
  dag_id: dagId,
  target_key: key,
  asset_id: assetId,
  event_id: id,
}: AssetPartitionRow) {
  return JSON.stringify([dagId, key, assetId, id]);
}

/** Whether a run of the DAG with the key has used the event, under whatever version. */
function hasUsed({ assets, runs }: Tables, row: AssetPartitionRow): boolean {
  return [...assets.usedBy].some(([runId, events]) => {
    const run = runs.get(runId);
    const isOfKey = run?.dag_id === row.dag_id && run.partition_key === row.target_key;
    return isOfKey && events.includes(row.event_id);
  });
}

function uriOf({ ids }: Tables["assets"], assetId: number): string {
  return [...ids].find(([, id]) => id === assetId)![0];
}
