/** What a task waits for in another DAG, and what was found there (semantics 9.4). Plain data. */

import type { EpochMs } from "../spec/spec.ts";

/** How runs and task instances end. No run is skipped or upstream_failed. */
export const endStates = ["success", "failed", "skipped", "upstream_failed"] as const;
export type EndState = (typeof endStates)[number];

/** Runs of a DAG, or tasks and groups in them. With `runId` that run alone, else one for each of the dates. */
export type ExternalWait = {
  readonly dagId: string;
  readonly runId: string | null;
  readonly logicalDates: readonly EpochMs[];
  /** Both empty: the runs as a whole. */
  readonly taskIds: readonly string[];
  readonly groupIds: readonly string[];
  /** The wait ends once everything is in one of these. */
  readonly allowed: readonly EndState[];
  /** One of these fails it. */
  readonly failed: readonly EndState[];
  /** One of these skips the task. */
  readonly skipped: readonly EndState[];
  /** A run that is final without everything being in an allowed state fails it too. */
  readonly isStrict: boolean;
  /** Skips the task where it would fail. */
  readonly softFail: boolean;
  /** Fails for good when there is no such DAG, task or group. */
  readonly checksExistence: boolean;
};

/** What was found of it at one moment. */
export type ExternalFound = {
  /** `inactive`: its file is gone. */
  readonly dag: "there" | "inactive" | "missing";
  /** Of the DAG's newest version. */
  readonly unknownTaskIds: readonly string[];
  readonly unknownGroupIds: readonly string[];
  /** Those that exist. */
  readonly runs: readonly ExternalRun[];
};

export type ExternalRun = {
  readonly runId: string;
  readonly runName: string;
  readonly logicalDate: EpochMs | null;
  readonly state: "queued" | "running" | "success" | "failed";
  /** The tasks and groups that are waited for; empty when the run as a whole is. */
  readonly parts: readonly ExternalPart[];
};

/** A task or a group of a run. */
export type ExternalPart = {
  readonly id: string;
  readonly kind: "task" | "group";
  /** Whether the run's version has it. */
  readonly exists: boolean;
  /** Its task instances by state name; those that have not begun are "none". */
  readonly counts: Readonly<Record<string, number>>;
};
