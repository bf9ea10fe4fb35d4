/** Deadlines of runs and their tasks: as people ask for them, and as their owner keeps them. */

import type { EpochMs } from "@millrace/engine";
import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

/** millrace.v1.DeadlineState: 1 pending, 2 at risk, 3 missed. */
export type DeadlineStateCode = 1 | 2 | 3;

/** Names a deadline; `ix` is -1 for those of the run, `ordinal` its place in the spec. */
export type DeadlineKey = { readonly runId: number; readonly ix: number; readonly ordinal: number };

/** A deadline of a run that has not succeeded. */
export type DeadlineToPut = DeadlineKey & {
  /** Of the shard of its run. */
  readonly epoch: number;
  readonly dueAt: EpochMs;
  /** Of a run that was opened again: what is there is put off until so long after that. Null for others. */
  readonly afterQueuedMs: number | null;
};

/** Writes those that are not there yet. */
export async function putDeadlines(
  db: Database,
  deadlines: readonly DeadlineToPut[],
): Promise<void> {
  if (deadlines.length === 0) return;
  await rowsOf(db.pool, "deadline_put", [
    deadlines.map(({ runId }) => runId),
    deadlines.map(({ epoch }) => epoch),
    deadlines.map(({ ix }) => ix),
    deadlines.map(({ ordinal }) => ordinal),
    deadlines.map(({ dueAt }) => dateOf(dueAt)),
    deadlines.map(({ afterQueuedMs }) => afterQueuedMs),
  ]);
}

/** One that was neither kept nor missed. */
export type OpenDeadline = DeadlineKey & { readonly state: 1 | 2; readonly dueAt: EpochMs };

type OpenRow = { run_id: number; ix: number; ordinal: number; state: 1 | 2; due_at: Date };

export async function listDeadlinesOfRuns(
  db: Database,
  runIds: readonly number[],
): Promise<OpenDeadline[]> {
  if (runIds.length === 0) return [];
  const rows = await rowsOf<OpenRow>(db.pool, "deadline_list_of_runs", [runIds]);
  return rows.map(openOf);
}

/** Of a run that has failed: its deadlines may still be missed. */
export type FailedRunDeadline = OpenDeadline & {
  readonly dagId: string;
  readonly dagVersionId: number;
};

/** Of failed runs of shards, in the order of runs, after one; all of a run, or none. */
export async function listDeadlinesOfFailedRuns(
  db: Database,
  query: {
    readonly shards: readonly number[];
    readonly afterRunId: number;
    readonly limit: number;
  },
): Promise<FailedRunDeadline[]> {
  type Row = OpenRow & { dag_id: string; dag_version_id: number };
  const { shards, afterRunId, limit } = query;
  const rows = await rowsOf<Row>(db.pool, "deadline_list_open", [shards, afterRunId, limit]);
  const last = rows.at(-1)?.run_id;
  const isCut = rows.length === limit && rows[0]?.run_id !== last;
  return rows
    .filter((row) => !isCut || row.run_id !== last)
    .map((row) => ({ ...openOf(row), dagId: row.dag_id, dagVersionId: row.dag_version_id }));
}

function openOf({ run_id: runId, ix, ordinal, state, due_at: dueAt }: OpenRow): OpenDeadline {
  return { runId, ix, ordinal, state, dueAt: dueAt.getTime() };
}

/** What was kept: all deadlines of a run, or, with `ix`, those of a task in a run that goes on. Missed ones stay. */
export async function keepDeadlines(
  db: Database,
  kept: readonly { readonly runId: number; readonly epoch: number; readonly ix: number | null }[],
): Promise<void> {
  await rowsOf(db.pool, "deadline_keep", [
    kept.map(({ runId }) => runId),
    kept.map(({ epoch }) => epoch),
    kept.map(({ ix }) => ix ?? -2),
  ]);
}

/** What an owner before left of runs that have succeeded. */
export async function deleteKeptDeadlines(db: Database, shards: readonly number[]): Promise<void> {
  await rowsOf(db.pool, "deadline_delete_kept", [shards]);
}

/** It is in danger, or was missed. */
export type DeadlineMark = DeadlineKey & {
  readonly dueAt: EpochMs;
  readonly epoch: number;
  readonly happenedAt: EpochMs;
  /** With `state` 2: when it is expected to be over, and because of what. */
  readonly estimate: {
    readonly endAt: EpochMs;
    readonly criticalTaskIds: readonly string[];
  } | null;
  readonly state: 2 | 3;
  /** Places in the spec of the callbacks that are to run. */
  readonly callbacks: readonly number[];
};

/** Whether that is news, to be told: null when it was said before, was put off, or the shard is another's. */
export async function markDeadline(
  db: Database,
  mark: DeadlineMark,
): Promise<{ shard: number; dagId: string; dagVersionId: number } | null> {
  type Row = { shard: number; dag_id: string; dag_version_id: number };
  const [row] = await rowsOf<Row>(db.pool, "deadline_mark", [
    ...[mark.runId, mark.ix, mark.ordinal, dateOf(mark.dueAt), mark.epoch, mark.state],
    dateOf(mark.happenedAt),
    mark.estimate === null ? null : dateOf(mark.estimate.endAt),
    mark.estimate?.criticalTaskIds ?? [],
    mark.callbacks,
  ]);
  if (row === undefined) return null;
  return { shard: row.shard, dagId: row.dag_id, dagVersionId: row.dag_version_id };
}

/** A run that has ended. */
export type EndedRun = {
  readonly id: number;
  readonly dagVersionId: number;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
};

/** The newest runs of a DAG that have ended, newest first. */
export async function listEndedRuns(
  db: Database,
  dagId: string,
  limit: number,
): Promise<EndedRun[]> {
  type Row = { id: number; dag_version_id: number; started_at: Date; ended_at: Date };
  const rows = await rowsOf<Row>(db.pool, "deadline_history_runs", [dagId, limit]);
  return rows.map((row) => ({
    id: row.id,
    dagVersionId: row.dag_version_id,
    startedAt: row.started_at.getTime(),
    endedAt: row.ended_at.getTime(),
  }));
}

/** When a task began and ended in a run. */
export type TaskSpan = {
  readonly runId: number;
  readonly ix: number;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
};

/** Of tasks that succeeded, all their instances. */
export async function listTaskSpans(db: Database, runIds: readonly number[]): Promise<TaskSpan[]> {
  if (runIds.length === 0) return [];
  type Row = { run_id: number; ix: number; started_at: Date; ended_at: Date };
  const rows = await rowsOf<Row>(db.pool, "deadline_history_tasks", [runIds]);
  return rows.map((row) => ({
    runId: row.run_id,
    ix: row.ix,
    startedAt: row.started_at.getTime(),
    endedAt: row.ended_at.getTime(),
  }));
}

/** A deadline in a list. Its name is in the spec of the run's DAG version. */
export type DeadlineRow = {
  readonly ix: number;
  readonly ordinal: number;
  readonly state: DeadlineStateCode;
  readonly due_at: Date;
  readonly at_risk_at: Date | null;
  readonly estimated_end_at: Date | null;
  readonly critical_task_ids: string[];
  readonly missed_at: Date | null;
};

/** Those of a run and its tasks, those of the run first, after a position. */
export async function listDeadlines(
  db: Database,
  runKey: number,
  page: {
    readonly after: { readonly ix: number; readonly ordinal: number } | null;
    readonly limit: number;
  },
): Promise<DeadlineRow[]> {
  const { after, limit } = page;
  const values = [runKey, after?.ix ?? -2, after?.ordinal ?? 0, limit];
  return rowsOf<DeadlineRow>(db.pool, "deadline_list_page", values);
}

function dateOf(at: EpochMs): string {
  return new Date(at).toISOString();
}
