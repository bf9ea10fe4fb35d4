/** Backfills and their dates as callers see them. */

import { create } from "@bufbuild/protobuf";
import type { BackfillDateRow, BackfillRow } from "@millrace/db";
import { estimateLeftMs, type DateOutcome, type PlannedRun, type RunState } from "@millrace/engine";
import { backfillIdOf, durationOf, runIdOf, timestampOf } from "@millrace/wire";
import {
  BackfillDateOutcome,
  BackfillDateSchema,
  BackfillSchema,
  BackfillState,
  type Backfill,
  type BackfillDate,
} from "@millrace/wire/v1";
import { dateOf } from "./dag.ts";

export function backfillMessage(row: BackfillRow): Backfill {
  return create(BackfillSchema, {
    backfillId: backfillIdOf(row.id),
    dagId: row.dag_id,
    fromDate: dateOf(row.from_at),
    toDate: dateOf(row.to_at),
    reverse: row.is_reverse,
    reprocess: row.reprocess,
    maxActiveRuns: row.max_active_runs,
    params: { data: Uint8Array.from(row.params) },
    note: row.note,
    createdBy: row.created_by,
    createdAt: dateOf(row.created_at),
    endedAt: dateOf(row.ended_at),
    state: row.state,
    progress: progressOf(row),
    dagVersion: row.dag_version,
    timezone: row.timezone,
  });
}

function progressOf(row: BackfillRow) {
  const { queued, running, success, failed, in_flight: inFlight, existing } = row;
  const own = queued + running + success + failed;
  // Runs of a page that is being decided are there before it is noted how far that went.
  const decided = Math.max(row.decided, own + inFlight + existing);
  const pending = Math.max(0, row.date_count - decided);
  // One that is cancelled makes no further runs.
  const isGoingOn = row.state === BackfillState.RUNNING;
  const left = pending + queued + running;
  const { max_active_runs: maxActiveRuns, mean_ms: meanMs } = row;
  const estimated = isGoingOn ? estimateLeftMs({ left, running, maxActiveRuns, meanMs }) : null;
  return {
    dates: row.date_count,
    ...{ pending, queued, running, success, failed, inFlight, existing },
    gone: Math.max(0, decided - own - inFlight - existing),
    estimatedLeft: durationOf(estimated === null ? null : Math.round(estimated)),
    meanRun: durationOf(meanMs === null ? null : Math.round(meanMs)),
  };
}

/** Wire codes of what became of a date. */
const outcomes: Record<DateOutcome, BackfillDateOutcome> = {
  1: BackfillDateOutcome.MADE,
  2: BackfillDateOutcome.RERUN,
  3: BackfillDateOutcome.IN_FLIGHT,
  4: BackfillDateOutcome.EXISTS,
};

export function decidedDate(row: BackfillDateRow): BackfillDate {
  return create(BackfillDateSchema, {
    ordinal: row.ordinal,
    logicalDate: dateOf(row.logical_at),
    dataIntervalStart: dateOf(row.interval_start_at),
    dataIntervalEnd: dateOf(row.interval_end_at),
    outcome: outcomes[row.outcome],
    // It may have been deleted since.
    runId: row.run_state === null ? "" : runIdOf(row.run_id),
    runState: row.run_state ?? 0,
  });
}

/** A date that has not come yet; in a dry run, with what would become of it. */
export function plannedDate(
  ordinal: number,
  planned: PlannedRun,
  found?: {
    readonly outcome: DateOutcome;
    readonly run: { readonly id: number; readonly state: RunState } | null;
  },
): BackfillDate {
  return create(BackfillDateSchema, {
    ordinal,
    logicalDate: timestampOf(planned.logicalDate),
    dataIntervalStart: timestampOf(planned.dataInterval.start),
    dataIntervalEnd: timestampOf(planned.dataInterval.end),
    outcome: found === undefined ? BackfillDateOutcome.PENDING : outcomes[found.outcome],
    runId: found?.run ? runIdOf(found.run.id) : "",
    runState: found?.run?.state ?? 0,
  });
}
