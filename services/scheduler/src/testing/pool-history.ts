/** How full a pool ever was, from the event rows of the database. */

import type { Database } from "@millrace/db";
import { TaskState } from "@millrace/engine";

export type HistoryOptions = {
  /** Only what starts after this moment is judged. Default: everything. */
  readonly after?: Date;
  /** Whether deferred ones count as well. */
  readonly includesDeferred?: boolean;
};

/**
 * The most slots that were in use when something started, at any instant of the history. `slotsOf`: slots that a task takes,
 * by its index; 0 for one that is not in the pool.
 */
export async function mostInPool(
  db: Database,
  slotsOf: (ix: number, runId: number) => number,
  { after = new Date(0), includesDeferred = false }: HistoryOptions = {},
): Promise<number> {
  const holding: number[] = [TaskState.running, TaskState.restarting];
  if (includesDeferred) holding.push(TaskState.deferred);
  const { rows } = await db.pool.query<{ run_id: number; at: Date; changes: number[] }>(
    "SELECT run_id, at, changes FROM event ORDER BY at, run_id, seq",
  );
  const held = new Map<string, number>();
  let used = 0;
  let most = 0;
  for (const { run_id, at: moment, changes } of rows)
    for (let at = 0; at < changes.length; at += 4) {
      const [ix = 0, mapIx = 0, state = 0] = changes.slice(at, at + 4);
      const key = `${run_id} ${ix} ${mapIx}`;
      used -= held.get(key) ?? 0;
      held.delete(key);
      if (!holding.includes(state)) continue;
      const slots = slotsOf(ix, run_id);
      held.set(key, slots);
      used += slots;
      if (moment > after && slots > 0) most = Math.max(most, used);
    }
  return most;
}
