/** Task instances counted by what they look like, worst first: for bars, chips and sentences. */
import { TaskState } from "@millrace/wire/v1";
import type { DagRun, TaskInstance } from "@millrace/wire/v1";
import { isFinalTask, lookOrder, taskFace } from "./states.ts";
import type { Look, StateFace } from "./states.ts";

export type LookCount = { readonly look: Look; readonly face: StateFace; readonly count: number };

/** Task instances by state; a mapped task counts with all of its instances, and as one before it has any. */
export function countsOfTasks(
  taskIds: Iterable<string>,
  tasks: ReadonlyMap<string, TaskInstance>,
): readonly StateCountLike[] {
  const counts = new Map<TaskState, number>();
  for (const taskId of taskIds) {
    for (const { state, count } of countsOfTask(tasks.get(taskId))) {
      counts.set(state, (counts.get(state) ?? 0) + count);
    }
  }
  return [...counts].map(([state, count]) => ({ state, count }));
}

/** The states of a task's instances, with how many are in each. */
export function countsOfTask(task: TaskInstance | undefined): readonly StateCountLike[] {
  if (task === undefined) return [{ state: TaskState.NONE, count: 1 }];
  const { mapped, state } = task;
  return mapped === undefined || mapped.counts.length === 0 ? [{ state, count: 1 }] : mapped.counts;
}

export type StateCountLike = { readonly state: TaskState; readonly count: number };

/** How many there are, and how many of them are final. */
export function progressOf(counts: readonly StateCountLike[]): { done: number; all: number } {
  const sum = (list: readonly StateCountLike[]) => list.reduce((n, { count }) => n + count, 0);
  return { done: sum(counts.filter(({ state }) => isFinalTask(state))), all: sum(counts) };
}

/** The same from the counts that a run carries. */
export function countsOfRun(run: Pick<DagRun, "counts">): readonly LookCount[] {
  return looksOfCounts(run.counts);
}

/** Counts by state as counts by look, worst first. */
export function looksOfCounts(counts: readonly StateCountLike[]): readonly LookCount[] {
  const byLook = new Map<Look, LookCount>();
  for (const { state, count } of counts) {
    if (count === 0) continue;
    const face = taskFace(state);
    const known = byLook.get(face.look);
    byLook.set(face.look, {
      look: face.look,
      face: known?.face ?? face,
      count: count + (known?.count ?? 0),
    });
  }
  return lookOrder.flatMap((look) => byLook.get(look) ?? []);
}
