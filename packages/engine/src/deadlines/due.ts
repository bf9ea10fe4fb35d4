/** When the deadlines of a run are due (semantics 12.5). */

import type { DeadlineSpec, EpochMs } from "../spec/spec.ts";

export type DeadlineFacts = {
  readonly logicalDate: EpochMs | null;
  /** When the run was made, or opened again. */
  readonly queuedAt: EpochMs;
  /**
   * How long the newest runs took that have ended, newest first, at most so many; of a task, from the start of its run to the
   * task's end.
   */
  runtimes(maxRuns: number): readonly number[];
};

/** Null when it has none: what it counts from is not there. */
export function deadlineAt(
  { reference, intervalMs }: DeadlineSpec,
  facts: DeadlineFacts,
): EpochMs | null {
  switch (reference.kind) {
    case "logical_date":
      return facts.logicalDate === null ? null : facts.logicalDate + intervalMs;
    case "queued_at":
      return facts.queuedAt + intervalMs;
    case "fixed":
      return reference.at + intervalMs;
    case "average_runtime": {
      const runtimes = facts.runtimes(reference.maxRuns);
      if (runtimes.length < reference.minRuns) return null;
      const sum = runtimes.reduce((all, one) => all + one, 0);
      return facts.queuedAt + Math.round(sum / runtimes.length) + intervalMs;
    }
  }
}
