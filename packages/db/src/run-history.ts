/** Finished runs that a DAG does not keep. */

import type { Database } from "./database.ts";
import type { ShardFence } from "./flush-batch.ts";
import { assertHeld } from "./runs-write.ts";
import { rowsOf } from "./statement.ts";
import { inTransaction } from "./transaction.ts";

/** How many finished runs are kept, of each run type; null for all. */
export type KeptRuns = { readonly successful: number | null; readonly failed: number | null };

/** Runs deleted in one statement, and about how many task instances. */
const deleteBatch = 200;
const deleteTaskInstances = 20_000;

/** Final runs beyond those that are kept, after `afterId`, oldest first. */
export async function listExcessRuns(
  db: Database,
  dagId: string,
  kept: KeptRuns,
  page: { readonly afterId: number; readonly limit: number },
): Promise<number[]> {
  const values = [dagId, kept.successful, kept.failed, page.afterId, page.limit];
  const rows = await rowsOf<{ id: number }>(db.pool, "run_list_excess", values);
  return rows.map(({ id }) => id);
}

/**
 * Deletes runs of a DAG with all that hangs on them, as far as they are final, some hundred at a time: cut short, the rest
 * is there still. Answers how many it deleted.
 *
 * @throws MillraceError NOT_OWNER when the shard is somebody else's now.
 */
export async function deleteRuns(
  db: Database,
  fence: ShardFence,
  dagId: string,
  ids: readonly number[],
): Promise<number> {
  let count = 0;
  for (;;) {
    const { length } = await inTransaction(db, async (run) => {
      await assertHeld(run, [fence]);
      return await run("dag_delete_runs", [dagId, deleteBatch, deleteTaskInstances, ids]);
    });
    if (length === 0) return count;
    count += length;
  }
}
