/** `sql/flush_asset_events.sql`, `run_consume_assets.sql` and `run_consume_partition.sql` for the tables in memory. */

import { readLiteral, type Parameter } from "./binary.ts";
import type { NamedParameters } from "./parameters.ts";
import type { AssetEventRow } from "./rows.ts";
import { instanceKey, type Tables } from "./tables.ts";

const success = 6;

/** One row for each DAG that waits for what was made. */
export function makeEvents(tables: Tables, parameters: NamedParameters, now: number): unknown[][] {
  const columns = parameters.get("said.v") ?? {};
  const said: { readonly uri: string; readonly event: Omit<AssetEventRow, "id" | "asset_id"> }[] =
    [];
  for (const [at, runId] of (columns["run_id"] as number[]).entries()) {
    const value = (name: string) => columns[name]?.[at];
    const text = (name: string): string => String(value(name));
    const [ix, mapIx] = [Number(value("ix")), Number(value("map_ix"))];
    const row = tables.dataOf(runId).instances.get(instanceKey(ix, mapIx));
    if (row?.state !== success || row.attempt !== value("attempt")) continue;
    said.push({
      uri: text("uri"),
      event: {
        ...{
          source: 1,
          run_id: runId,
          map_ix: mapIx,
          aliases: readLiteral(text("aliases")),
          at: now,
        },
        extra: value("extra") as Buffer | null,
        partition_key: value("partition_key") as string | null,
        dag_id: text("dag_id"),
        task_id: text("task_id"),
      },
    });
  }
  const { assets } = tables;
  // What is named for an alias here counts for events that come after all of these.
  const consumers = new Set(
    said.flatMap(({ uri, event }) => assets.add({ ...event, asset_id: assets.idOf(uri) })),
  );
  for (const { uri, event } of said) {
    for (const alias of event.aliases) {
      const ids = assets.aliases.get(alias) ?? new Set();
      assets.aliases.set(alias, ids.add(assets.idOf(uri)));
    }
  }
  return [...consumers].map((dagId) => [dagId]);
}

/** One row for each run that got events: how many. */
export function consumeAssets(tables: Tables, parameters: readonly Parameter[]): unknown[][] {
  const [runIds, uris, aliases] = parameters as [number[], string[], string[]];
  const max = Number(parameters[3]);
  const { assets } = tables;
  // A run that was made before has its events.
  const wanted = new Map<number, Set<number>>();
  for (const [at, runId] of runIds.entries()) {
    if (!tables.runs.has(runId) || assets.usedBy.has(runId)) continue;
    const ids = wanted.get(runId) ?? new Set();
    wanted.set(runId, ids);
    for (const id of assets.idsOf(uris[at]!, aliases[at]!)) ids.add(id);
  }
  return [...wanted].flatMap(([runId, ids]) => {
    const dagId = tables.runs.get(runId)!.dag_id;
    const used = [...ids].flatMap((id) =>
      assets.pending.filter((row) => row.dag_id === dagId && row.asset_id === id).slice(0, max),
    );
    if (used.length === 0) return [];
    assets.pending = assets.pending.filter((row) => !used.includes(row));
    assets.usedBy.set(
      runId,
      used.map((row) => row.event_id).toSorted((a, b) => a - b),
    );
    return [[runId, used.length]];
  });
}

/** One row for each run that got events: how many. */
export function consumePartition(tables: Tables, parameters: readonly Parameter[]): unknown[][] {
  const [runIds, keys] = parameters as [number[], string[]];
  const max = Number(parameters[2]);
  const { assets, runs } = tables;
  return runIds.flatMap((runId, at) => {
    const run = runs.get(runId);
    // A run that was made before has its events.
    if (run === undefined || assets.usedBy.has(runId)) return [];
    const sorted = assets.partitions
      .filter((row) => row.dag_id === run.dag_id && row.target_key === keys[at])
      .toSorted((a, b) => a.event_id - b.event_id);
    const used = [...Map.groupBy(sorted, (row) => row.asset_id).values()].flatMap((ofAsset) =>
      ofAsset.slice(0, max),
    );
    if (used.length === 0) return [];
    assets.partitions = assets.partitions.filter((row) => !used.includes(row));
    const events = new Set(used.map((row) => row.event_id));
    assets.usedBy.set(
      runId,
      [...events].toSorted((a, b) => a - b),
    );
    return [[runId, used.length]];
  });
}
