/** Backfills and their dates as callers see them. */

import type { DateOutcome, EpochMs, Reprocess, RunState } from "@millrace/engine";
import type { BackfillState } from "./backfills.ts";
import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

/** Named as in the table. */
export type BackfillRow = {
  readonly id: number;
  readonly dag_id: string;
  readonly shard: number;
  readonly dag_version_id: number;
  readonly dag_version: number;
  readonly timezone: string;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly as_of: Date;
  readonly anchor_at: Date;
  readonly is_reverse: boolean;
  readonly reprocess: Reprocess;
  readonly max_active_runs: number;
  readonly params: Buffer;
  readonly note: string;
  readonly created_by: string;
  readonly created_at: Date;
  readonly date_count: number;
  readonly decided: number;
  readonly decided_date: Date | null;
  readonly in_flight: number;
  readonly existing: number;
  readonly state: BackfillState;
  readonly ended_at: Date | null;
  /** Runs of it by state. */
  readonly queued: number;
  readonly running: number;
  readonly success: number;
  readonly failed: number;
  /** Mean length of the last runs that ended, while it is not over. */
  readonly mean_ms: number | null;
};

/** Runs that the mean length is drawn from. */
const meanRuns = 200;

export type BackfillFilter = {
  readonly dagId: string | null;
  readonly openOnly: boolean;
  readonly beforeKey: number | null;
  readonly limit: number;
};

export async function getBackfill(db: Database, key: number): Promise<BackfillRow | null> {
  const values = [[key], null, false, null, 1, meanRuns];
  const [row] = await rowsOf<BackfillRow>(db.pool, "backfill_get", values);
  return row ?? null;
}

/** Newest first. */
export async function listBackfills(db: Database, filter: BackfillFilter): Promise<BackfillRow[]> {
  const { dagId, openOnly, beforeKey, limit } = filter;
  const values = [null, dagId, openOnly, beforeKey, limit, meanRuns];
  return rowsOf<BackfillRow>(db.pool, "backfill_get", values);
}

/** A date that is decided. */
export type BackfillDateRow = {
  readonly ordinal: number;
  readonly logical_at: Date;
  readonly outcome: DateOutcome;
  readonly run_id: number;
  /** Null when the run was deleted. */
  readonly run_state: RunState | null;
  readonly interval_start_at: Date | null;
  readonly interval_end_at: Date | null;
};

export async function listBackfillDates(
  db: Database,
  key: number,
  page: { readonly afterOrdinal: number; readonly limit: number },
): Promise<BackfillDateRow[]> {
  return rowsOf(db.pool, "backfill_date_list", [key, page.afterOrdinal, page.limit]);
}

/** A run of a DAG by its date. */
export type RunDateRow = {
  readonly id: number;
  readonly logical_at: Date;
  readonly state: RunState;
};

/** Runs with logical dates after `after`, up to `to`, oldest date first. */
export async function listRunDates(
  db: Database,
  query: {
    readonly dagId: string;
    readonly after: EpochMs;
    readonly to: EpochMs;
    readonly limit: number;
  },
): Promise<RunDateRow[]> {
  const { dagId, after, to, limit } = query;
  return rowsOf(db.pool, "run_dates_within", [
    dagId,
    new Date(after).toISOString(),
    new Date(to).toISOString(),
    limit,
  ]);
}
