/** Work beside the attempts of tasks that takes slots of workers: watches, callbacks, questions, watchers of assets. */

import type { LineKey } from "./ready-queue.ts";

/** A piece of it. */
export type Work = {
  /** Who has it; null while nobody does. */
  sessionKey: number | null;
  /** Inventories in a row, since it was handed out, that did not name it. */
  misses: number;
};

/** Waits in lines like tasks, but counts in no limit of a run or DAG. */
export type SideWork = {
  /** Lines in which something waits. */
  lines(): Iterable<LineKey>;
  /** How much waits in a line, counting at most `max`. */
  count(line: LineKey, max: number): number;
  /** Gives the first of a line to a session that has a slot; false when either is missing. */
  grantOne(line: LineKey): boolean;
  /** What an inventory of a session leaves out, twice in a row, is for others. Answers how many that were. */
  loseMissing(sessionKey: number, named: ReadonlySet<string>): number;
  /** All that a session had is for others. */
  endSession(sessionKey: number): void;
  /** Sessions that have some. */
  sessionKeys(): Iterable<number>;
  dropShards(shards: ReadonlySet<number>): void;
};
