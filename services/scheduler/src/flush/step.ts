/** What must be written of a run, in steps: each step is one part of one flush, and steps go in order. */

import type { AnswerRow, CallbackRow, FlushBatch } from "@millrace/db";
import { RunState, TaskState, type Change, type Failure, type InstanceRef } from "@millrace/engine";
import { failureToProto } from "@millrace/wire";
import { FailureSchema } from "@millrace/wire/v1";
import { toBinary } from "@bufbuild/protobuf";
import type { MadeEvent } from "../assets/outlet-events.ts";
import type { ActiveRun } from "../runs/run.ts";
import type { WaitRecord } from "../waits/waits.ts";

export type Xcom = { readonly key: string; readonly value: Uint8Array };

/** A task instance's change, with what its row and its readers need beside it. */
export type Recorded = Omit<Change, "deferral"> &
  WaitRecord & {
    /** When it happened, on the database's clock. */
    readonly at: number;
    readonly sessionKey: number;
    readonly readyAt: number;
    readonly startedAt: number;
    readonly out: Uint8Array | null;
    readonly xcoms: readonly Xcom[];
    /** Of assets, that a success makes. */
    readonly assetEvents: readonly MadeEvent[];
    /** What people call the instance; empty for its index. */
    readonly mapIndexLabel: string;
    /** A person says so. */
    readonly isMarked: boolean;
  };

/** A grant to be sent to its session once it is durable. */
export type Grant = InstanceRef & {
  readonly run: ActiveRun;
  readonly attempt: number;
  readonly sessionKey: number;
};

export type Step = {
  readonly run: ActiveRun;
  /** By instance key: a row changes once in a step. */
  readonly records: Map<number, Recorded>;
  /** Numbers of instances by task index. */
  readonly expanded: Map<number, number>;
  /** The run's state at its end. */
  state: RunState;
  failure: Failure | null;
  /** The run's own row has changed, not only its tasks. */
  hasRunChanged: boolean;
  /** The run was final before it. */
  isReopened: boolean;
  readonly grants: Grant[];
  /** Bodies to stop. */
  readonly stops: Grant[];
  /** Callbacks that it causes. */
  readonly callbacks: CallbackRow[];
  /** Answers to the requests that it carries out. */
  readonly answers: AnswerRow[];
  /** Task instances by state at its end; null for those at the time it is sent. */
  counts: readonly number[] | null;
  /** It is durable. */
  isWritten: boolean;
  /** Event number; given when the step is sent. */
  seq: number;
  /** Settled when the step is durable, or will never be. */
  readonly done: PromiseWithResolvers<void>;
};

export function newStep(run: ActiveRun): Step {
  const done = Promise.withResolvers<void>();
  // Most steps have nobody waiting for them; a failure is the flush loop's to handle.
  done.promise.catch(() => undefined);
  return {
    run,
    records: new Map(),
    expanded: new Map(),
    state: run.recordedState,
    failure: run.recordedFailure,
    hasRunChanged: false,
    isReopened: false,
    grants: [],
    stops: [],
    callbacks: [],
    answers: [],
    counts: null,
    isWritten: false,
    seq: 0,
    done,
  };
}

export function encodeFailure(failure: Failure | null): Uint8Array | null {
  return failure === null ? null : toBinary(FailureSchema, failureToProto(failure));
}

/** Appends a step to a batch, as rows. `isSummaryDue`: the run's summary is refreshed with it. */
export function appendStep(batch: FlushBatch, step: Step, isSummaryDue: boolean): void {
  const { run } = step;
  const changes: number[] = [];
  for (const record of step.records.values()) {
    changes.push(record.ix, record.mapIx, record.state, record.attempt);
    appendRecord(batch, run.key, record);
  }
  for (const [ix, length] of step.expanded) batch.expansions.push({ runId: run.key, ix, length });
  if (hasEvent(step)) {
    batch.events.push({ runId: run.key, seq: step.seq, runState: step.state, changes });
  }
  if (step.hasRunChanged || isSummaryDue) {
    batch.runs.push({
      id: run.key,
      state: step.state,
      revision: step.seq,
      counts: step.counts ?? run.engine.counts.subarray(1),
      failure: encodeFailure(step.failure),
      isCancelRequested: run.engine.cancelRequested,
      isReopened: step.isReopened,
    });
  }
  batch.callbacks.push(...step.callbacks);
  batch.answers.push(...step.answers);
}

function appendRecord(batch: FlushBatch, runId: number, record: Recorded): void {
  const { ix, mapIx, state, attempt, uncounted, losses, choice } = record;
  if (state === TaskState.running) {
    const { sessionKey } = record;
    const readyAt = record.readyAt === 0 ? null : record.readyAt;
    const { waited } = record;
    batch.started.push({
      ...{ runId, ix, mapIx, attempt, uncounted, losses, sessionKey, readyAt, waited },
    });
    return;
  }
  const failure = encodeFailure(record.failure);
  if (attempt === 0) {
    // Only a task that was granted, or settled without that, has a row.
    batch.settled.push({ runId, ix, mapIx, state, failure, choice });
    return;
  }
  for (const { key, value } of record.xcoms) {
    batch.xcoms.push({ finished: batch.finished.length, key, value });
  }
  for (const event of record.assetEvents)
    batch.assetEvents.push({ ...event, finished: batch.finished.length });
  if (record.input !== null)
    batch.inputs.push({ ...record.input, finished: batch.finished.length });
  const { waitUntil, isMarked, out, lengths, mapIndexLabel, deferral, waited } = record;
  batch.finished.push({
    ...{ runId, ix, mapIx, attempt, state, uncounted, losses, waitUntil, isMarked, out, failure },
    ...{ lengths, choice, mapIndexLabel, deferral, waited },
  });
}

/** Whether something of the run has changed, and not only its summary is to be refreshed. */
export function hasEvent({ records, expanded, hasRunChanged }: Step): boolean {
  return hasRunChanged || records.size > 0 || expanded.size > 0;
}

/** Rows of task instances in a step; at least one, so that a batch of steps is never endless. */
export function rowsOfStep(step: Step): number {
  return Math.max(1, step.records.size);
}

export function isFinalState(state: RunState): boolean {
  return state === RunState.success || state === RunState.failed;
}
