/** `sql/flush_asset_events.sql` and `sql/run_consume_assets.sql` for the tables in memory. */

import { readLiteral, type Parameter } from "./binary.ts";
import type { NamedParameters } from "./parameters.ts";
import { instanceKey, type Tables } from "./tables.ts";

const success = 6;

/** One row for each DAG that waits for what was made. */
export function makeEvents(tables: Tables, parameters: NamedParameters): unknown[][] {
  const columns = parameters.get("said.v") ?? {};
  const consumers = new Set<string>();
  for (const [at, runId] of (columns["run_id"] as number[]).entries()) {
    const value = (name: string) => columns[name]?.[at];
    const text = (name: string): string => String(value(name));
    const [ix, mapIx] = [Number(value("ix")), Number(value("map_ix"))];
    const row = tables.dataOf(runId).instances.get(instanceKey(ix, mapIx));
    if (row?.state !== success || row.attempt !== value("attempt")) continue;
    const { assets } = tables;
    const id = assets.idOf(text("uri"));
    const aliases = readLiteral(text("aliases"));
    for (const alias of aliases) {
      const ids = assets.aliases.get(alias) ?? new Set();
      assets.aliases.set(alias, ids.add(id));
    }
    const made = assets.add({
      ...{ asset_id: id, source: 1, run_id: runId, map_ix: mapIx, aliases },
      extra: value("extra") as Buffer | null,
      dag_id: text("dag_id"),
      task_id: text("task_id"),
    });
    for (const dagId of made) consumers.add(dagId);
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
