/** What rows know of values that are stored elsewhere. */

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

/** Those of these runs that exist. */
export async function existingRuns(
  db: Database,
  runKeys: readonly number[],
): Promise<ReadonlySet<number>> {
  const rows = await rowsOf<{ id: number }>(db.pool, "run_keys_existing", [runKeys]);
  return new Set(rows.map(({ id }) => id));
}

/** Every content of a run's rows that holds `opening`, with which references begin. */
export async function readBlobReferences(
  db: Database,
  runKey: number,
  opening: Uint8Array,
): Promise<Buffer[]> {
  const values = [runKey, Buffer.from(opening)];
  const rows = await rowsOf<{ content: Buffer }>(db.pool, "blob_references", values);
  return rows.map(({ content }) => content);
}
