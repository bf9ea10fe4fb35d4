/** What a workload cost the database, from the database's own counters. */
import type { Pool } from "pg";
import { until } from "./progress.ts";

export type Counters = {
  /** Rows inserted, updated and deleted in all tables. */
  readonly rows: number;
  readonly taskRows: number;
  readonly eventRows: number;
  readonly commits: number;
  readonly updates: number;
  /** Updates of task instances that stayed within their page. */
  readonly hotUpdates: number;
};

/** A connection that has become idle reports what it counted after this long. */
const reportSeconds = 10;

const reading = `
  SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 AS "rows",
    sum(n_tup_ins + n_tup_upd) FILTER (WHERE relname = 'task_instance')::float8 AS "taskRows",
    sum(n_tup_ins) FILTER (WHERE relname = 'event')::float8 AS "eventRows",
    sum(n_tup_upd) FILTER (WHERE relname = 'task_instance')::float8 AS "updates",
    sum(n_tup_hot_upd) FILTER (WHERE relname = 'task_instance')::float8 AS "hotUpdates",
    (SELECT xact_commit::float8 FROM pg_stat_database WHERE datname = current_database()) AS "commits"
  FROM pg_stat_user_tables`;

export async function readCounters(pool: Pool): Promise<Counters> {
  const { rows } = await pool.query<Counters>(reading);
  return rows[0]!;
}

/** What was counted since, once every connection has reported: each task is one insert and one update at least. */
export async function countersSince(
  pool: Pool,
  before: Counters,
  tasks: number,
): Promise<Counters> {
  const after = await until(
    reportSeconds + 5,
    `PostgreSQL's report of ${tasks} tasks`,
    async () => {
      const now = await readCounters(pool);
      return now.taskRows - before.taskRows >= 2 * tasks ? now : null;
    },
    250,
  );
  const names = Object.keys(after) as (keyof Counters)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as Counters;
}

/** Bytes of write-ahead log that the server has written since it was made. */
export async function walPosition(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ bytes: number }>(
    "SELECT (pg_current_wal_lsn() - '0/0')::float8 AS bytes",
  );
  return rows[0]!.bytes;
}
