/** DAGs and their active runs as their owner holds them: the engine's state, the facts of rows, and who runs what. */

import type { ActiveRunRow } from "@millrace/db";
import type { CompiledDag, Run, RunState } from "@millrace/engine";
import { createRun } from "@millrace/engine";

/** A compiled DAG version, shared by its runs. */
export type Version = {
  readonly id: number;
  /** 1, 2, 3 … within the DAG. */
  readonly number: number;
  readonly compiled: CompiledDag;
  readonly bundleDigest: string;
};

/** The facts of a run that never change. */
export type RunFacts = Pick<
  ActiveRunRow,
  | "id"
  | "dagId"
  | "dagVersionId"
  | "shard"
  | "runType"
  | "runName"
  | "logicalAt"
  | "intervalStartAt"
  | "intervalEndAt"
  | "runAfter"
  | "queuedAt"
>;

/** A run that waits to be started. */
export type QueuedRun = {
  readonly facts: RunFacts;
  /** Null when they are too many bytes to keep; read again at the start. */
  readonly params: Uint8Array | null;
  readonly seq: number;
};

/** An attempt that a session runs. */
export type Bound = {
  readonly run: ActiveRun;
  readonly ix: number;
  readonly attempt: number;
  readonly sessionKey: number;
  /** Whether this owner has told the session of it. Of what it took over it cannot know: the owner before may have died in between. */
  isTold: boolean;
  /** Inventories in a row, since then, that did not name it. */
  misses: number;
};

/** A DAG of an owned shard. */
export type OwnedDag = {
  readonly dagId: string;
  readonly shard: number;
  /** `dag_version.id` of the newest version, which new runs are pinned to. */
  versionId: number;
  /** That version; null until something needs it. */
  newest: Version | null;
  isPaused: boolean;
  isActive: boolean;
  hasSchedule: boolean;
  /** Ticks up to here are over. Milliseconds since 1970. */
  scheduledThrough: number;
  /** What the row says of the next tick, and the tick a timer is set for. */
  nextRunAt: number | null;
  changedSeq: number;
  /** Runs in state running. */
  readonly running: Set<ActiveRun>;
  /** Runs in state queued, oldest first. */
  readonly queued: Map<number, QueuedRun>;
  /** True while a tick is being made into a run. */
  isTicking: boolean;
  /** The name given last: two runs asked for in the same millisecond must differ. */
  lastRunName: string;
};

export type ActiveRun = {
  readonly key: number;
  readonly dagId: string;
  readonly shard: number;
  readonly facts: RunFacts;
  readonly params: Uint8Array;
  readonly dag: OwnedDag;
  readonly version: Version;
  readonly engine: Run;
  /** By task index, milliseconds since 1970; 0 where there is none. */
  readonly readyAt: Float64Array;
  readonly startedAt: Float64Array;
  readonly retryAt: Float64Array;
  /** By task index: the session of the newest grant; 0 where there is none. */
  readonly sessionKey: Int32Array;
  /** By task index: attempts that run now. */
  readonly bound: Map<number, Bound>;
  /** Number of the last event written, or on its way. */
  seq: number;
  /** The run's state as of the changes recorded for writing. */
  recordedState: RunState;
  /** Monotonic moment of the last refresh of the row's summary, and the event number it told. */
  summaryAtMs: number;
  summarySeq: number;
  /** Set once it has left memory: what still points to it must not act on it. */
  isGone: boolean;
};

export function activeRun(
  source: { readonly facts: RunFacts; readonly params: Uint8Array; readonly seq: number },
  dag: OwnedDag,
  version: Version,
  engine: Run = createRun(version.compiled, source.facts.logicalAt),
): ActiveRun {
  const count = version.compiled.tasks.length;
  return {
    key: source.facts.id,
    dagId: source.facts.dagId,
    shard: source.facts.shard,
    facts: source.facts,
    params: source.params,
    dag,
    version,
    engine,
    readyAt: new Float64Array(count),
    startedAt: new Float64Array(count),
    retryAt: new Float64Array(count),
    sessionKey: new Int32Array(count),
    bound: new Map(),
    seq: source.seq,
    recordedState: engine.state,
    summaryAtMs: -Infinity,
    summarySeq: -1,
    isGone: false,
  };
}

export function factsOf(row: ActiveRunRow): RunFacts {
  const { id, dagId, dagVersionId, shard, runType, runName, runAfter, queuedAt } = row;
  const { logicalAt, intervalStartAt, intervalEndAt } = row;
  return {
    id,
    dagId,
    dagVersionId,
    shard,
    runType,
    runName,
    logicalAt,
    intervalStartAt,
    intervalEndAt,
    runAfter,
    queuedAt,
  };
}
