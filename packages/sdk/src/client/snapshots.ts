/** What the client gives its users: plain facts of DAGs, runs and task instances as they were at a moment. */

import type { Failure, RunStateName, RunTypeName, TaskStateName } from "@millrace/engine";
import type { WaitSnapshot } from "./waits.ts";

export type DagSnapshot = {
  readonly id: string;
  readonly version: number;
  readonly description: string;
  readonly tags: readonly string[];
  readonly owner: string;
  readonly isPaused: boolean;
  /** False once its file is gone; its history stays. */
  readonly isActive: boolean;
  /** As written, such as "@daily"; null when there is none. */
  readonly schedule: string | null;
  readonly nextRunAt: Date | null;
};

export type RunSnapshot = {
  readonly id: string;
  readonly dagId: string;
  readonly dagVersion: number;
  /** Unique within the DAG, such as "manual__2026-01-01T00:00:00+00:00". */
  readonly name: string;
  /** "unknown" for a state that this version does not know; such a run is not final. */
  readonly state: RunStateName | "unknown";
  readonly type: RunTypeName | "unknown";
  readonly logicalDate: Date | null;
  /** The part of the data that it is about; null for none. */
  readonly partitionKey: string | null;
  readonly params: unknown;
  readonly queuedAt: Date | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Set when the state is "failed". */
  readonly failure: Failure | null;
  /** Task instances by state. */
  readonly counts: StateCounts;
  readonly note: string;
};

export type TaskSnapshot = {
  readonly taskId: string;
  /** Null for a task that is not mapped. */
  readonly mapIndex: number | null;
  readonly state: TaskStateName | "unknown";
  /** The attempt it is in, from 1; 0 before the first. */
  readonly tryNumber: number;
  readonly maxTries: number;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly retryAt: Date | null;
  /** When a sensor looks again. */
  readonly rescheduleAt: Date | null;
  /** What it waits for; null unless it is "deferred" or "awaiting_input". */
  readonly waiting: WaitSnapshot | null;
  readonly worker: string;
  readonly failure: Failure | null;
  /** What people call an instance of a mapped task; null for its index. */
  readonly mapIndexLabel: string | null;
  /** Of a branch: the cases it chose. */
  readonly chosenCases: readonly string[];
  /** Set where one entry stands for all instances of a mapped task; its `state` is the one that needs a look first. */
  readonly mapped: MappedSnapshot | null;
};

/** The instances of a mapped task, in numbers. */
export type MappedSnapshot = {
  /** How many there are; null while that is not known. */
  readonly length: number | null;
  readonly counts: StateCounts;
};

/** Task instances by state. */
export type StateCounts = Readonly<Partial<Record<TaskStateName | "unknown", number>>>;

/** What a change touched, or would touch. */
export type TaskChanges = {
  /** How many task instances in all. */
  readonly count: number;
  /** The first 1000. */
  readonly tasks: readonly AffectedTask[];
};

export type AffectedTask = {
  readonly runId: string;
  readonly taskId: string;
  /** Null for a task that is not mapped. */
  readonly mapIndex: number | null;
  /** Before the change. */
  readonly state: TaskStateName | "unknown";
  /** Whether it was not asked for by itself: a setup or teardown that goes along, or what the change entails. */
  readonly isImplied: boolean;
};

/**
 * One message of `watch()`: the run as it is now, and the tasks of which something changed since the message before. One
 * entry stands for all instances of a mapped task.
 */
export type RunUpdate = {
  readonly run: RunSnapshot;
  readonly tasks: readonly TaskSnapshot[];
};
