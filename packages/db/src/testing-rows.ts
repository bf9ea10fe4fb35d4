/** Rows for this package's own tests; each states only what matters. */

import { RunState, TaskState } from "@millrace/engine";

import type { Database } from "./database.ts";
import type { FinishedRow, StartedRow } from "./flush-batch.ts";
import { newFlushBatch, type FlushBatch } from "./flush-batch.ts";

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

/** A batch of the test shard's first owner. */
export function aBatch(rows: Partial<FlushBatch> = {}): FlushBatch {
  return { ...newFlushBatch(), shards: [{ shard: testShard, epoch: 0 }], ...rows };
}

export function aStart(row: Partial<StartedRow> = {}): StartedRow {
  return {
    runId: 1,
    ix: 0,
    mapIx: -1,
    attempt: 1,
    lost: 0,
    sessionKey: 7,
    readyAt: Date.UTC(2026, 0, 1),
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
    lost: 0,
    retryAt: null,
    out: null,
    failure: null,
    ...row,
  };
}
