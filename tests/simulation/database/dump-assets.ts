/** Everything that the tables hold of parts of assets, comparable. */

import type { Database } from "@millrace/db";
import { byText } from "./both.ts";
import type { Tables } from "./tables.ts";

type Dump = Readonly<Record<string, readonly unknown[]>>;

/** Events by their place: numbers may be left out. */
export async function dumpOfAssets(db: Database): Promise<Dump> {
  const read = async (text: string): Promise<unknown[]> =>
    byText((await db.pool.query<object>(text)).rows);
  const placed =
    "WITH e AS (SELECT id, partition_key, rank() OVER (ORDER BY id)::int AS place FROM asset_event)";
  return {
    events: await read(
      `${placed} SELECT a.uri, e.partition_key, e.place FROM e JOIN asset_event AS o USING (id) JOIN asset AS a ON a.id = o.asset_id`,
    ),
    pending: await read(
      `${placed} SELECT p.dag_id, e.place FROM asset_pending AS p JOIN e ON e.id = p.event_id`,
    ),
    sorted: await read(
      `${placed} SELECT p.dag_id, p.target_key, e.place, p.part, p.problem, p.dag_version_id FROM asset_partition AS p JOIN e ON e.id = p.event_id`,
    ),
    used: await read(
      `${placed} SELECT m.run_id, e.place FROM run_asset_event AS m JOIN e ON e.id = m.event_id`,
    ),
    runs: await read("SELECT id, partition_key, convert_from(inputs, 'UTF8') AS inputs FROM run"),
  };
}

export function dumpOfAssetTables({ assets, runs }: Tables): Dump {
  const uris = new Map([...assets.ids].map(([uri, id]) => [id, uri]));
  return {
    events: byText(
      [...assets.events.values()].map((row) => ({
        ...{ uri: uris.get(row.asset_id), partition_key: row.partition_key, place: row.id },
      })),
    ),
    pending: byText(assets.pending.map((row) => ({ dag_id: row.dag_id, place: row.event_id }))),
    sorted: byText(
      assets.partitions.map((row) => ({
        ...{ dag_id: row.dag_id, target_key: row.target_key, place: row.event_id },
        ...{ part: row.part, problem: row.problem, dag_version_id: row.dag_version_id },
      })),
    ),
    used: byText(
      [...assets.usedBy].flatMap(([runId, events]) =>
        events.map((place) => ({ run_id: runId, place })),
      ),
    ),
    runs: byText(
      [...runs.values()].map((run) => ({
        ...{ id: run.id, partition_key: run.partition_key },
        inputs: run.inputs?.toString() ?? null,
      })),
    ),
  };
}
