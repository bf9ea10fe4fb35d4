/** Deciding by a function whether the past holds a task. */

import type { TaskStateName } from "@millrace/engine";

/** The run before. */
export type PastRun = {
  /** Such as "scheduled__2026-01-01T00:00:00+00:00". */
  readonly name: string;
  readonly logicalDate: Date;
  /**
   * What became in it of the task and, with `waitForDownstream`, of those directly after it, by id: "success" where all instances
   * succeeded or were skipped, else the state of one that did not; null where the run was made without the task.
   */
  readonly states: Readonly<Record<string, TaskStateName | null>>;
};

export type PastFacts = {
  /** Of the run that the task is in. */
  readonly logicalDate: Date;
  readonly params: Readonly<Record<string, unknown>>;
  readonly previous: PastRun;
};

/**
 * Answers whether the past matters: with false the task starts, with true it waits for the run before. A worker runs it; what
 * it throws, and more than 30 s, are failures, tried again as often as the task's retries say; then the task fails.
 *
 * @example dependsOnPast: ({ logicalDate }) => logicalDate.getUTCDate() !== 1
 */
export type PastDecider = (facts: PastFacts) => boolean | Promise<boolean>;
