/** Rows for this package's own tests; each states only what matters. */

import { RunState, TaskState } from "@millrace/engine";

import type { Database } from "./database.ts";
import {
  newFlushBatch,
  type CallbackRow,
  type FinishedRow,
  type FlushBatch,
  type InputRow,
  type RunUpdate,
  type SettledRow,
  type StartedRow,
} from "./flush-batch.ts";

export const testShard = 3;

/** Fourteen counts, all zero but those given by state code. */
export function someCounts(byState: Readonly<Record<number, number>> = {}): number[] {
  return Array.from({ length: 14 }, (_, index) => byState[index + 1] ?? 0);
}

/** A DAG with one version, and running runs of it with these ids. */
export async function insertRuns(db: Database, ids: readonly number[]): Promise<void> {
  await db.pool.query(
    `INSERT INTO dag (dag_id, shard, version, folder, file, description, tags, owner, schedule, timezone, is_paused,
       is_active, changed_seq)
     VALUES ('etl', $1, 1, 'dags', 'etl.ts', '', '{}', '', '', 'UTC', false, true, 1)`,
    [testShard],
  );
  const { rows } = await db.pool.query<{ id: number }>(
    `INSERT INTO dag_version (dag_id, version, digest, spec, file, source, task_count)
     VALUES ('etl', 1, 'd', '', 'etl.ts', '', 3) RETURNING id`,
  );
  await db.pool.query(
    `INSERT INTO run (id, dag_id, dag_version_id, shard, state, run_type, run_name, run_after, params, triggered_by,
       started_at)
     SELECT id, 'etl', $1, $2, $3, 2, 'manual ' || id, now(), '{}', 'test', now() FROM unnest($4::bigint[]) AS id`,
    [rows[0]!.id, testShard, RunState.running, ids],
  );
}

let lastSeq = 0;

/** A batch of the test shard's first owner, with the next event of every run that has none in it. */
export function aBatch(parts: Partial<FlushBatch> = {}): FlushBatch {
  const batch = { ...newFlushBatch(), shards: [{ shard: testShard, epoch: 0 }], ...parts };
  const { finished, started, settled, expansions, callbacks } = batch;
  const rows = [finished, started, settled, expansions, callbacks].flat();
  const runIds = new Set(rows.map((row) => row.runId));
  for (const { runId } of batch.events) runIds.delete(runId);
  const runState = RunState.running;
  const events = [...runIds].map((runId) => ({ runId, seq: ++lastSeq, runState, changes: [] }));
  return { ...batch, events: [...batch.events, ...events] };
}

export function aStart(row: Partial<StartedRow> = {}): StartedRow {
  return {
    runId: 1,
    ix: 0,
    mapIx: -1,
    attempt: 1,
    uncounted: 0,
    losses: 0,
    sessionKey: 7,
    readyAt: Date.UTC(2026, 0, 1),
    waited: null,
    ...row,
  };
}

export function aFinish(row: Partial<FinishedRow> = {}): FinishedRow {
  return {
    runId: 1,
    ix: 0,
    mapIx: -1,
    attempt: 1,
    state: TaskState.success,
    uncounted: 0,
    losses: 0,
    waitUntil: null,
    isMarked: false,
    out: null,
    failure: null,
    lengths: [],
    choice: null,
    mapIndexLabel: null,
    deferral: null,
    waited: null,
    ...row,
  };
}

export function aSettle(row: Partial<SettledRow> = {}): SettledRow {
  return {
    runId: 1,
    ix: 0,
    mapIx: -1,
    state: TaskState.skipped,
    failure: null,
    choice: null,
    ...row,
  };
}

/** A clear of the first attempt. */
export function aClear(row: Partial<FinishedRow> = {}): FinishedRow {
  return aFinish({ state: TaskState.none, uncounted: row.attempt ?? 1, ...row });
}

export function aRunUpdate(row: Partial<RunUpdate> = {}): RunUpdate {
  return {
    id: 1,
    state: RunState.running,
    revision: 1,
    counts: someCounts(),
    failure: null,
    isCancelRequested: false,
    isReopened: false,
    ...row,
  };
}

/** A form that is put to people by the first finished row. */
export function anInput(row: Partial<InputRow> = {}): InputRow {
  return {
    finished: 0,
    state: 1,
    form: null,
    timeoutAt: null,
    answeredBy: null,
    answer: null,
    ...row,
  };
}

/** The first callback of a task's success. */
export function aCallback(row: Partial<CallbackRow> = {}): CallbackRow {
  return {
    runId: 1,
    ix: 0,
    mapIx: -1,
    attempt: 1,
    event: 1,
    ordinal: 0,
    happenedAt: Date.UTC(2026, 0, 1),
    cause: null,
    ...row,
  };
}

/** Rows of a table, in the order of its first three columns. */
export async function rowsIn(db: Database, table: string): Promise<Record<string, unknown>[]> {
  const { rows } = await db.pool.query<Record<string, unknown>>(
    `SELECT * FROM ${table} ORDER BY 1, 2, 3`,
  );
  return rows;
}
