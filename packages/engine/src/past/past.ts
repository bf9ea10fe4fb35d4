/** Whether the run before holds a task back (semantics 5.1). */

import { eachOf } from "../run/instances.ts";
import type { Run } from "../run/run.ts";
import type { EpochMs, TaskSpec } from "../spec/spec.ts";
import { TaskState } from "../spec/states.ts";

/** A task instance of the run before that has not succeeded, or was not skipped. `mapIx` is -1 when not mapped. */
export type PastInstance = { readonly mapIx: number; readonly state: TaskState };

/** What is known of a task in the run before: it has no such task, all its instances are fine, or one that is not. */
export type PastOfTask = "absent" | "fine" | PastInstance;

export type PreviousRun = {
  /** For links. */
  readonly runId: string;
  readonly name: string;
  readonly logicalDate: EpochMs;
  of(taskId: string): PastOfTask;
};

export type PastQuestion = {
  readonly task: Pick<
    TaskSpec,
    "id" | "dependsOnPast" | "waitForDownstream" | "ignoreFirstDependsOnPast"
  >;
  /** The tasks directly after it. */
  readonly downstream: readonly string[];
  /** Whether its run is the first of a backfill. */
  readonly isFirstOfBackfill: boolean;
  readonly catchup: boolean;
  /** From when on the task is to run: the DAG's start date. */
  readonly startDate: EpochMs | null;
  /** The run before, by `mayBePrevious`; null when there is none, or the run has no logical date. */
  readonly previous: PreviousRun | null;
  /** Whether any run with an earlier logical date has the task. Asked only of a task that the run before lacks. */
  isAnywhereBefore(): boolean;
};

/** What holds a task back. */
export type PastHold = {
  readonly runId: string;
  readonly runName: string;
  /** The task itself, or one directly after it. */
  readonly taskId: string;
  readonly isDownstream: boolean;
  /** Null when the run has no such task. */
  readonly instance: PastInstance | null;
};

/**
 * What is known of that: null when nothing holds it, "unread" while what became of the run before is being read, "asked"
 * while the function is being asked that decides whether that matters.
 */
export type PastLook = PastHold | "unread" | "asked" | null;

/** The first step that decides does; null when nothing holds it. */
export function pastHold(question: PastQuestion): PastHold | null {
  const { task, previous } = question;
  // Step 1, a context that says so, has no counterpart: whoever wants a task to run now marks what holds it.
  // Step 2.
  if (!task.dependsOnPast && !task.waitForDownstream) return null;
  // Step 3.
  if (question.isFirstOfBackfill) return null;
  // Steps 4 and 5.
  if (previous === null) return null;
  // Step 6.
  if (question.catchup && question.startDate !== null && previous.logicalDate < question.startDate)
    return null;
  const before = previous.of(task.id);
  // Step 7.
  if (before === "absent")
    return task.ignoreFirstDependsOnPast && !question.isAnywhereBefore()
      ? null
      : held(previous, task.id, false, null);
  // Step 8.
  if (before !== "fine") return held(previous, task.id, false, before);
  // Step 9.
  if (task.waitForDownstream)
    for (const taskId of question.downstream) {
      const after = previous.of(taskId);
      if (after !== "fine" && after !== "absent") return held(previous, taskId, true, after);
    }
  // Step 10.
  return null;
}

function held(
  { runId, name }: PreviousRun,
  taskId: string,
  isDownstream: boolean,
  instance: PastInstance | null,
): PastHold {
  return { runId, runName: name, taskId, isDownstream, instance };
}

/**
 * Step 4: whether a run may be the one before another; the newest of those is. With catch-up, runs that people made do not
 * count.
 */
export function mayBePrevious(
  one: { readonly logicalAt: EpochMs | null; readonly isManual: boolean },
  logicalAt: EpochMs | null,
  catchup: boolean,
): boolean {
  if (one.logicalAt === null || logicalAt === null) return false;
  return one.logicalAt < logicalAt && !(catchup && one.isManual);
}

/** Whether a state lets the next run go on. */
export function isFine(state: TaskState): boolean {
  return state === TaskState.success || state === TaskState.skipped;
}

/**
 * What a run in memory says of a task. Instances that were removed say nothing. Of several that are not fine the last is
 * told, which as a rule is the last to end.
 *
 * @param isSettled whether what an instance says will not be taken back
 */
export function pastOfTask(
  run: Run,
  taskId: string,
  isSettled: (mapIx: number) => boolean,
): PastOfTask {
  const ix = run.dag.ixOf.get(taskId);
  if (ix === undefined) return "absent";
  let last: PastInstance | null = null;
  eachOf(run, ix, (slot, _, mapIx) => {
    const state = run.instances.state[slot] as TaskState;
    if (state === TaskState.removed || (isFine(state) && isSettled(mapIx))) return;
    last = { mapIx, state };
  });
  return last ?? "fine";
}
