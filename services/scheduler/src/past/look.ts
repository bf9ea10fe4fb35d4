/** Tasks that depend on the past, as the rest of an owner knows them. */

import type { RunBefore } from "@millrace/db";
import type { CompiledDag, InstanceRef, PastLook, PastOfTask } from "@millrace/engine";
import type { Place, ReadyTasks } from "../dispatch/ready-queue.ts";
import type { ActiveRun, RunFacts, Version } from "../runs/run.ts";
import type { Step } from "../flush/step.ts";

export type Past = {
  /** Takes instances that are ready aside when the past holds them; false when it does not. */
  takes(run: ActiveRun, place: Place, tasks: ReadyTasks): boolean;
  /** What holds an instance; as far as it is known here. */
  look(run: ActiveRun, ref: InstanceRef): PastLook;
  /** The same for whoever can wait; of a run that need not be in memory. */
  explain(subject: PastSubject): Promise<(ref: InstanceRef) => PastLook>;
  /** Whether runs of a DAG in memory have tasks that are ready, or were, and depend on the past. */
  concerns(dagId: string): boolean;
  /** Whether tasks of a run wait aside. */
  holds(run: ActiveRun): boolean;
  /** A run is there, or there again: it may come between others. */
  onBorn(dagId: string, facts: RunFacts): void;
  /** A run has come into memory. */
  onArrived(run: ActiveRun): void;
  /** A run has left memory. */
  onLeft(run: ActiveRun): void;
  /** Runs were deleted. */
  onDeleted(runKeys: readonly number[]): void;
  /** Something of a run has changed in memory. */
  onChanged(run: ActiveRun): void;
  /** What has become durable. */
  onWritten(steps: readonly Step[]): void;
};

/** Whose past is asked for. */
export type PastSubject = {
  readonly key: number;
  readonly dagId: string;
  readonly facts: Pick<RunFacts, "logicalAt" | "backfill">;
  readonly compiled: CompiledDag;
};

/** The run before: what of it never changes. */
export type Before = RunBefore & { readonly version: Version };

export type PastRead = {
  /** Null when there is none. */
  readonly before: Before | null;
  /** By task id, of those that count: what the rows say. */
  readonly tasks: ReadonlyMap<string, PastOfTask>;
  /** Tasks that the run before lacks, and an earlier one has. */
  readonly elsewhere: ReadonlySet<string>;
};
