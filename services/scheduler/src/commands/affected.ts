/** What a command changes of the task instances of a run, or would change. */

import {
  newEffects,
  TaskState,
  transition,
  type Effects,
  type InstanceRef,
  type Run,
  type RunEvent,
} from "@millrace/engine";
import { runIdOf } from "@millrace/wire";
import { instanceKey } from "../runs/instance-key.ts";

/** Task instances in one answer; the rest is only counted. */
const namedMax = 1_000;

/** Notes how the task instances of a run are, and says afterwards what has become different. */
export type Affected = {
  /** Takes what followed from the command. */
  note(effects: Effects): void;
  answer(runKey: number): InstancesChangedInit;
};

export type InstancesChangedInit = {
  readonly affected: {
    readonly runId: string;
    readonly taskId: string;
    readonly mapIndex: number;
    /** Codes are those of the wire. */
    readonly state: TaskState;
    readonly nextState: TaskState;
    readonly isImplied: boolean;
  }[];
  readonly affectedCount: number;
  readonly counts: {
    readonly state: TaskState;
    readonly nextState: TaskState;
    readonly count: number;
  }[];
  readonly markingTaskIds: string[];
};

type Changed = { readonly ref: InstanceRef; readonly nextState: TaskState };

/** `asked`: the instances that the caller meant, null for all there are; what changes beside them follows from that. */
export function watchAffected(engine: Run, asked: readonly InstanceRef[] | null): Affected {
  const state = engine.instances.state.slice(0, engine.instances.size);
  const first = engine.instances.first.slice();
  const count = engine.instances.count.slice();
  const meant = asked === null ? null : new Set(asked.map(instanceKey));
  const changed = new Map<number, Changed>();

  function stateBefore({ ix, mapIx }: InstanceRef): TaskState {
    const slot = mapIx < 0 ? ix : mapIx < (count[ix] ?? 0) ? (first[ix] ?? 0) + mapIx : -1;
    return ((state[slot] ?? 0) || TaskState.none) as TaskState;
  }

  return {
    note({ changes }) {
      for (const { ix, mapIx, state: nextState } of changes)
        changed.set(instanceKey({ ix, mapIx }), { ref: { ix, mapIx }, nextState });
    },
    answer(runKey) {
      const named = [...changed].slice(0, namedMax);
      return {
        affected: named.map(([key, { ref, nextState }]) => ({
          runId: runIdOf(BigInt(runKey)),
          taskId: engine.dag.taskIds[ref.ix] ?? "",
          mapIndex: ref.mapIx,
          state: stateBefore(ref),
          nextState,
          isImplied: meant !== null && !meant.has(key),
        })),
        affectedCount: changed.size,
        counts: countsOf(changed.values()),
        markingTaskIds: markingTasks(),
      };
    },
  };

  /** Among all that changed, however many are named. */
  function markingTasks(): string[] {
    const ixs = new Set([...changed.values()].map(({ ref }) => ref.ix));
    return [...ixs].flatMap((ix) => {
      const task = engine.dag.tasks[ix];
      return task !== undefined && task.marks.length > 0 ? [task.id] : [];
    });
  }

  function countsOf(all: Iterable<Changed>): InstancesChangedInit["counts"] {
    const counts = new Map<string, { state: TaskState; nextState: TaskState; count: number }>();
    for (const { ref, nextState } of all) {
      const before = stateBefore(ref);
      const key = `${before} ${nextState}`;
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { state: before, nextState, count: 1 });
      else known.count += 1;
    }
    return [...counts.values()];
  }
}

/** What an event would change; the run is a copy that nobody needs afterwards. */
export function tryOut(
  copy: Run,
  asked: readonly InstanceRef[] | null,
  event: RunEvent,
  runKey: number,
): InstancesChangedInit {
  const affected = watchAffected(copy, asked);
  const effects = newEffects();
  transition(copy, event, effects);
  affected.note(effects);
  return affected.answer(runKey);
}
