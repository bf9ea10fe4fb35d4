/** DAGs that end with their first failure (semantics 4.8). */

import { change } from "../run/change.ts";
import { stoppedByFailFast } from "../run/failures.ts";
import { eachOf, stateAt } from "../run/instances.ts";
import type { Effects, Run } from "../run/run.ts";
import { isFinal, TaskState } from "../spec/states.ts";

/** Whether a failure of this task ends a run that fails fast: that of a teardown does where it decides the result. */
export function isFastFailing({ dag }: Run, ix: number): boolean {
  const { role, failsRun } = dag.tasks[ix]!;
  return dag.spec.failFast && (role !== "teardown" || failsRun);
}

/**
 * A task has failed for good: of all other tasks but teardowns, what runs fails and the rest is skipped. Other instances
 * of the same task go on.
 */
export function failFast(
  run: Run,
  failed: number,
  effects: Effects,
  mayChange: (slot: number) => boolean = () => true,
): void {
  if (!isFastFailing(run, failed)) return;
  for (const [ix, { role }] of run.dag.tasks.entries()) {
    if (ix === failed || role === "teardown") continue;
    eachOf(run, ix, (slot, _, mapIx) => {
      const state = stateAt(run, slot);
      if (isFinal(state) || !mayChange(slot)) return;
      if (state !== TaskState.running && state !== TaskState.restarting) {
        change(run, { ix, mapIx }, { state: TaskState.skipped }, effects);
        return;
      }
      effects.stop.push({ ix, mapIx, attempt: run.instances.attempt[slot]! });
      const failure = stoppedByFailFast(run.dag.taskIds[failed]!);
      change(run, { ix, mapIx }, { state: TaskState.failed, failure }, effects);
    });
  }
}
