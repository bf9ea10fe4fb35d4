/** A run as one follower has seen it: says what is new since the last look. */

import { readTaskStates, type RunRow } from "@millrace/db";
import { TaskState, type CompiledDag } from "@millrace/engine";
import type { TaskInstance } from "@millrace/wire/v1";
import type { ApiContext } from "./context.ts";
import { readTaskInstances } from "./task-instance-reading.ts";
import { childrenOf, deriveStates, stateWithoutRow } from "./task-instances.ts";

export type RunWatch = {
  /** All task instances that have a state other than `none`. */
  first(run: RunRow): Promise<TaskInstance[]>;
  /** What changed since, by the rows: the truth, whatever was heard. */
  look(run: RunRow): Promise<TaskInstance[]>;
  /** What changed by hearsay, with the task instances that it made ready. Cheap. */
  heard(run: RunRow, changed: readonly TaskInstance[]): Promise<TaskInstance[]>;
};

export function createRunWatch(
  context: Pick<ApiContext, "db" | "versions">,
  dag: CompiledDag,
): RunWatch {
  let seen = new Uint8Array(dag.tasks.length).fill(TaskState.none);
  /** Attempt and revision of a state say as much as the state itself: running, failed and running again is a change. */
  const tries = new Map<number, number>();

  async function read(run: RunRow): Promise<Uint8Array<ArrayBuffer>> {
    const rows = await readTaskStates(context.db, [run.id]);
    return Uint8Array.from(
      deriveStates(dag, rows.get(run.id) ?? { ixs: [], states: [] }, run.state),
    );
  }

  async function changes(run: RunRow, states: Uint8Array<ArrayBuffer>): Promise<TaskInstance[]> {
    const ixs: number[] = [];
    states.forEach((state, ix) => {
      if (state !== seen[ix]) ixs.push(ix);
    });
    seen = states;
    const found =
      ixs.length === 0 ? [] : await readTaskInstances(context, { run, dag }, { ixs, states });
    remember(found);
    return found;
  }

  function remember(instances: readonly TaskInstance[]): void {
    for (const each of instances) tries.set(dag.ixOf.get(each.taskId) ?? -1, each.tryNumber);
  }

  return {
    first: async (run) => changes(run, await read(run)),
    look: async (run) => changes(run, await read(run)),
    async heard(run, changed) {
      const touched = new Set<number>();
      const fresh = changed.filter((each) => {
        const ix = dag.ixOf.get(each.taskId) ?? -1;
        const isNew = seen[ix] !== each.state || tries.get(ix) !== each.tryNumber;
        if (ix < 0 || each.tryNumber < (tries.get(ix) ?? 0) || !isNew) return false;
        seen[ix] = each.state;
        for (const child of childrenOf(dag, ix))
          if (seen[child] === TaskState.none) touched.add(child);
        return true;
      });
      remember(fresh);
      const ready = [...touched].filter(
        (ix) => stateWithoutRow(dag, seen, ix, run.state) === TaskState.scheduled,
      );
      for (const ix of ready) seen[ix] = TaskState.scheduled;
      const made =
        ready.length === 0
          ? []
          : await readTaskInstances(context, { run, dag }, { ixs: ready, states: seen });
      return [...fresh, ...made];
    },
  };
}
