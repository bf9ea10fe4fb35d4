/** What a flush writes: plain rows, named as the engine names them. Instants are milliseconds since 1970. */

import type { RunState, TaskState } from "@millrace/engine";

/** The caller's claim: it owned the shard with this epoch when it decided. */
export type ShardFence = { readonly shard: number; readonly epoch: number };

/** A row that exists and is open leaves its state: an attempt ended, was lost or given back, or a wait is over. */
export type FinishedRow = {
  readonly runId: number;
  readonly ix: number;
  readonly mapIx: number;
  /** The row must still be at this attempt. */
  readonly attempt: number;
  readonly state: TaskState;
  readonly lost: number;
  /** With `up_for_retry` only. */
  readonly retryAt: number | null;
  /** With `success` only: what the body returned, as codec JSON. */
  readonly out: Uint8Array | null;
  /** millrace.v1.Failure. Null keeps what the row has, where the state allows a failure at all. */
  readonly failure: Uint8Array | null;
};

/** An attempt is granted: a new row, born running, or the next attempt of a row that waits for it. */
export type StartedRow = {
  readonly runId: number;
  readonly ix: number;
  readonly mapIx: number;
  /** 1 for a new row; otherwise one more than the row has. */
  readonly attempt: number;
  readonly lost: number;
  readonly sessionKey: number;
  readonly readyAt: number | null;
};

/** A task that reaches a final state without ever having started: skipped, upstream_failed, or failed by a cancel. */
export type SettledRow = {
  readonly runId: number;
  readonly ix: number;
  readonly mapIx: number;
  readonly state: TaskState;
};

/** A value a body left under a key, written if its finished row takes effect. */
export type XcomRow = {
  /** Index into `finished`. */
  readonly finished: number;
  readonly key: string;
  readonly value: Uint8Array;
};

/** Facts of a run that change while it runs. */
export type RunUpdate = {
  readonly id: number;
  readonly state: RunState;
  /** Grows with every write of the run; an older one changes nothing. */
  readonly revision: number;
  /** Task instances by state code 1..14: 14 numbers. */
  readonly counts: ArrayLike<number>;
  /** millrace.v1.Failure; with state failed only. */
  readonly failure: Uint8Array | null;
  readonly isCancelRequested: boolean;
};

/** What this flush changes in one run; at most one for each run. */
export type EventRow = {
  readonly runId: number;
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  readonly runState: RunState;
  /** Quadruples ix, mapIx, state, attempt. */
  readonly changes: ArrayLike<number>;
};

/**
 * A task instance may appear once in a batch, over finished, started and settled together: an attempt that ended and its
 * successor belong into two flushes. So may a run, in `runs` and in `events`. Runs are there already (`createRuns`), belong to
 * the batch's shards, and a shard's batches go through one lane, one after the other.
 */
export type FlushBatch = {
  readonly shards: ShardFence[];
  readonly finished: FinishedRow[];
  readonly started: StartedRow[];
  readonly settled: SettledRow[];
  readonly xcoms: XcomRow[];
  readonly runs: RunUpdate[];
  readonly events: EventRow[];
};

export function newFlushBatch(): FlushBatch {
  return {
    shards: [],
    finished: [],
    started: [],
    settled: [],
    xcoms: [],
    runs: [],
    events: [],
  };
}
