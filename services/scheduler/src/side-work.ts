/** Work beside the attempts of tasks that takes slots of workers: watches of triggers, and callbacks. */

import type { LineKey } from "./ready-queue.ts";

/** Waits in lines like tasks, but counts in no limit of a run or DAG. */
export type SideWork = {
  /** Lines in which something waits. */
  lines(): Iterable<LineKey>;
  /** How much waits in a line, counting at most `max`. */
  count(line: LineKey, max: number): number;
  /** Gives the first of a line to a session that has a slot; false when either is missing. */
  grantOne(line: LineKey): boolean;
};
