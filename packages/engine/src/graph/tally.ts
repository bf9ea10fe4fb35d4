/**
 * The counters by which an instance is judged: how many of the instances before it are in which final state. Rows of
 * numbers in one array; a task that no setup and no teardown concerns has a short row.
 */

import { TaskState } from "../spec/states.ts";

/** Columns of a row. */
export const column = {
  success: 0,
  failed: 1,
  upstreamFailed: 2,
  skipped: 3,
  removed: 4,
  /** Instances before it, final or not. */
  upstream: 5,
  /** Of these, setups: counted for the rule all_done_setup_success alone. */
  setups: 6,
  setupSuccess: 7,
  setupSkipped: 8,
  /** Setups that it needs and that are not directly before it (semantics 2.4). */
  needed: 9,
  neededSuccess: 10,
  neededFailed: 11,
  neededSkipped: 12,
  neededRemoved: 13,
  /** What is in the scope of a teardown (semantics 2.4). */
  scope: 14,
  scopeDone: 15,
} as const;

export const tallyWidth = 6;
export const wideTallyWidth = 16;

/** What a task is to one after it, beside being upstream. */
export const linkKind = { setup: 0, needed: 1, scope: 2 } as const;
export type LinkKind = (typeof linkKind)[keyof typeof linkKind];

/** The column that a final state counts in. */
export function columnOf(state: TaskState): number {
  return outcomes[state] ?? -1;
}

/** The column that a final state counts in over a link; -1 for none. */
export function linkColumnOf(kind: LinkKind, state: TaskState): number {
  if (kind === linkKind.scope) return columnOf(state) < 0 ? -1 : column.scopeDone;
  return (kind === linkKind.setup ? setupOutcomes : neededOutcomes)[state] ?? -1;
}

/** The column of all instances at the other end of a link. */
export const totalColumn = [column.setups, column.needed, column.scope] as const;

const outcomes: Readonly<Partial<Record<TaskState, number>>> = {
  [TaskState.success]: column.success,
  [TaskState.failed]: column.failed,
  [TaskState.upstream_failed]: column.upstreamFailed,
  [TaskState.skipped]: column.skipped,
  [TaskState.removed]: column.removed,
};

const setupOutcomes: Readonly<Partial<Record<TaskState, number>>> = {
  [TaskState.success]: column.setupSuccess,
  [TaskState.skipped]: column.setupSkipped,
};

const neededOutcomes: Readonly<Partial<Record<TaskState, number>>> = {
  [TaskState.success]: column.neededSuccess,
  [TaskState.failed]: column.neededFailed,
  [TaskState.upstream_failed]: column.neededFailed,
  [TaskState.skipped]: column.neededSkipped,
  [TaskState.removed]: column.neededRemoved,
};
