/** What a flush writes: plain rows, named as the engine names them. Instants are milliseconds since 1970. */

import type { RunState, TaskState } from "@millrace/engine";

import type { RequestKey } from "./requests.ts";

/** The caller's claim: it owned the shard with this epoch when it decided. */
export type ShardFence = { readonly shard: number; readonly epoch: number };

/**
 * A row of an attempt changes its state otherwise than by a grant: the attempt ended, was lost or given back, was cleared
 * or marked, or its wait is over. `sql/flush.sql` says what may become what.
 */
export type FinishedRow = {
  readonly runId: number;
  readonly ix: number;
  readonly mapIx: number;
  /** At least 1; the row must still be at this attempt. */
  readonly attempt: number;
  readonly state: TaskState;
  readonly uncounted: number;
  readonly losses: number;
  /** With `up_for_retry` and `up_for_reschedule` only. */
  readonly waitUntil: number | null;
  /** A person says so: `success`, `failed` and `skipped` then replace any other state. */
  readonly isMarked: boolean;
  /** With `success` only: what the body returned, as codec JSON. */
  readonly out: Uint8Array | null;
  /** millrace.v1.Failure. Null keeps what the row has, where the state allows a failure at all. */
  readonly failure: Uint8Array | null;
  /** With `success` only; empty for none. */
  readonly lengths: readonly number[];
  /** With `success` only. */
  readonly choice: readonly string[] | null;
  /** Cut at 250 characters. Null, or empty, keeps what the row has. */
  readonly mapIndexLabel: string | null;
  /**
   * millrace.internal.v1.DeferralRow. With `deferred` and `awaiting_input` always; with `scheduled` when such a wait is
   * over: null then keeps what the row has, for the attempt that goes on with it and was lost.
   */
  readonly deferral: Uint8Array | null;
  /** With `none` and `removed`, as `StartedRow.waited`. */
  readonly waited: Waited | null;
};

/** How an attempt ended that gave its slot back and whose wait is over: the row says `scheduled` then, as of a lost one. */
export type Waited = typeof TaskState.deferred | typeof TaskState.awaiting_input;

/**
 * An attempt is granted: a new row, born running, or the next attempt of a row that is cleared or waits for it. Values
 * that earlier attempts left under keys are deleted, unless it goes on after a deferral.
 */
export type StartedRow = {
  readonly runId: number;
  readonly ix: number;
  readonly mapIx: number;
  /** 1 for a new row; otherwise one more than the row has. */
  readonly attempt: number;
  readonly uncounted: number;
  readonly losses: number;
  readonly sessionKey: number;
  readonly readyAt: number | null;
  /** Set when the attempt before this one ended in a wait that is over; null when it was lost, given back or failed. */
  readonly waited: Waited | null;
};

/**
 * A task instance that has never been granted gets a state: skipped, upstream_failed, removed, failed by the server,
 * marked by a person, or `none` when any of these is cleared. Whether it has a row already makes no difference.
 */
export type SettledRow = {
  readonly runId: number;
  readonly ix: number;
  readonly mapIx: number;
  readonly state: TaskState;
  /** millrace.v1.Failure; with `failed` only. */
  readonly failure: Uint8Array | null;
  /** With `success` only: a branch that was marked. */
  readonly choice: readonly string[] | null;
};

/** A mapped task was expanded, or the number of its instances has changed. */
export type ExpansionRow = {
  readonly runId: number;
  readonly ix: number;
  /** -1 when it is not known any more. */
  readonly length: number;
};

/** A value a body left under a key, written if its finished row takes effect. */
export type XcomRow = {
  /** Index into `finished`. */
  readonly finished: number;
  readonly key: string;
  readonly value: Uint8Array;
};

/** People are asked, or are asked no more; written if its finished row takes effect. */
export type InputRow = {
  /** Index into `finished`: of the row that begins to await input, or of the one that ends that at the same attempt. */
  readonly finished: number;
  /** millrace.v1.InputState: 1 open, 2 answered, 3 timed out, 4 withdrawn. Only an open one is closed. */
  readonly state: 1 | 2 | 3 | 4;
  /** With 1 only: millrace.v1.InputForm. */
  readonly form: Uint8Array | null;
  /** With 1 only. */
  readonly timeoutAt: number | null;
  /** With 2 only, such as `user:admin`. */
  readonly answeredBy: string | null;
  /** With 2 only: codec JSON. */
  readonly answer: Uint8Array | null;
};

/** A callback is to run. One that is there already becomes pending anew. */
export type CallbackRow = {
  readonly runId: number;
  /** -1 for callbacks of the run. */
  readonly ix: number;
  readonly mapIx: number;
  /** Of the run: how often it has ended. Of a deadline: its place in the spec, from 1. */
  readonly attempt: number;
  /** millrace.v1.CallbackEvent: 1 success, 2 failure, 3 retry, 4 skipped, 5 deadline missed, 6 deadline at risk. */
  readonly event: 1 | 2 | 3 | 4 | 5 | 6;
  /** The callback's place in the spec. */
  readonly ordinal: number;
  readonly happenedAt: number;
  /** millrace.v1.Failure: what happened to the task or the run; null when nothing failed. */
  readonly cause: Uint8Array | null;
};

/** What a success says of an asset: an event, written if its finished row takes effect. */
export type AssetEventRow = {
  /** Index into `finished`. */
  readonly finished: number;
  readonly dagId: string;
  readonly taskId: string;
  readonly uri: string;
  /** Used if no asset has this uri yet. */
  readonly group: string;
  /** The aliases for which the asset was named; empty when the task names it itself. */
  readonly aliases: readonly string[];
  /** Codec JSON; null for none. */
  readonly extra: Uint8Array | null;
  /** The part of the data that it is about; null for none. */
  readonly partitionKey: string | null;
};

/** Facts of a run that change while it runs. A final run stays final until `isReopened`. */
export type RunUpdate = {
  readonly id: number;
  readonly state: RunState;
  /** Grows with every write of the run; an older one changes nothing. */
  readonly revision: number;
  /** Task instances by state code 1..14: 14 numbers. */
  readonly counts: ArrayLike<number>;
  /** millrace.v1.Failure; with state failed, or while running when a person has said that it will fail. */
  readonly failure: Uint8Array | null;
  readonly isCancelRequested: boolean;
  /**
   * The run was final and is opened again: it is queued anew, and begins, ends, fails and is cancelled as if for the
   * first time. `state` may already be a later one.
   */
  readonly isReopened: boolean;
};

/**
 * What this flush changes in one run; at most one for each run. Whatever else the batch holds of the run is written with
 * it, and only then: that its number is new is what makes a repeated or late batch change nothing. A run update without
 * an event refreshes a summary.
 */
export type EventRow = {
  readonly runId: number;
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  readonly runState: RunState;
  /** Quadruples ix, mapIx, state, attempt. */
  readonly changes: ArrayLike<number>;
};

/** The answer to a request that the batch carries out in a run; the first one stays. */
export type AnswerRow = RequestKey & { readonly runId: number; readonly answer: Uint8Array };

/**
 * A task instance may appear once in a batch, over finished, started and settled together: an attempt that ended and its
 * successor belong into two flushes. So may a task in `expansions`, and a run in `runs` and in `events`. Every run of which
 * there are rows has an event. Runs are there already (`createRuns`), belong to the batch's shards, and a shard's batches
 * go through one lane, one after the other.
 */
export type FlushBatch = {
  readonly shards: ShardFence[];
  readonly finished: FinishedRow[];
  readonly started: StartedRow[];
  readonly settled: SettledRow[];
  readonly xcoms: XcomRow[];
  readonly expansions: ExpansionRow[];
  readonly inputs: InputRow[];
  readonly callbacks: CallbackRow[];
  readonly assetEvents: AssetEventRow[];
  readonly runs: RunUpdate[];
  readonly events: EventRow[];
  readonly answers: AnswerRow[];
};

export function newFlushBatch(): FlushBatch {
  return {
    shards: [],
    finished: [],
    started: [],
    settled: [],
    xcoms: [],
    expansions: [],
    inputs: [],
    callbacks: [],
    assetEvents: [],
    runs: [],
    events: [],
    answers: [],
  };
}

/** A part of a batch: what it holds of some runs. Its shards stay. */
export function batchOfRuns(batch: FlushBatch, isWanted: (runId: number) => boolean): FlushBatch {
  const ofWanted = <T extends { readonly runId: number }>(rows: readonly T[]): T[] =>
    rows.filter((row) => isWanted(row.runId));
  const finished = ofWanted(batch.finished);
  const places = new Map(finished.map((row, place) => [row, place]));
  const ofFinished = <T extends { readonly finished: number }>(rows: readonly T[]): T[] =>
    rows.flatMap((row) => {
      const place = places.get(batch.finished[row.finished]!);
      return place === undefined ? [] : [{ ...row, finished: place }];
    });
  return {
    shards: batch.shards,
    finished,
    started: ofWanted(batch.started),
    settled: ofWanted(batch.settled),
    xcoms: ofFinished(batch.xcoms),
    expansions: ofWanted(batch.expansions),
    inputs: ofFinished(batch.inputs),
    callbacks: ofWanted(batch.callbacks),
    assetEvents: ofFinished(batch.assetEvents),
    runs: batch.runs.filter((run) => isWanted(run.id)),
    events: ofWanted(batch.events),
    answers: ofWanted(batch.answers),
  };
}
