/** What several handlers need to answer about task instances. */

import {
  getRun,
  readTaskStates,
  viewTaskInstances,
  type RunRow,
  type TaskInstanceKey,
} from "@millrace/db";
import { MillraceError, TaskState, type CompiledDag } from "@millrace/engine";
import type { TaskInstance } from "@millrace/wire/v1";
import type { ApiContext } from "./context.ts";
import { runIdField, runNotFound, shown } from "./fields.ts";
import { taskInstanceMessage, unstartedTaskInstance } from "./messages/task-instance.ts";
import { deriveStates, parentsOf } from "./task-instances.ts";

type Reading = Pick<ApiContext, "db" | "versions">;

export type RunWithDag = { readonly run: RunRow; readonly dag: CompiledDag };

/** @throws MillraceError RUN_NOT_FOUND */
export async function requireRun({ db, versions }: Reading, runId: string): Promise<RunWithDag> {
  const run = await getRun(db, runIdField(runId));
  if (run === null) throw runNotFound(runId);
  const { dag } = await versions.get(run.dag_version_id);
  return { run, dag };
}

/** A task of a run, found or refused. */
export type Found = RunWithDag & { readonly key: TaskInstanceKey };

/** @throws MillraceError RUN_NOT_FOUND, TASK_NOT_FOUND */
export async function requireTaskInstance(
  context: Reading,
  request: {
    readonly runId: string;
    readonly taskId: string;
    readonly mapIndex?: number | undefined;
  },
): Promise<Found> {
  const { run, dag } = await requireRun(context, request.runId);
  const ix = dag.ixOf.get(request.taskId);
  const metadata = { run_id: request.runId, task_id: request.taskId.slice(0, 250) };
  if (ix === undefined) {
    const message = `The run has no task ${shown(request.taskId)}.`;
    throw new MillraceError("TASK_NOT_FOUND", message, { metadata });
  }
  const mapIx = request.mapIndex ?? notMapped;
  // No task is mapped in this version.
  if (mapIx !== notMapped) {
    throw new MillraceError(
      "TASK_NOT_FOUND",
      `The task ${shown(request.taskId)} is not mapped and has no instance with map_index ${mapIx}; leave map_index out.`,
      { metadata: { ...metadata, map_index: String(mapIx) } },
    );
  }
  return { run, dag, key: { runKey: run.id, ix, mapIx } };
}

/** What the wire means by a task that is not mapped. */
const notMapped = -1;

/** The states of a run's unmapped task instances, by index. */
export async function readStates({ db }: Reading, { run, dag }: RunWithDag): Promise<Uint8Array> {
  const rows = await readTaskStates(db, [run.id]);
  return deriveStates(dag, rows.get(run.id) ?? { ixs: [], states: [] }, run.state);
}

/** Task instances of these indexes, in their order; `states` tells the state of those that have no row. */
export async function readTaskInstances(
  { db }: Reading,
  { run, dag }: RunWithDag,
  { ixs, states }: { readonly ixs: readonly number[]; readonly states: Uint8Array },
): Promise<TaskInstance[]> {
  const ready = ixs.filter((ix) => states[ix] === TaskState.scheduled);
  const wanted = new Set([...ixs, ...ready.flatMap((ix) => [...parentsOf(dag, ix)])]);
  const rows = await viewTaskInstances(db, run.id, [...wanted]);
  const rowsByIx = Map.groupBy(rows, (row) => row.ix);

  const readyAt = (ix: number): Date | null => {
    if (states[ix] !== TaskState.scheduled) return null;
    const ended = [...parentsOf(dag, ix)].map(
      (parent) => rowsByIx.get(parent)?.[0]?.ended_at?.getTime() ?? 0,
    );
    return ended.length === 0 ? run.started_at : new Date(Math.max(...ended));
  };
  return ixs.flatMap((ix) => {
    const own = rowsByIx.get(ix);
    if (own !== undefined) return own.map((row) => taskInstanceMessage(dag, run.id, row));
    return [
      unstartedTaskInstance(dag, run.id, {
        ix,
        state: (states[ix] ?? TaskState.none) as TaskState,
        readyAt: readyAt(ix),
      }),
    ];
  });
}
