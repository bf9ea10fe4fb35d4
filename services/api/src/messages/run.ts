/** Runs as callers see them. */

import { create, fromBinary } from "@bufbuild/protobuf";
import type { RunRow } from "@millrace/db";
import { RunState, type TaskState } from "@millrace/engine";
import { backfillIdOf, runIdOf } from "@millrace/wire";
import { DagRunSchema, FailureSchema, type DagRun } from "@millrace/wire/v1";
import { dateOf } from "./dag.ts";

export function runMessage(row: RunRow): DagRun {
  return create(DagRunSchema, {
    runId: runIdOf(row.id),
    dagId: row.dag_id,
    dagVersion: row.dag_version,
    runName: row.run_name,
    state: row.state,
    runType: row.run_type,
    logicalDate: dateOf(row.logical_at),
    dataIntervalStart: dateOf(row.interval_start_at),
    dataIntervalEnd: dateOf(row.interval_end_at),
    params: { data: Uint8Array.from(row.params) },
    queuedAt: dateOf(row.queued_at),
    startedAt: dateOf(row.started_at),
    endedAt: dateOf(row.ended_at),
    failure: failureOf(row.failure),
    counts: countsOf(row.counts),
    note: row.note,
    triggeredBy: row.triggered_by,
    revision: BigInt(row.revision),
    partitionKey: row.partition_key ?? "",
    backfillId: row.backfill_id === null ? "" : backfillIdOf(row.backfill_id),
  });
}

/** Whether nothing will change any more by itself. */
export function isFinalRun(state: RunState): boolean {
  return state === RunState.success || state === RunState.failed;
}

export function failureOf(bytes: Uint8Array | null): DagRun["failure"] {
  return bytes === null ? undefined : fromBinary(FailureSchema, bytes);
}

/** Counts stand at their state's code less one. */
function countsOf(counts: readonly number[]): { state: TaskState; count: number }[] {
  return counts
    .map((count, index) => ({ state: (index + 1) as TaskState, count }))
    .filter(({ count }) => count > 0);
}
