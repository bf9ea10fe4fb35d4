/** What rows say of attempts, to answer results that are repeated or late. */

import type { RunState, TaskState } from "@millrace/engine";

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";
import type { TaskKey } from "./task-values.ts";

export type AttemptKey = TaskKey & { readonly attempt: number };

/** How an attempt stands, of an active run or one long over. */
export type AttemptOutcome = AttemptKey & {
  readonly runState: RunState;
  readonly isCancelled: boolean;
  /** The task instance's newest attempt and its state; null when it has no row. */
  readonly newest: number | null;
  /** Of its attempts, those that spent no retry; all of them when nobody's work is behind its state, but a person's word. */
  readonly uncounted: number | null;
  readonly state: TaskState | null;
  readonly out: Uint8Array | null;
  readonly choice: readonly string[] | null;
  readonly failure: Uint8Array | null;
  /**
   * How the attempt ended, where it has left its row: an earlier one, or the newest when the task instance was cleared
   * or removed since. Null for attempts that ended in a wait for the next look.
   */
  readonly earlierState: TaskState | null;
  readonly earlierFailure: Uint8Array | null;
};

type OutcomeRow = {
  id: number;
  ix: number;
  map_ix: number;
  attempt: number;
  run_state: RunState;
  is_cancelled: boolean;
  newest: number | null;
  uncounted: number | null;
  state: TaskState | null;
  out: Buffer | null;
  choice: string[] | null;
  failure: Buffer | null;
  earlier_state: TaskState | null;
  earlier_failure: Buffer | null;
};

/** How attempts stand; those of runs that do not exist are left out. */
export async function readOutcomes(
  db: Database,
  keys: readonly AttemptKey[],
): Promise<AttemptOutcome[]> {
  if (keys.length === 0) return [];
  const rows = await rowsOf<OutcomeRow>(db.pool, "task_outcome_list", [
    keys.map((key) => key.runId),
    keys.map((key) => key.ix),
    keys.map((key) => key.mapIx),
    keys.map((key) => key.attempt),
  ]);
  return rows.map((row) => ({
    runId: row.id,
    ix: row.ix,
    mapIx: row.map_ix,
    attempt: row.attempt,
    runState: row.run_state,
    isCancelled: row.is_cancelled,
    newest: row.newest,
    uncounted: row.uncounted,
    state: row.state,
    out: row.out,
    choice: row.choice,
    failure: row.failure,
    earlierState: row.earlier_state,
    earlierFailure: row.earlier_failure,
  }));
}
