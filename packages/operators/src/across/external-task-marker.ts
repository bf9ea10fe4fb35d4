/** A place from which a clear goes on to tasks of another DAG. */

import { MillraceError, task } from "@millrace/sdk";
import type { DagRef, Handle, TaskOptions } from "@millrace/sdk";

export type ExternalTaskMarkerOptions = Omit<TaskOptions, "clears"> & {
  /** The tasks that are cleared with it, and what comes after them. At least one. */
  readonly tasks: readonly string[];
};

/**
 * Makes a task that does nothing. When it is cleared together with what comes after something, the tasks of the other DAG
 * that it names are cleared too, in the run with the same logical date, with what comes after them.
 *
 * @example chain(publish(), externalTaskMarker("report", { tasks: ["wait_for_orders"] }))
 * @throws MillraceError DAG_INVALID when it names no task.
 */
export function externalTaskMarker(
  dag: DagRef,
  { tasks, ...options }: ExternalTaskMarkerOptions,
): Handle<void> {
  const dagId = typeof dag === "string" ? dag : dag.id;
  if (!Array.isArray(tasks) || tasks.length === 0)
    throw new MillraceError(
      "DAG_INVALID",
      `externalTaskMarker("${dagId}") names no task; write those of "${dagId}" that are to be cleared with it`,
    );
  return task({ id: `mark_${dagId}`, ...options, clears: { dag: dagId, tasks } }, doNothing)();
}

function doNothing(): void {}
