/** Notes in the rows of DAGs when their next run is due, for people: many in one statement, one statement at a time. */

import { setNextRuns } from "@millrace/db";
import type { Owner } from "../owner.ts";
import { pause } from "../clock.ts";

export type NextRunNotes = {
  /** Soon; the newest counts. Null for no next run. */
  note(dagId: string, nextRunAt: number | null): void;
  /** The row says so by now; what is on its way about it is older, and is followed by this. */
  supersede(dagId: string, nextRunAt: number | null): void;
};

export function createNextRunNotes(owner: Owner): NextRunNotes {
  const waiting = new Map<string, number | null>();
  const written = new Set<string>();
  let isWriting = false;

  async function drain(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    while (waiting.size > 0) {
      const part = [...waiting].slice(0, owner.settings.nextRunsPerWriteMax);
      for (const [dagId] of part) {
        waiting.delete(dagId);
        written.add(dagId);
      }
      try {
        await setNextRuns(owner.db, part);
      } catch (error) {
        owner.log.warn({ dags: part.length, err: error }, "timetable.next_run_unwritten");
        // What was said since is newer.
        for (const [dagId, at] of part) if (!waiting.has(dagId)) waiting.set(dagId, at);
        if (owner.shards.size === 0) waiting.clear();
        const { max } = owner.settings.reloadDelayMs;
        await pause(owner.clock, max);
      }
      written.clear();
    }
    isWriting = false;
  }

  function note(dagId: string, nextRunAt: number | null): void {
    waiting.set(dagId, nextRunAt);
    // What else is said in this turn of the event loop goes along.
    setImmediate(() => void drain());
  }

  return {
    note,
    supersede(dagId, nextRunAt) {
      if (waiting.has(dagId) || written.has(dagId)) note(dagId, nextRunAt);
    },
  };
}
