/** A run that is going to be made, and what decides about it. */

import type { DagSpec, EpochMs } from "../spec/spec.ts";

export type DataInterval = { readonly start: EpochMs; readonly end: EpochMs };

export type PlannedRun = {
  readonly logicalDate: EpochMs;
  readonly dataInterval: DataInterval;
  readonly runAfter: EpochMs;
};

/** What of a DAG decides when it runs. */
export type Planned = Pick<DagSpec, "dagId" | "schedule" | "startDate" | "endDate" | "catchup"> &
  Partial<Pick<DagSpec, "startingDeadlineMs">>;

export type PlanInput = {
  readonly now: EpochMs;
  /** The data interval of the newest automated run; null when there was none. */
  readonly last: DataInterval | null;
  /**
   * Without catch-up, what a clock showed up to this moment is over, run or not: the DAG was not there, or paused. Null for
   * nothing.
   */
  readonly through: EpochMs | null;
};

/** A run about one moment. */
export function atInstant(at: EpochMs): PlannedRun {
  return { logicalDate: at, dataInterval: { start: at, end: at }, runAfter: at };
}

/** A run about what lies between two moments, due at the second. */
export function overInterval(start: EpochMs, end: EpochMs): PlannedRun {
  return { logicalDate: start, dataInterval: { start, end }, runAfter: end };
}
