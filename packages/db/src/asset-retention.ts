/** How long events of assets are kept. */

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

/** Events looked at in one statement. */
const pageMax = 5_000;

/**
 * Deletes events of assets that are older than so many days; how many. Those that a waiting DAG has not used yet stay, and
 * those that a run was made of, as long as that exists.
 */
export async function deleteOldAssetEvents(db: Database, days: number): Promise<number> {
  type Row = { last_id: number | null; old: number; deleted: number };
  let afterId = 0;
  let deleted = 0;
  for (;;) {
    const [row] = await rowsOf<Row>(db.pool, "asset_event_delete_old", [days, afterId, pageMax]);
    deleted += row?.deleted ?? 0;
    // They are numbered about in the order of their times.
    if (row === undefined || row.last_id === null || row.old === 0) return deleted;
    afterId = row.last_id;
  }
}
