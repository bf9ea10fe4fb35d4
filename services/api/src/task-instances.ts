/** States of a run's task instances: from their rows, and from the graph where there is none yet. Pure. */

import type { MappedTask, TaskStates } from "@millrace/db";
import { mayRun, RunState, TaskState, type CompiledDag, type StateCounts } from "@millrace/engine";

/** What rows say of a run. */
export type RunRows = {
  readonly states: TaskStates;
  /** Mapped tasks that are expanded. */
  readonly mapped: readonly MappedTask[];
  readonly runState: RunState;
};

/** The tasks of a run, and how their instances stand; brought up to date row by row, or made of all rows. */
export type RunStates = {
  readonly dag: CompiledDag;
  runState: RunState;
  /** By task: the state in the row of what stands for it as a whole; 0 without a row. */
  readonly rows: Uint8Array;
  /** Mapped tasks that are expanded, as their rows are. */
  readonly expanded: Map<number, MappedTask>;
  /** By task: the state of its one instance, or a state that stands for all. */
  readonly states: Uint8Array;
  /** By mapped task that has instances. */
  readonly mapped: Map<number, MappedStates>;
};

/** The instances of a mapped task. */
export type MappedStates = {
  /** Null while it is not known, because what it is mapped over was cleared. */
  readonly length: number | null;
  /** By the code of their state; those without rows are in it. */
  readonly counts: Int32Array;
  /** The state of those that only wait; null when each must be judged by its own index. */
  readonly idle: TaskState | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
};

const statesEnd = TaskState.awaiting_input + 1;

export function newRunStates(dag: CompiledDag): RunStates {
  const { length } = dag.tasks;
  return {
    dag,
    runState: RunState.queued,
    rows: new Uint8Array(length),
    expanded: new Map(),
    states: new Uint8Array(length).fill(TaskState.none),
    mapped: new Map(),
  };
}

export function runStatesOf(dag: CompiledDag, { states, mapped, runState }: RunRows): RunStates {
  const run = newRunStates(dag);
  run.runState = runState;
  states.ixs.forEach((ix, i) => (run.rows[ix] = states.states[i] ?? 0));
  for (const task of mapped) run.expanded.set(task.ix, task);
  // Parents come before children, and what is derived here is never final, so one pass is enough.
  for (let ix = 0; ix < run.states.length; ix++) deriveTask(run, ix);
  return run;
}

/**
 * Derives a task's state anew. An instance without a row, or with one that was cleared, is `scheduled` when the run runs
 * and its trigger rule lets it, else `none`: a rule that skips it would have given it a row in the same moment.
 */
export function deriveTask(run: RunStates, ix: number): void {
  const task = run.expanded.get(ix);
  if (task !== undefined && hasInstances(task)) {
    const mapped = mappedStates(run, task);
    run.mapped.set(ix, mapped);
    run.states[ix] = standFor(mapped.counts);
    return;
  }
  run.mapped.delete(ix);
  const row = run.rows[ix] ?? 0;
  // What stood for a mapped task before it was expanded is removed.
  if (row > TaskState.none && row !== TaskState.removed) run.states[ix] = row;
  else run.states[ix] = isMappedTask(run.dag, ix) ? TaskState.none : idleState(run, ix);
}

function hasInstances({ length }: MappedTask): boolean {
  return length === null || length > 0;
}

/** Whether a task is mapped, by itself or with a group around it. */
export function isMappedTask(dag: CompiledDag, ix: number): boolean {
  return (dag.mapping.frameOf[ix] ?? -1) >= 0 || (dag.tasks[ix]?.each.length ?? 0) > 0;
}

/** Whether instances of a task wait for their own index of another: both are in one mapped group. */
export function matesOf(dag: CompiledDag, ix: number): number[] {
  const before = [...parentsOf(dag, ix), ...linkedTo(dag, ix)];
  return [...new Set(before)].filter((other) => dag.mapping.commonFrame(other, ix) >= 0);
}

function mappedStates(run: RunStates, task: MappedTask): MappedStates {
  const idle = matesOf(run.dag, task.ix).length > 0 ? null : idleState(run, task.ix);
  const counts = new Int32Array(statesEnd);
  for (const [state, count] of task.counts) if (state !== TaskState.none) counts[state] = count;
  const waiting = task.rowless + (task.counts.get(TaskState.none) ?? 0);
  const waits = task.length === null ? TaskState.none : (idle ?? TaskState.none);
  counts[waits] = (counts[waits] ?? 0) + waiting;
  const { length, startedAt, endedAt } = task;
  return { length, counts, idle, startedAt, endedAt };
}

/** The state of an instance that only waits. */
export function idleState(
  run: RunStates,
  ix: number,
  countsOf: (ix: number) => StateCounts = (other) => countsIn(run, other),
): TaskState {
  if (run.runState !== RunState.running) return TaskState.none;
  return mayRun(run.dag, ix, countsOf) ? TaskState.scheduled : TaskState.none;
}

export function countsIn({ mapped, states }: RunStates, ix: number): StateCounts {
  return mapped.get(ix)?.counts ?? oneIn(states[ix] ?? TaskState.none);
}

/** The counts of one instance. */
export function oneIn(state: number): StateCounts {
  return ones[state] ?? [];
}

const ones: readonly StateCounts[] = Array.from({ length: statesEnd }, (_, state) =>
  Int32Array.from({ length: statesEnd }, (__, at) => (at === state ? 1 : 0)),
);

/** One state for many instances: what needs a look first, then what goes on, then what has come of them. */
export function standFor(counts: StateCounts): TaskState {
  return order.find((state) => (counts[state] ?? 0) > 0) ?? TaskState.none;
}

const order: readonly TaskState[] = [
  TaskState.running,
  TaskState.restarting,
  TaskState.failed,
  TaskState.upstream_failed,
  TaskState.up_for_retry,
  TaskState.up_for_reschedule,
  TaskState.awaiting_input,
  TaskState.deferred,
  TaskState.queued,
  TaskState.scheduled,
  TaskState.none,
  TaskState.success,
  TaskState.skipped,
  TaskState.removed,
];

export function parentsOf(dag: CompiledDag, ix: number): Int32Array {
  return dag.parents.subarray(dag.parentOffsets[ix], dag.parentOffsets[ix + 1]);
}

/** Setups that a task needs, and what is in the scope of a teardown. */
function linkedTo(dag: CompiledDag, ix: number): number[] {
  return (dag.scopes.sourcesOf.get(ix) ?? []).map(({ from }) => from);
}

/** What may become ready when the instances of a task change. */
export function followersOf(dag: CompiledDag, ix: number): number[] {
  const { linkOffsets, linkTargets } = dag.scopes;
  return [
    ...dag.children.subarray(dag.childOffsets[ix], dag.childOffsets[ix + 1]),
    ...linkTargets.subarray(linkOffsets[ix], linkOffsets[ix + 1]),
  ];
}
