/** What short circuits and fast failures do at once, where a flush has written them and not all that they skip. */

import { skipUnchosen } from "../judge/control.ts";
import { failFast } from "../judge/fail-fast.ts";
import { lossesMax } from "../run/failures.ts";
import { eachOf, hasFlag, instanceFlags as flags, refOf, stateAt } from "../run/instances.ts";
import type { Effects, Run, TaskRow } from "../run/run.ts";
import { RunState, TaskState } from "../spec/states.ts";

/**
 * What has been skipped, or was cleared since, has rows. Leaves alone whatever may be without one for another reason: the
 * instances that a task was given after the skip, or by itself.
 */
export function repeatSkips(run: Run, rows: readonly TaskRow[], effects: Effects): void {
  if (run.state !== RunState.running || run.cancelRequested) return;
  const written = new Set(rows.map(({ ix }) => ix));
  const isUnwritten = (slot: number): boolean => !written.has(refOf(run, slot).ix);
  for (const [ix, choices] of run.choices)
    for (const [mapIx, choice] of choices)
      if (choice.length === 0 && run.dag.tasks[ix]!.control === "short_circuit") {
        const mayChange = mapIx < 0 ? isUnwritten : isCellOf(run, ix);
        skipUnchosen(run, { ix, mapIx }, choice, effects, mayChange);
      }
  if (!run.dag.spec.failFast) return;
  for (const ix of run.dag.tasks.keys())
    if (hasFailed(run, ix)) failFast(run, ix, effects, isUnwritten);
}

/** In a mapped group: instances without a row that were there when the short circuit was, because they are as many. */
function isCellOf(run: Run, chooser: number): (slot: number) => boolean {
  const { tasks, mapping } = run.dag;
  return (slot) => {
    const { ix } = refOf(run, slot);
    const isAlike =
      mapping.frameOf[ix] === mapping.frameOf[chooser] && tasks[ix]!.each.length === 0;
    return isAlike && !hasFlag(run, slot, flags.hasRow);
  };
}

/** Whether an instance failed by itself. What a person marks as failed has no try behind it, and fails nothing else. */
function hasFailed(run: Run, ix: number): boolean {
  const { attempt, uncounted, losses } = run.instances;
  let isAny = false;
  eachOf(run, ix, (slot) => {
    if (stateAt(run, slot) !== TaskState.failed) return;
    isAny ||= attempt[slot]! > uncounted[slot]! || losses[slot]! >= lossesMax;
  });
  return isAny;
}
