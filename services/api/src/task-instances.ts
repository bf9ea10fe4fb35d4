/** States of a run's task instances: from their rows, and from the graph where there is none yet. Pure. */

import type { TaskStates } from "@millrace/db";
import { RunState, TaskState, type CompiledDag } from "@millrace/engine";

/**
 * The state of every unmapped task instance, by index. One without a row is `scheduled` when the run runs and every task
 * before it succeeded, else `none`.
 */
export function deriveStates(dag: CompiledDag, rows: TaskStates, runState: number): Uint8Array {
  const states = new Uint8Array(dag.tasks.length);
  rows.ixs.forEach((ix, i) => (states[ix] = rows.states[i] ?? 0));
  // Parents come before children, and a state derived here is never `success`, so one pass is enough.
  for (let ix = 0; ix < states.length; ix++) {
    if (states[ix] === 0) states[ix] = stateWithoutRow(dag, states, ix, runState);
  }
  return states;
}

/** The state of a task instance that has no row. */
export function stateWithoutRow(
  dag: CompiledDag,
  states: Uint8Array,
  ix: number,
  runState: number,
): TaskState {
  if (runState !== RunState.running) return TaskState.none;
  return parentsOf(dag, ix).every((parent) => states[parent] === TaskState.success)
    ? TaskState.scheduled
    : TaskState.none;
}

export function parentsOf(dag: CompiledDag, ix: number): Int32Array {
  return dag.parents.subarray(dag.parentOffsets[ix], dag.parentOffsets[ix + 1]);
}

export function childrenOf(dag: CompiledDag, ix: number): Int32Array {
  return dag.children.subarray(dag.childOffsets[ix], dag.childOffsets[ix + 1]);
}
