/**
 * Notes in the rows of DAGs when their next run is due, and what is wrong with their timetable, for people: many in one statement, one
 * statement at a time, until they are written.
 */

import { setNextRuns, type NextRun } from "@millrace/db";
import type { Owner } from "../owner.ts";
import type { OwnedDag } from "../runs/run.ts";
import { pause } from "../clock.ts";

export type NextRunNotes = {
  /** Soon; the newest counts. */
  note(dag: OwnedDag): void;
};

export function createNextRunNotes(owner: Owner): NextRunNotes {
  const waiting = new Map<string, NextRun>();
  let isWriting = false;
  let notedAt = 0;

  async function drain(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    while (waiting.size > 0) {
      const part = [...waiting.values()].slice(0, owner.settings.nextRunsPerWriteMax);
      for (const { dagId } of part) waiting.delete(dagId);
      try {
        await setNextRuns(owner.db, part);
      } catch (error) {
        owner.log.warn({ dags: part.length, err: error }, "timetable.next_run_unwritten");
        // What was said since is newer.
        for (const each of part) if (!waiting.has(each.dagId)) waiting.set(each.dagId, each);
        if (owner.shards.size === 0) waiting.clear();
        const { max } = owner.settings.reloadDelayMs;
        await pause(owner.clock, max);
      }
    }
    isWriting = false;
  }

  return {
    note({ dagId, nextRunAt, scheduleProblem: problem, lastInterval, changedSeq }) {
      // Two of the same millisecond have an order as well.
      notedAt = Math.max(owner.dbClock.now(), notedAt + 1);
      const lastIntervalEnd = lastInterval?.end ?? null;
      waiting.set(dagId, { dagId, nextRunAt, problem, lastIntervalEnd, notedAt, changedSeq });
      // What else is said in this turn of the event loop goes along.
      setImmediate(() => void drain());
    },
  };
}
