/** Values that task instances left, for bodies that ask for them. */

import type { TaskState } from "@millrace/engine";

import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";
import type { TaskInstanceKey } from "./task-instances-read.ts";

/** A run, and who holds a task instance of it. The latter's are null when it has no row. */
export type AttemptHolder = {
  readonly dag_id: string;
  readonly dag_version_id: number;
  readonly logical_at: Date | null;
  readonly run_after: Date;
  readonly state: TaskState | null;
  readonly attempt: number | null;
  readonly session_key: number | null;
  readonly worker_name: string | null;
  /** Whether the session has ended, or outlived its time. */
  readonly is_session_over: boolean;
};

/** Null when there is no such run. */
export async function readAttemptHolder(
  db: Database,
  { runKey, ix, mapIx }: TaskInstanceKey,
): Promise<AttemptHolder | null> {
  const rows = await rowsOf<AttemptHolder>(db.pool, "attempt_holder", [runKey, ix, mapIx]);
  return rows[0] ?? null;
}

/** Tasks of runs, in columns. */
export type TasksOfRuns = { readonly runKeys: readonly number[]; readonly ixs: readonly number[] };

export type WhichXComs = {
  /** Null for what they returned. */
  readonly key: string | null;
  /** Empty means all; -1 is that of a task that is not mapped. */
  readonly mapIxs: readonly number[];
};

export type PulledRow = {
  /** The place of the task, from 0. */
  readonly at: number;
  readonly mapIx: number;
  readonly value: Buffer;
};

export type PulledXComs =
  | { readonly kind: "values"; readonly rows: readonly PulledRow[] }
  /** More than the limits allow: at least so many. */
  | { readonly kind: "tooMuch"; readonly count: number; readonly bytes: number };

/** What instances of these tasks left, in the order of the tasks, then of map indexes. */
export async function pullXComs(
  db: Database,
  tasks: TasksOfRuns,
  which: WhichXComs,
  limits: { readonly count: number; readonly bytes: number },
): Promise<PulledXComs> {
  type Row = {
    count: number;
    bytes: number;
    ord: number | null;
    map_ix: number | null;
    value: Buffer | null;
  };
  const name = which.key === null ? "xcom_pull_returned" : "xcom_pull_keyed";
  const limit = limits.count + 1;
  const values = [...askedValues(tasks, which), limit, limits.bytes];
  const rows = await rowsOf<Row>(
    db.pool,
    name,
    which.key === null ? values : [...values, which.key],
  );
  const { count = 0, bytes = 0 } = rows[0] ?? {};
  if (count > limits.count || bytes > limits.bytes) return { kind: "tooMuch", count, bytes };
  return {
    kind: "values",
    rows: rows.flatMap(({ ord, map_ix: mapIx, value }) =>
      ord === null || mapIx === null || value === null ? [] : [{ at: ord - 1, mapIx, value }],
    ),
  };
}

/** The places, from 0, of those of these tasks that left anything. */
export async function findXComs(
  db: Database,
  tasks: TasksOfRuns,
  which: WhichXComs,
): Promise<number[]> {
  const name = which.key === null ? "xcom_have_returned" : "xcom_have_keyed";
  const values = askedValues(tasks, which);
  const rows = await rowsOf<{ ord: number }>(
    db.pool,
    name,
    which.key === null ? values : [...values, which.key],
  );
  return rows.map(({ ord }) => ord - 1);
}

const mapIxMax = 2 ** 31 - 1;

function askedValues({ runKeys, ixs }: TasksOfRuns, { mapIxs }: WhichXComs): unknown[] {
  const [first, last] =
    mapIxs.length === 0 ? [-1, mapIxMax] : [Math.min(...mapIxs), Math.max(...mapIxs)];
  return [runKeys, ixs, first, last, mapIxs];
}

export type DatedRun = {
  readonly id: number;
  readonly dag_version_id: number;
  readonly logical_at: Date;
};

/** Runs of a DAG that have a logical date, newest first: none after `notAfter`, and all before `before` if that is given. */
export async function listRunsBefore(
  db: Database,
  dagId: string,
  {
    notAfter,
    before,
    limit,
  }: { readonly notAfter: Date; readonly before: Date | null; readonly limit: number },
): Promise<DatedRun[]> {
  return rowsOf<DatedRun>(db.pool, "run_list_before", [dagId, notAfter, before, limit]);
}
