/** Statements about events of assets that wait for a run. */

import type { Statements } from "./statement.ts";
import type { Tables } from "./tables.ts";

export const assetStatements: Statements = {
  asset_pending_count({ tables }, [dagIds, uris, aliases, needed]) {
    return (dagIds as string[]).map((dagId, at) => {
      const count = pendingOf(tables, dagId, (uris as string[])[at]!, (aliases as string[])[at]!);
      return { have: Math.min((needed as number[])[at]!, count) };
    });
  },
  asset_pending_dags({ tables }, [shards]) {
    const dagIds = new Set(tables.assets.pending.map((row) => row.dag_id));
    return [...dagIds]
      .filter((dagId) => {
        const dag = tables.dags.get(dagId);
        return dag?.is_active === true && (shards as number[]).includes(dag.shard);
      })
      .toSorted()
      .map((dagId) => ({ dag_id: dagId }));
  },
  asset_pending_forget({ tables, atEnd }, [dagId, uris, aliases, byPartition, versionId]) {
    const { assets } = tables;
    const version = tables.versions.get(versionId as number)!;
    const isNewest =
      version.dag_id === dagId && version.version === tables.dags.get(version.dag_id)?.version;
    const kept = new Set([
      ...(uris as string[]).flatMap((uri) => assets.idsOf(uri, "")),
      ...(aliases as string[]).flatMap((alias) => assets.idsOf("", alias)),
    ]);
    const hasKey = (id: number): boolean => assets.events.get(id)?.partition_key !== null;
    atEnd(() => {
      if (!isNewest) return;
      assets.pending = assets.pending.filter(
        (row) =>
          row.dag_id !== dagId || (kept.has(row.asset_id) && hasKey(row.event_id) === byPartition),
      );
    });
    return [];
  },
};

function pendingOf({ assets }: Tables, dagId: string, uri: string, alias: string): number {
  const ids = assets.idsOf(uri, alias);
  return assets.pending.filter((row) => row.dag_id === dagId && ids.includes(row.asset_id)).length;
}
