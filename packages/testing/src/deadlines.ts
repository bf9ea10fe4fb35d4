/** Deadlines of a run in memory: virtual time misses them. */

import type { CallbackSpec, CompiledDag, DeadlineSpec, EpochMs, Run } from "@millrace/engine";
import { deadlineAt, pastOfTask, RunState } from "@millrace/engine";
import type { Deliveries } from "./deliveries.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export type Deadline = {
  readonly name: string;
  /** Null for one of the run. */
  readonly taskId: string | null;
  readonly dueAt: EpochMs;
  isMissed: boolean;
};

type Parts = {
  readonly engine: Run;
  readonly clock: VirtualClock;
  readonly deliveries: Deliveries;
};

/**
 * Those of a run that begins now, each with its moment on the clock. There are no earlier runs: averages have nothing to
 * count from, and nothing is estimated.
 */
export function setDeadlines(
  { dag, logicalDate }: { readonly dag: CompiledDag; readonly logicalDate: EpochMs | null },
  parts: Parts,
): Deadline[] {
  const { clock } = parts;
  const facts = { logicalDate, queuedAt: clock.now, runtimes: () => [] };
  const set = (taskId: string | null, owner: Owner): Deadline[] =>
    owner.deadlines.flatMap((spec, ordinal) => {
      const dueAt = deadlineAt(spec, facts);
      if (dueAt === null) return [];
      const deadline: Deadline = { name: spec.name, taskId, dueAt, isMissed: false };
      const act = (): void => pass(deadline, { ...parts, owner, ordinal });
      if (dueAt > clock.now) clock.at(dueAt, act);
      else act();
      return [deadline];
    });
  return [...set(null, dag.spec), ...dag.tasks.flatMap((task) => set(task.id, task))];
}

type Owner = {
  readonly deadlines: readonly DeadlineSpec[];
  readonly callbacks: readonly CallbackSpec[];
};

function pass(
  deadline: Deadline,
  { engine, deliveries, owner, ordinal }: Parts & { owner: Owner; ordinal: number },
): void {
  const { taskId, name, dueAt } = deadline;
  if (isKept(engine, taskId)) return;
  deadline.isMissed = true;
  const due = owner.callbacks.flatMap((callback, place) =>
    callback.on === "deadline_missed" ? [{ ordinal: place, callback }] : [],
  );
  deliveries.add(due, {
    task: taskId === null ? null : { id: taskId, mapIx: -1, mapLength: 0 },
    tryNumber: ordinal + 1,
    failure: null,
    deadline: { name, dueAt: new Date(dueAt), estimatedEndAt: null, criticalTaskIds: [] },
  });
}

/** Whether what it is about has succeeded, or of a task was skipped. */
export function isKept(engine: Run, taskId: string | null): boolean {
  if (engine.state === RunState.success) return true;
  return taskId !== null && pastOfTask(engine, taskId, () => true) === "fine";
}
