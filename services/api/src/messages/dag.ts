/** DAGs as callers see them. */

import { create } from "@bufbuild/protobuf";
import type { DagRow, DagVersionHead, ImportErrorRow, RecentRunRow } from "@millrace/db";
import type { DagSpec } from "@millrace/engine";
import { runIdOf, timestampOf } from "@millrace/wire";
import {
  DagSchema,
  DagVersionSchema,
  ImportErrorSchema,
  RunSummarySchema,
  type Dag,
  type DagVersion as DagVersionMessage,
  type ImportError,
  type RunSummary,
} from "@millrace/wire/v1";

export type DagDetails = {
  readonly recentRuns?: readonly RecentRunRow[];
  /** Whether schema and docs are wanted, which lists leave out. */
  readonly isFull?: boolean;
};

export function dagMessage(row: DagRow, spec: DagSpec | undefined, details: DagDetails = {}): Dag {
  const isDue = row.is_active && !row.is_paused;
  return create(DagSchema, {
    dagId: row.dag_id,
    version: row.version,
    description: row.description,
    tags: row.tags,
    owner: row.owner,
    isPaused: row.is_paused,
    isActive: row.is_active,
    schedule: row.schedule,
    timezone: row.timezone,
    nextRunAt: isDue ? dateOf(row.next_run_at) : undefined,
    recentRuns: (details.recentRuns ?? []).map(runSummary),
    file: row.file,
    taskCount: row.task_count,
    paramsSchema: details.isFull === true ? (spec?.paramsSchema ?? "") : "",
    docs: details.isFull === true ? (spec?.docs ?? "") : "",
    maxActiveRuns: spec?.maxActiveRuns ?? 0,
    maxActiveTasks: spec?.maxActiveTasks ?? 0,
    registeredAt: dateOf(row.registered_at),
    scheduleProblem: row.is_active ? row.schedule_problem : "",
  });
}

export function runSummary(row: RecentRunRow): RunSummary {
  return create(RunSummarySchema, {
    runId: runIdOf(row.id),
    state: row.state,
    startedAt: dateOf(row.started_at),
    endedAt: dateOf(row.ended_at),
    logicalDate: dateOf(row.logical_at),
  });
}

export function dagVersionMessage(dagId: string, row: DagVersionHead): DagVersionMessage {
  return create(DagVersionSchema, {
    dagId,
    version: row.version,
    digest: row.digest,
    registeredAt: dateOf(row.registeredAt),
    bundleDigest: row.bundleDigest ?? "",
  });
}

export function importErrorMessage(row: ImportErrorRow): ImportError {
  return create(ImportErrorSchema, {
    folder: row.folder,
    file: row.file,
    message: row.message,
    seenAt: dateOf(row.seenAt),
  });
}

export function dateOf(date: Date | null): ReturnType<typeof timestampOf> {
  return timestampOf(date === null ? null : date.getTime());
}
