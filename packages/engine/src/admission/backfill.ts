/** What a backfill does with a date, when it may go on, and how long it takes yet (semantics 11.1). */

import type { BackfillLimits } from "./limits.ts";
import { dagPaused, plain, type Reason } from "./reasons.ts";
import type { DagSpec } from "../spec/spec.ts";
import { RunState } from "../spec/states.ts";

/** Which dates that have a run already are run again. */
export const Reprocess = { none: 1, failed: 2, completed: 3 } as const;
export type ReprocessName = keyof typeof Reprocess;
export type Reprocess = (typeof Reprocess)[ReprocessName];

/** What becomes of a date: the codes that rows share. */
export const DateOutcome = { made: 1, rerun: 2, in_flight: 3, exists: 4 } as const;
export type DateOutcomeName = keyof typeof DateOutcome;
export type DateOutcome = (typeof DateOutcome)[DateOutcomeName];

/** Dates of one backfill. */
export const backfillDatesMax = 100_000;
export const backfillActiveRuns = { default: 10, max: 1_000 };

/** What becomes of a date whose run is in this state; null for one that has no run. */
export function outcomeOf(state: RunState | null, reprocess: Reprocess): DateOutcome {
  if (state === null) return DateOutcome.made;
  if (state === RunState.queued || state === RunState.running) return DateOutcome.in_flight;
  const isCovered =
    reprocess === Reprocess.completed ||
    (reprocess === Reprocess.failed && state === RunState.failed);
  return isCovered ? DateOutcome.rerun : DateOutcome.exists;
}

/** The first task whose runs build on each other, so that they cannot go newest first; null when there is none. */
export function taskOnPast({ tasks }: DagSpec): string | null {
  return tasks.find((task) => task.dependsOnPast)?.id ?? null;
}

/** What decides whether the next date of a backfill becomes a run. */
export type NextDateLimits = {
  readonly isDagPaused: boolean;
  readonly isDagActive: boolean;
  readonly backfill: BackfillLimits;
  /** Runs of it that wait already, and how many may. */
  readonly queued: number;
  readonly queuedMax: number;
};

/** Every gate that keeps the next date from becoming a run; empty when it may now. The owner and `GetBackfill` ask this. */
export function admitDate(limits: NextDateLimits): readonly Reason[] {
  const { backfill, queued, queuedMax } = limits;
  const reasons: Reason[] = [];
  if (limits.isDagPaused) reasons.push(dagPaused());
  if (!limits.isDagActive)
    reasons.push(
      plain("dag_inactive", "The DAG is not in its folder any more; put it back to go on."),
    );
  if (backfill.isPaused) reasons.push(backfillPaused(backfill));
  if (queued >= queuedMax) {
    const message = `${queued} runs of the backfill wait to start, and max_active_runs of the backfill allows ${backfill.maxActiveRuns} at a time; further dates become runs as these start.`;
    reasons.push(
      plain("backfill_max_active_runs", message, {
        ...{ backfill_id: backfill.id, queued: String(queued) },
        ...{ running: String(backfill.activeRuns), limit: String(backfill.maxActiveRuns) },
      }),
    );
  }
  return reasons;
}

export function backfillPaused({ id }: BackfillLimits): Reason {
  const message = `The backfill ${id} is paused; resume it to let its runs start.`;
  return plain("backfill_paused", message, { backfill_id: id });
}

export function backfillMaxActiveRuns({ id, activeRuns, maxActiveRuns }: BackfillLimits): Reason {
  const are = activeRuns === 1 ? "run of this backfill is" : "runs of this backfill are";
  const message = `${activeRuns} ${are} running, and the backfill ${id} allows ${maxActiveRuns} at a time.`;
  return plain("backfill_max_active_runs", message, {
    ...{ backfill_id: id, running: String(activeRuns), limit: String(maxActiveRuns) },
  });
}

/** How long what is left takes: so many runs one after the other, each as long as the last ones were; null when unknown. */
export function estimateLeftMs(facts: {
  /** Runs that are not over, those that run included. */
  readonly left: number;
  readonly running: number;
  readonly maxActiveRuns: number;
  /** Mean length of runs that ended; null when there are none. */
  readonly meanMs: number | null;
}): number | null {
  const { left, running, maxActiveRuns, meanMs } = facts;
  if (meanMs === null) return null;
  // On average those that run are half done.
  const rounds = (left - running / 2) / Math.min(maxActiveRuns, Math.max(1, left));
  return Math.max(0, rounds * meanMs);
}
