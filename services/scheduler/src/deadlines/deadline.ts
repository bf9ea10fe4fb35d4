/** Deadlines as their owner holds them. */

import type { ShardFence } from "@millrace/db";
import type { ActiveRun, OwnedDag, QueuedRun, Version } from "../runs/run.ts";
import type { Step } from "../flush/step.ts";

/** How long the newest runs of a DAG took. */
export type History = {
  /** Of runs, newest first. Milliseconds. */
  readonly runtimes: readonly number[];
  /** By task id, newest first: from the start of the run to the task's end, where it succeeded. */
  readonly taskEnds: ReadonlyMap<string, readonly number[]>;
  /** By task id: how long it takes as a rule, from the start of its first instance to the end of its last. */
  readonly durations: ReadonlyMap<string, number>;
};

/** A deadline that was neither kept nor missed. */
export type OpenOne = {
  readonly runKey: number;
  /** -1 for one of the run. */
  readonly ix: number;
  /** Its place in the spec. */
  readonly ordinal: number;
  readonly dueAt: number;
  isAtRisk: boolean;
  /** Until what is told of it is known to be written, or is not for this owner to tell any more; null when nothing is. */
  telling: Promise<void> | null;
};

/** A run with such. */
export type WatchedRun = {
  readonly key: number;
  readonly dag: Pick<OwnedDag, "dagId" | "shard">;
  readonly version: Version;
  readonly history: History | null;
  readonly open: Set<OpenOne>;
  /** When it is estimated next whether they will be kept; null when nothing is to be. */
  nextLookAt: number | null;
};

/** Something of deadlines that is due at a time; `one` is null for the next estimate. */
export type DeadlineDue = {
  readonly kind: "deadline";
  readonly watched: WatchedRun;
  readonly one: OpenOne | null;
  readonly at: number;
};

export type Deadlines = {
  /** A run is there, or there again, and waits to be started. */
  onBorn(dag: OwnedDag, run: QueuedRun): void;
  /** A run has come into memory. */
  onArrived(run: ActiveRun): void;
  /** What has become durable. */
  onWritten(steps: readonly Step[]): void;
  onDue(due: DeadlineDue): void;
  isLive(due: DeadlineDue): boolean;
  /** Of shards that were taken over: those of failed runs, until they are there or nobody here owns the shards. */
  loadShards(shards: readonly ShardFence[]): Promise<void>;
  dropShards(shards: ReadonlySet<number>): void;
  dropDag(dagId: string): void;
};
