/** Runs, as people ask for them. */

import type { RunState, RunType } from "@millrace/engine";

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

export type RunRow = {
  readonly id: number;
  readonly dag_id: string;
  readonly dag_version_id: number;
  readonly dag_version: number;
  readonly shard: number;
  readonly state: RunState;
  readonly run_type: RunType;
  readonly run_name: string;
  readonly logical_at: Date | null;
  readonly interval_start_at: Date | null;
  readonly interval_end_at: Date | null;
  readonly run_after: Date;
  readonly params: Buffer;
  readonly queued_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly cancel_requested_at: Date | null;
  /** millrace.v1.Failure */
  readonly failure: Buffer | null;
  /** By state code 1..14. */
  readonly counts: readonly number[];
  readonly note: string;
  readonly triggered_by: string;
  readonly revision: number;
  /** The backfill that it belongs to. */
  readonly backfill_id: number | null;
  /** The part of the data that it is about. */
  readonly partition_key: string | null;
};

/** The runs of one day, by state. */
export type RunDayRow = {
  /** Such as "2026-03-01". */
  readonly day: string;
  readonly queued: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
};

/** How many runs of a DAG there are on each day of a zone, from `from` up to and without `until`; days without runs are left out. */
export async function countRunsByDay(
  db: Database,
  dagId: string,
  range: { readonly from: Date; readonly until: Date; readonly timezone: string },
): Promise<RunDayRow[]> {
  const values = [dagId, range.from, range.until, range.timezone];
  return rowsOf<RunDayRow>(db.pool, "run_calendar", values);
}

/** Runs of a DAG that are not final. `automated`: those that its timetable made. */
export async function countActiveRuns(
  db: Database,
  dagId: string,
): Promise<{ readonly active: number; readonly automated: number }> {
  type Counts = { active: number; automated: number };
  const [row] = await rowsOf<Counts>(db.pool, "run_count_active", [dagId]);
  return row ?? { active: 0, automated: 0 };
}

export async function getRun(db: Database, runKey: number): Promise<RunRow | null> {
  const [row] = await getRuns(db, [runKey]);
  return row ?? null;
}

/** Those of these runs that exist, in no particular order. */
export async function getRuns(db: Database, runKeys: readonly number[]): Promise<RunRow[]> {
  return rowsOf<RunRow>(db.pool, "run_get", [runKeys]);
}

export type RunFilter = {
  /** Null means all. */
  readonly dagId: string | null;
  /** Any of these codes; empty means all. */
  readonly states: readonly number[];
  /** Any of these codes; empty means all. */
  readonly runTypes: readonly number[];
};

/** Where a page of runs ended. `queuedUs` is 0 in lists of one DAG. */
export type RunPosition = { readonly queuedUs: number; readonly runKey: number };

/** A run in a list. */
export type ListedRun = RunRow & {
  /** Only in lists of all DAGs, which are ordered by it. */
  readonly queued_us?: number;
};

/** Runs newest first, before a position; `positionAfter` is where a page that ends with a row ends. */
export async function listRuns(
  db: Database,
  filter: RunFilter,
  page: { readonly before: RunPosition | null; readonly limit: number },
): Promise<{ readonly rows: ListedRun[]; positionAfter(row: ListedRun): RunPosition }> {
  const states = filter.states.length > 0 ? filter.states : null;
  const runTypes = filter.runTypes.length > 0 ? filter.runTypes : null;
  const { before, limit } = page;
  const rows =
    filter.dagId === null
      ? await rowsOf<ListedRun>(db.pool, "run_list_page", [
          states,
          runTypes,
          before?.queuedUs ?? null,
          before?.runKey ?? null,
          limit,
        ])
      : await rowsOf<ListedRun>(db.pool, "run_list_page_of_dag", [
          filter.dagId,
          states,
          runTypes,
          before?.runKey ?? null,
          limit,
        ]);
  return { rows, positionAfter: (row) => ({ queuedUs: row.queued_us ?? 0, runKey: row.id }) };
}

export type RecentRunRow = Pick<
  RunRow,
  "id" | "dag_id" | "dag_version_id" | "state" | "started_at" | "ended_at" | "logical_at"
>;

/** The newest runs of each DAG, newest first within a DAG. */
export async function recentRuns(
  db: Database,
  dagIds: readonly string[],
  limit: number,
): Promise<RecentRunRow[]> {
  return rowsOf<RecentRunRow>(db.pool, "run_recent_of_dags", [dagIds, limit]);
}

/** Where runs of a DAG with a logical date stand in time. Both bounds belong to it; null means none. */
export type DateRange = { readonly from: Date | null; readonly to: Date | null };

export type DatedRunRow = Pick<RunRow, "id" | "shard" | "state"> & { readonly logical_at: Date };

/** Runs of a DAG by logical date, after `after`; those without one are left out. */
export async function listRunsByDate(
  db: Database,
  dagId: string,
  range: DateRange,
  page: { readonly after: Date | null; readonly limit: number },
): Promise<DatedRunRow[]> {
  const values = [dagId, range.from, range.to, page.after, page.limit];
  return rowsOf<DatedRunRow>(db.pool, "run_list_by_date", values);
}

/** The owner of each shard that has a live one, by shard. */
export async function readShardOwners(db: Database): Promise<Map<number, string>> {
  const rows = await rowsOf<{ id: number; owner: string }>(db.pool, "shard_owners");
  return new Map(rows.map((row) => [row.id, row.owner]));
}
