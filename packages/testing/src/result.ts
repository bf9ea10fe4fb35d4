/** What a run in memory leaves behind, by the names of tasks. */

import type { CompiledDag, Failure, Run, RunStateName, TaskStateName } from "@millrace/engine";
import { MillraceError, runStateName, taskStateName, taskStateOf } from "@millrace/engine";
import { decodeValue } from "@millrace/sdk/spec";
import type { LogLine } from "./run-body.ts";

export type TaskResult = {
  readonly id: string;
  readonly state: TaskStateName;
  /** Attempts that were started. */
  readonly attempts: number;
  /** Of the newest attempt; null when it succeeded or there was none. */
  readonly failure: Failure | null;
  readonly logs: readonly LogLine[];
};

export type RunResult = {
  readonly dagId: string;
  readonly name: string;
  readonly state: RunStateName;
  /** Why the run failed; null when it did not. */
  readonly failure: Failure | null;
  /** Defaults filled in. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Ids of tasks in the order they started, once for each attempt. */
  readonly order: readonly string[];
  readonly tasks: readonly TaskResult[];
  readonly logs: readonly LogLine[];
  /** @throws MillraceError TASK_NOT_FOUND for an id that the DAG does not have */
  task(id: string): TaskResult;
  /** A value a task left, decoded afresh: what its body returned, or what it pushed under a key. Undefined when there is none. */
  xcom(id: string, key?: string): unknown;
};

export type Recorded = {
  readonly run: Run;
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly failure: Failure | null;
  readonly failures: ReadonlyMap<number, Failure>;
  readonly values: ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>;
  readonly order: readonly number[];
  readonly logs: readonly LogLine[];
};

export function resultOf(dag: CompiledDag, recorded: Recorded): RunResult {
  const { run, values, logs } = recorded;
  const tasks = dag.taskIds.map((_, ix) => taskResult(dag, recorded, ix));
  return {
    dagId: dag.spec.dagId,
    name: recorded.name,
    state: runStateName(run.state),
    failure: recorded.failure,
    params: recorded.params,
    order: recorded.order.map((ix) => dag.taskIds[ix] ?? ""),
    tasks,
    logs,
    task: (id) => tasks[ixOf(dag, id)] as TaskResult,
    xcom(id, key = "return_value") {
      const data = values.get(ixOf(dag, id))?.get(key);
      return data === undefined ? undefined : decodeValue(data, `xcom "${key}" of task "${id}"`);
    },
  };
}

function taskResult(dag: CompiledDag, recorded: Recorded, ix: number): TaskResult {
  const id = dag.taskIds[ix] ?? "";
  return {
    id,
    state: taskStateName(taskStateOf(recorded.run, ix)),
    attempts: recorded.run.attempt[ix] ?? 0,
    failure: recorded.failures.get(ix) ?? null,
    logs: recorded.logs.filter((line) => line.taskId === id),
  };
}

function ixOf(dag: CompiledDag, id: string): number {
  const ix = dag.ixOf.get(id);
  if (ix !== undefined) return ix;
  throw new MillraceError(
    "TASK_NOT_FOUND",
    `DAG "${dag.spec.dagId}" has no task "${id}"; its tasks are ${dag.taskIds.slice(0, 20).join(", ")}.`,
  );
}
