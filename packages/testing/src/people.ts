/** What people do to a run: have it run again, say what came of it, stop it. */

import type { InstanceRef, Run, RunEvent, RunStateName, TaskStateName } from "@millrace/engine";
import { RunState, selectInstances, TaskState, taskStateName } from "@millrace/engine";
import type { MemoryRun } from "./memory-run.ts";
import { requireInstance, requireTask } from "./result.ts";

/** A task by its id, all instances of a mapped one; or one instance. */
export type TaskChoice = string | { readonly taskId: string; readonly mapIndex: number };

export type ClearOptions = {
  /** Default: all of the run. */
  readonly tasks?: readonly TaskChoice[];
  /** And every task before them. */
  readonly upstream?: boolean;
  /** And every task after them. */
  readonly downstream?: boolean;
  /** Of all these, only those that failed, or could not run because of a failure. */
  readonly onlyFailed?: boolean;
};

export type MarkOptions = Omit<ClearOptions, "tasks" | "onlyFailed"> & {
  readonly tasks: readonly TaskChoice[];
};

/** What can be said of task instances. */
export type TaskOutcome = Extract<TaskStateName, "success" | "failed" | "skipped">;

/** What can be said of a run. */
export type RunOutcome = Extract<RunStateName, "success" | "failed">;

export type ChangedTask = {
  readonly taskId: string;
  /** Null for a task that is not mapped. */
  readonly mapIndex: number | null;
  /** Before the change. */
  readonly state: TaskStateName;
  /** Whether it was not asked for by itself: a setup or teardown that goes along, or what the change entails. */
  readonly isImplied: boolean;
};

export function clearTasks(run: MemoryRun, options: ClearOptions): readonly ChangedTask[] {
  return change(run, options, (refs) => ({ kind: "cleared", refs, at: run.clock.now }));
}

export function markTasks(
  run: MemoryRun,
  outcome: TaskOutcome,
  options: MarkOptions,
): readonly ChangedTask[] {
  const state = TaskState[outcome];
  return change(run, options, (refs) => ({ kind: "marked", refs, state, at: run.clock.now }));
}

export function markRun(run: MemoryRun, outcome: RunOutcome): void {
  run.apply({ kind: "runMarked", state: RunState[outcome], at: run.clock.now });
}

export function cancelRun(run: MemoryRun): void {
  run.apply({ kind: "cancelRequested", at: run.clock.now });
}

function change(
  run: MemoryRun,
  options: ClearOptions,
  eventOf: (refs: readonly InstanceRef[]) => RunEvent,
): readonly ChangedTask[] {
  const refs = refsOf(run, options);
  const before = statesOf(run.engine);
  const asked = new Set(refs.map(keyOf));
  const changed = new Map<string, ChangedTask>();
  run.apply(eventOf(refs), null, ({ ix, mapIx }) => {
    const key = keyOf({ ix, mapIx });
    changed.set(key, {
      taskId: run.dag.taskIds[ix]!,
      mapIndex: mapIx < 0 ? null : mapIx,
      state: before(ix, mapIx),
      isImplied: !asked.has(key),
    });
  });
  return [...changed.values()];
}

function refsOf(run: MemoryRun, options: ClearOptions): readonly InstanceRef[] {
  const { tasks = [], upstream = false, downstream = false, onlyFailed = false } = options;
  const refs = tasks.map((task) => {
    if (typeof task === "string") return { ix: requireTask(run, task), mapIx: null };
    return requireInstance(run, requireTask(run, task.taskId), task.mapIndex);
  });
  const states = onlyFailed ? [TaskState.failed, TaskState.upstream_failed] : [];
  const found = selectInstances(run.engine, { refs, upstream, downstream, states });
  return found.map(({ ref }) => ref);
}

/** The states of all instances as they are now. */
function statesOf(engine: Run): (ix: number, mapIx: number) => TaskStateName {
  const { state, first, count, size } = engine.instances;
  const [states, starts, counts] = [state.slice(0, size), first.slice(), count.slice()];
  return (ix, mapIx) => {
    const slot = mapIx < 0 ? ix : mapIx < counts[ix]! ? starts[ix]! + mapIx : -1;
    return taskStateName(((states[slot] ?? 0) || TaskState.none) as TaskState);
  };
}

function keyOf({ ix, mapIx }: InstanceRef): string {
  return `${ix}/${mapIx}`;
}
