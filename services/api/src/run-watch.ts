/** A run as one follower has seen it: says what is new since the last look. Of mapped tasks it tells numbers, not instances. */

import { readTaskStates, summarizeMappedTasks, type MappedTask, type RunRow } from "@millrace/db";
import { TaskState, type CompiledDag } from "@millrace/engine";
import type { TaskInstance } from "@millrace/wire/v1";
import type { ApiContext } from "./context.ts";
import { apiLimits } from "./limits.ts";
import { readTasks } from "./task-instance-reading.ts";
import {
  deriveTask,
  followersOf,
  isMappedTask,
  newRunStates,
  runStatesOf,
  type RunStates,
} from "./task-instances.ts";

export type RunWatch = {
  /** One entry for each task of which an instance has a state other than `none`. */
  first(run: RunRow): Promise<TaskInstance[]>;
  /** What changed since, by the rows: the truth, whatever was heard. */
  look(run: RunRow): Promise<TaskInstance[]>;
  /** Takes what was heard. Cheap, however much it is. */
  hear(changed: readonly TaskInstance[]): void;
  /** What changed by hearsay, with the tasks that it made ready. Cheap. */
  heard(run: RunRow): Promise<TaskInstance[]>;
  /** In how many milliseconds there may be more to say of what was heard; null when there is not. */
  pendingMs(): number | null;
};

export function createRunWatch(
  context: Pick<ApiContext, "db" | "versions">,
  dag: CompiledDag,
): RunWatch {
  let known = newRunStates(dag);
  /** Of each task: what was said of it last. */
  const said: (string | undefined)[] = [];
  /** Of tasks that are not mapped: the attempt that was heard of last. An older one is old news. */
  const tries = new Map<number, number>();
  const news = new Map<number, TaskInstance>();
  /** Mapped tasks of which something was heard, to be counted anew. */
  const uncounted = new Set<number>();
  let mayCountAtMs = 0;

  async function countMapped(run: RunRow, ixs: readonly number[] | null): Promise<MappedTask[]> {
    const startedAtMs = performance.now();
    const found = await summarizeMappedTasks(context.db, [run.id], ixs);
    const endedAtMs = performance.now();
    const pause = Math.max(
      apiLimits.watchCountEveryMs,
      (endedAtMs - startedAtMs) * apiLimits.watchCountShare,
    );
    mayCountAtMs = endedAtMs + pause;
    return found.get(run.id) ?? [];
  }

  async function read(run: RunRow): Promise<RunStates> {
    const [states, mapped] = await Promise.all([
      readTaskStates(context.db, [run.id]),
      dag.tasks.some((_, ix) => isMappedTask(dag, ix)) ? countMapped(run, null) : [],
    ]);
    return runStatesOf(dag, {
      states: states.get(run.id) ?? { ixs: [], states: [] },
      mapped,
      runState: run.state,
    });
  }

  /** Entries of those tasks of which something else is to be said than the last time. */
  async function changesIn(run: RunRow, ixs: Iterable<number>): Promise<TaskInstance[]> {
    const changed: number[] = [];
    for (const ix of ixs) {
      const now = summaryOf(known, ix);
      if (now === (said[ix] ?? unsaid)) continue;
      said[ix] = now;
      changed.push(ix);
    }
    if (changed.length === 0) return [];
    const found = await readTasks(context, { run, dag }, { ixs: changed, states: known });
    for (const each of found) remember(each);
    return found;
  }

  function remember({ taskId, tryNumber }: TaskInstance): void {
    tries.set(dag.ixOf.get(taskId) ?? -1, tryNumber);
  }

  async function look(run: RunRow): Promise<TaskInstance[]> {
    news.clear();
    uncounted.clear();
    known = await read(run);
    return changesIn(run, known.states.keys());
  }

  /** What became of unmapped tasks goes on as it was heard. */
  function takeNews(touched: Set<number>): TaskInstance[] {
    const fresh: TaskInstance[] = [];
    for (const [ix, each] of news) {
      const before = tries.get(ix) ?? 0;
      const isNew = known.rows[ix] !== each.state || before !== each.tryNumber;
      if (each.tryNumber < before || !isNew) continue;
      known.rows[ix] = each.state;
      touched.add(ix);
      remember(each);
      // One that was cleared may be ready again at once, a mapped task has instances, and what a task waits for is in its
      // row: their entries are made of rows.
      if (each.state === TaskState.none || isMappedTask(dag, ix) || lacksItsWait(each)) continue;
      deriveTask(known, ix);
      said[ix] = summaryOf(known, ix);
      fresh.push(each);
    }
    news.clear();
    return fresh;
  }

  async function takeCounts(run: RunRow, touched: Set<number>): Promise<void> {
    if (uncounted.size === 0 || performance.now() < mayCountAtMs) return;
    const ixs = [...uncounted];
    uncounted.clear();
    for (const task of await countMapped(run, ixs)) known.expanded.set(task.ix, task);
    for (const ix of ixs) touched.add(ix);
  }

  return {
    first: look,
    look,
    hear(changed) {
      for (const each of changed) {
        const ix = dag.ixOf.get(each.taskId);
        if (ix === undefined) continue;
        if (isMappedTask(dag, ix)) uncounted.add(ix);
        if (each.mapIndex < 0) news.set(ix, each);
      }
    },
    async heard(run) {
      known.runState = run.state;
      const touched = new Set<number>();
      const fresh = takeNews(touched);
      await takeCounts(run, touched);
      // In the order of the graph: what becomes ready is never upstream of what made it so.
      for (const ix of [...touched].toSorted((a, b) => a - b)) deriveTask(known, ix);
      const after = new Set([...touched].flatMap((ix) => followersOf(dag, ix)));
      for (const ix of [...after].toSorted((a, b) => a - b)) {
        deriveTask(known, ix);
        // It may be expanded now.
        if (isMappedTask(dag, ix) && !known.expanded.has(ix)) uncounted.add(ix);
      }
      return [...fresh, ...(await changesIn(run, new Set([...touched, ...after])))];
    },
    pendingMs: () => (uncounted.size === 0 ? null : Math.max(0, mayCountAtMs - performance.now())),
  };
}

function lacksItsWait({ state, waiting }: TaskInstance): boolean {
  const waits = state === TaskState.deferred || state === TaskState.awaiting_input;
  return waits && waiting === undefined;
}

/** What is said of a task that has done nothing yet: nothing. */
const unsaid = `${TaskState.none}`;

/** Tells whether there is something new to say of a task. */
function summaryOf({ states, mapped }: RunStates, ix: number): string {
  const instances = mapped.get(ix);
  if (instances === undefined) return `${states[ix]}`;
  return `${instances.length} ${instances.counts.join(",")}`;
}
