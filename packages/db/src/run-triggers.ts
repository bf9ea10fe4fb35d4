/** Which task instances triggered runs of other DAGs. */

import type { RunState } from "@millrace/engine";
import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

/** A task instance that triggers, by the run it is in. */
export type TriggeringTask = {
  readonly runKey: number;
  readonly ix: number;
  readonly mapIx: number;
};

/** What it has triggered of a DAG before. */
export type TriggerState = {
  /** How many runs have triggered one another up to its own run. */
  readonly depth: number;
  /** How often what it had triggered was given up. */
  readonly generation: number;
  /** The attempt that triggered what counts now; null when nothing does. */
  readonly attempt: number | null;
  /** That run; null when there is none, or it has been deleted. */
  readonly run_id: number | null;
  readonly run_name: string | null;
  readonly state: RunState | null;
  readonly shard: number | null;
};

export async function readTriggerState(
  db: Database,
  { runKey, ix, mapIx }: TriggeringTask,
  dagId: string,
): Promise<TriggerState> {
  const [row] = await rowsOf<TriggerState>(db.pool, "run_trigger_state", [
    runKey,
    ix,
    mapIx,
    dagId,
  ]);
  if (row === undefined) throw new Error("run_trigger_state did not answer.");
  return row;
}

/** What earlier attempts triggered of the DAG counts no more. */
export async function giveUpTriggered(
  db: Database,
  { runKey, ix, mapIx }: TriggeringTask,
  dagId: string,
  attempt: number,
): Promise<void> {
  await rowsOf(db.pool, "run_trigger_give_up", [runKey, ix, mapIx, dagId, attempt]);
}

/** Who triggered a run, as it is kept. */
export type RunParent = TriggeringTask & {
  readonly attempt: number;
  readonly depth: number;
  readonly dagId: string;
  readonly taskId: string;
};

/** A task instance takes a run that was there. */
export async function takeTriggered(
  db: Database,
  parent: RunParent,
  child: { readonly runKey: number; readonly dagId: string },
): Promise<void> {
  const { runKey, ix, mapIx, attempt, depth, dagId, taskId } = parent;
  const values = [runKey, ix, mapIx, attempt, child.runKey, depth, child.dagId, dagId, taskId];
  await rowsOf(db.pool, "run_trigger_take", values);
}

/** The runs above a run, nearest first. */
export async function readTriggerChain(
  db: Database,
  runKey: number,
  limit: number,
): Promise<{ readonly run_id: number; readonly dag_id: string }[]> {
  return rowsOf(db.pool, "run_trigger_chain", [runKey, limit]);
}

/** One link, and the run at its other end. */
export type RunLinkRow = {
  readonly run_id: number;
  readonly dag_id: string;
  /** Empty when the run has been deleted. */
  readonly run_name: string;
  readonly state: RunState | null;
  readonly task_id: string;
  readonly ix: number;
  readonly map_ix: number;
  readonly attempt: number;
  readonly at: Date;
  readonly depth: number;
  readonly child_dag_id: string;
};

/** Where a page of children begins. */
export type ChildPosition = readonly [ix: number, mapIx: number, dagId: string, attempt: number];

/** Newest first. */
export function listRunParents(db: Database, runKey: number, limit: number): Promise<RunLinkRow[]> {
  return rowsOf<RunLinkRow>(db.pool, "run_trigger_parents", [runKey, limit]);
}

/** In the order of the tasks. */
export function listRunChildren(
  db: Database,
  runKey: number,
  page: { readonly after: ChildPosition | null; readonly limit: number },
): Promise<RunLinkRow[]> {
  const after = page.after ?? [-1, -1, "", 0];
  return rowsOf<RunLinkRow>(db.pool, "run_trigger_children", [runKey, ...after, page.limit]);
}
