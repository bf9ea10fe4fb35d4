/** What an owner reads of runs and their task instances: at take-over, after a failed flush, and for late results. */

import type { EpochMs, RunState, TaskState } from "@millrace/engine";
import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

/** A run that is queued or running. */
export type ActiveRunRow = {
  readonly id: number;
  readonly dagId: string;
  readonly dagVersionId: number;
  readonly shard: number;
  readonly state: RunState;
  /** 1 scheduled, 2 manual. */
  readonly runType: 1 | 2;
  readonly runName: string;
  readonly logicalAt: EpochMs | null;
  readonly intervalStartAt: EpochMs | null;
  readonly intervalEndAt: EpochMs | null;
  readonly runAfter: EpochMs;
  readonly params: Uint8Array;
  readonly queuedAt: EpochMs;
  readonly startedAt: EpochMs | null;
  readonly cancelRequestedAt: EpochMs | null;
  /** Number of its last event; 0 before the first. */
  readonly seq: number;
};

type RunRow = {
  id: number;
  dag_id: string;
  dag_version_id: number;
  shard: number;
  state: RunState;
  run_type: 1 | 2;
  run_name: string;
  logical_at: Date | null;
  interval_start_at: Date | null;
  interval_end_at: Date | null;
  run_after: Date;
  params: Buffer;
  queued_at: Date;
  started_at: Date | null;
  cancel_requested_at: Date | null;
  seq: number;
};

export type ActiveRunQuery = {
  readonly shards: readonly number[];
  /** Only runs with a greater id; default all. */
  readonly afterId?: number;
  readonly limit: number;
  /** Only these; default all. */
  readonly ids?: readonly number[];
};

/** Active runs of shards, oldest first. */
export async function listActiveRuns(db: Database, query: ActiveRunQuery): Promise<ActiveRunRow[]> {
  const values = [query.shards, query.afterId ?? 0, query.limit, query.ids ?? null];
  const rows = await rowsOf<RunRow>(db.pool, "owner_run_list", values);
  return rows.map((row) => ({
    id: row.id,
    dagId: row.dag_id,
    dagVersionId: row.dag_version_id,
    shard: row.shard,
    state: row.state,
    runType: row.run_type,
    runName: row.run_name,
    logicalAt: msOf(row.logical_at),
    intervalStartAt: msOf(row.interval_start_at),
    intervalEndAt: msOf(row.interval_end_at),
    runAfter: row.run_after.getTime(),
    params: row.params,
    queuedAt: row.queued_at.getTime(),
    startedAt: msOf(row.started_at),
    cancelRequestedAt: msOf(row.cancel_requested_at),
    seq: row.seq,
  }));
}

export type TaskInstanceRow = {
  readonly runId: number;
  readonly ix: number;
  readonly mapIx: number;
  readonly state: TaskState;
  readonly attempt: number;
  readonly lost: number;
  readonly sessionKey: number | null;
  readonly readyAt: EpochMs | null;
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly retryAt: EpochMs | null;
};

type TaskRow = {
  run_id: number;
  ix: number;
  map_ix: number;
  state: TaskState;
  attempt: number;
  lost: number;
  session_key: number | null;
  ready_at: Date | null;
  started_at: Date | null;
  ended_at: Date | null;
  retry_at: Date | null;
};

/** Task instances of runs that have a row, in the order of run, task and map index; without what they returned. */
export async function listTaskInstances(
  db: Database,
  runIds: readonly number[],
): Promise<TaskInstanceRow[]> {
  const rows = await rowsOf<TaskRow>(db.pool, "owner_task_list", [runIds]);
  return rows.map((row) => ({
    runId: row.run_id,
    ix: row.ix,
    mapIx: row.map_ix,
    state: row.state,
    attempt: row.attempt,
    lost: row.lost,
    sessionKey: row.session_key,
    readyAt: msOf(row.ready_at),
    startedAt: msOf(row.started_at),
    endedAt: msOf(row.ended_at),
    retryAt: msOf(row.retry_at),
  }));
}

export type TaskKey = { readonly runId: number; readonly ix: number };
export type TaskOutput = TaskKey & { readonly out: Uint8Array };

/** What task instances returned; those that returned nothing are left out. */
export async function readTaskOutputs(
  db: Database,
  keys: readonly TaskKey[],
): Promise<TaskOutput[]> {
  if (keys.length === 0) return [];
  type Row = { run_id: number; ix: number; out: Buffer };
  const values = [keys.map((key) => key.runId), keys.map((key) => key.ix)];
  const rows = await rowsOf<Row>(db.pool, "task_output_list", values);
  return rows.map((row) => ({ runId: row.run_id, ix: row.ix, out: row.out }));
}

export type AttemptKey = TaskKey & { readonly attempt: number };

/** How an attempt stands, of an active run or one long over. */
export type AttemptOutcome = AttemptKey & {
  readonly runState: RunState;
  readonly isCancelled: boolean;
  /** The task instance's newest attempt and its state; null when it has no row. */
  readonly newest: number | null;
  readonly state: TaskState | null;
  readonly out: Uint8Array | null;
  readonly failure: Uint8Array | null;
  /** Of an attempt before the newest: how it ended. */
  readonly earlierState: TaskState | null;
  readonly earlierFailure: Uint8Array | null;
};

type OutcomeRow = {
  id: number;
  ix: number;
  attempt: number;
  run_state: RunState;
  is_cancelled: boolean;
  newest: number | null;
  state: TaskState | null;
  out: Buffer | null;
  failure: Buffer | null;
  earlier_state: TaskState | null;
  earlier_failure: Buffer | null;
};

/** How attempts stand; those of runs that do not exist are left out. */
export async function readOutcomes(
  db: Database,
  keys: readonly AttemptKey[],
): Promise<AttemptOutcome[]> {
  if (keys.length === 0) return [];
  const rows = await rowsOf<OutcomeRow>(db.pool, "task_outcome_list", [
    keys.map((key) => key.runId),
    keys.map((key) => key.ix),
    keys.map((key) => key.attempt),
  ]);
  return rows.map((row) => ({
    runId: row.id,
    ix: row.ix,
    attempt: row.attempt,
    runState: row.run_state,
    isCancelled: row.is_cancelled,
    newest: row.newest,
    state: row.state,
    out: row.out,
    failure: row.failure,
    earlierState: row.earlier_state,
    earlierFailure: row.earlier_failure,
  }));
}

function msOf(at: Date | null): EpochMs | null {
  return at === null ? null : at.getTime();
}
