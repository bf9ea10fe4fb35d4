/** Which task instances a caller means, as the engine is asked for them. */

import {
  instanceCount,
  MillraceError,
  slotOf,
  type InstanceRef,
  type Run,
  type Selection,
} from "@millrace/engine";
import type { InstanceSelection } from "@millrace/wire/v1";

/** @throws MillraceError TASK_NOT_FOUND for a task that the DAG does not have, or an index that the task does not have. */
export function selectionOf(engine: Run, asked: InstanceSelection | undefined): Selection {
  const { instances = [], upstream = false, downstream = false, states = [] } = asked ?? {};
  return {
    refs: instances.map(({ taskId, mapIndex }) =>
      // -1 is what instances of tasks that are not mapped are shown with.
      mapIndex === undefined || mapIndex === -1
        ? { ix: requireTask(engine, taskId), mapIx: null }
        : requireInstance(engine, taskId, mapIndex),
    ),
    upstream,
    downstream,
    // Codes are those of the wire; one that is not known matches nothing.
    states: states as readonly number[] as Selection["states"],
  };
}

/** @throws MillraceError TASK_NOT_FOUND */
export function requireInstance(engine: Run, taskId: string, mapIndex: number): InstanceRef {
  const ix = requireTask(engine, taskId);
  if (slotOf(engine, ix, mapIndex) >= 0) return { ix, mapIx: mapIndex };
  const count = instanceCount(engine, ix);
  const has =
    count < 0
      ? "it has no instances yet"
      : `it has ${count} ${count === 1 ? "instance" : "instances"}`;
  throw notFound(`The task "${taskId}" has no map index ${mapIndex}: ${has}.`, taskId, mapIndex);
}

function requireTask(engine: Run, taskId: string): number {
  const ix = engine.dag.ixOf.get(taskId);
  if (ix === undefined) throw notFound(`The run has no task "${taskId}".`, taskId, -1);
  return ix;
}

function notFound(message: string, taskId: string, mapIndex: number): MillraceError {
  const metadata = { task_id: taskId, map_index: String(mapIndex) };
  return new MillraceError("TASK_NOT_FOUND", message, { metadata });
}
