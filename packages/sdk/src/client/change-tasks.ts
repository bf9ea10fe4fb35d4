/** Which task instances a change means, and how it is asked for. */

import { TaskState, type TaskStateName } from "@millrace/engine";
import type { CallOptions } from "./link.ts";

/** A task by its id; or one instance of a mapped task. */
export type TaskChoice = string | { readonly taskId: string; readonly mapIndex: number };

export type ClearOptions = CallOptions & {
  /** Default: all of the run. A mapped task's id means all its instances. */
  readonly tasks?: readonly TaskChoice[];
  /** And every task before them. */
  readonly upstream?: boolean;
  /** And every task after them. */
  readonly downstream?: boolean;
  /** Of all these, only those that failed, or could not run because of a failure. */
  readonly onlyFailed?: boolean;
  /** Also in the runs of the DAG with an earlier logical date. */
  readonly past?: boolean;
  /** Also in the runs of the DAG with a later logical date. */
  readonly future?: boolean;
  /** Changes nothing, and says what would change. */
  readonly dryRun?: boolean;
};

export type MarkOptions = Omit<ClearOptions, "tasks" | "onlyFailed"> & {
  readonly tasks: readonly TaskChoice[];
};

/** What can be said of task instances. */
export type TaskOutcome = Extract<TaskStateName, "success" | "failed" | "skipped">;

/** The part of a request that says which task instances are meant. */
export function selectionOf(options: ClearOptions) {
  const { tasks = [], upstream = false, downstream = false, onlyFailed = false } = options;
  const { past = false, future = false, dryRun = false } = options;
  const instances = tasks.map((task) => (typeof task === "string" ? { taskId: task } : task));
  const states = onlyFailed ? [TaskState.failed, TaskState.upstream_failed] : [];
  return { selection: { instances, upstream, downstream, states }, past, future, dryRun };
}
