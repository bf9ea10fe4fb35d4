/** What the client gives its users: plain facts of DAGs, runs and task instances as they were at a moment. */

import type { Failure, RunStateName, TaskStateName } from "@millrace/engine";

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
  readonly type: "scheduled" | "manual" | "unknown";
  readonly logicalDate: Date | null;
  readonly params: unknown;
  readonly queuedAt: Date | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Set when the state is "failed". */
  readonly failure: Failure | null;
  /** Task instances by state. */
  readonly counts: Readonly<Partial<Record<TaskStateName | "unknown", number>>>;
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
  readonly worker: string;
  readonly failure: Failure | null;
};

/** One message of `watch()`: the run as it is now, and the task instances that changed since the message before. */
export type RunUpdate = {
  readonly run: RunSnapshot;
  readonly tasks: readonly TaskSnapshot[];
};
