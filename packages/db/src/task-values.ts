/** What task instances returned, for those that refer to it. */

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

/** Names a task instance; `mapIx` is -1 for a task that is not mapped. */
export type TaskKey = { readonly runId: number; readonly ix: number; readonly mapIx: number };
export type TaskOutput = TaskKey & { readonly out: Uint8Array };

/** What task instances returned; those that returned nothing are left out. */
export async function readTaskOutputs(
  db: Database,
  keys: readonly TaskKey[],
): Promise<TaskOutput[]> {
  if (keys.length === 0) return [];
  type Row = { run_id: number; ix: number; map_ix: number; out: Buffer };
  const rows = await rowsOf<Row>(db.pool, "task_output_list", [
    keys.map((key) => key.runId),
    keys.map((key) => key.ix),
    keys.map((key) => key.mapIx),
  ]);
  return rows.map((row) => ({ runId: row.run_id, ix: row.ix, mapIx: row.map_ix, out: row.out }));
}

/** Indexes of a mapped task: `from` up to, without, `to`. */
export type InstanceRange = {
  readonly runId: number;
  readonly ix: number;
  readonly from: number;
  readonly to: number;
};

/** Rows that one statement reads. */
const pageMax = 10_000;

/**
 * What the instances of a mapped task returned, in the order of their indexes; those that returned nothing are left out.
 * Null when the values are more than `bytesMax` together, whose reading ends there.
 */
export async function readMappedOutputs(
  db: Database,
  { runId, ix, from, to }: InstanceRange,
  bytesMax: number,
): Promise<{ readonly mapIx: number; readonly out: Uint8Array }[] | null> {
  type Row = { map_ix: number; out: Buffer };
  const found: { mapIx: number; out: Uint8Array }[] = [];
  let bytes = 0;
  for (let after = from - 1; ;) {
    const values = [runId, ix, after, to, Math.max(1, bytesMax - bytes), pageMax];
    const rows = await rowsOf<Row>(db.pool, "task_output_list_of_mapped", values);
    for (const { map_ix: mapIx, out } of rows) {
      found.push({ mapIx, out });
      bytes += out.byteLength;
    }
    if (bytes > bytesMax) return null;
    const last = rows.at(-1);
    if (last === undefined) return found;
    after = last.map_ix;
  }
}
