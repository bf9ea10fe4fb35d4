/** What an owner reads beside its runs: DAGs of its shards, their versions, worker sessions. */

import type { EpochMs, RunState } from "@millrace/engine";
import type { Database } from "./database.ts";
import { rowsOf } from "./statement.ts";

/** A DAG as its owner needs it; named as in the table. */
export type OwnedDagRow = {
  readonly dag_id: string;
  readonly shard: number;
  readonly version: number;
  /** `dag_version.id` of that version. */
  readonly version_id: number;
  readonly is_paused: boolean;
  readonly is_active: boolean;
  readonly scheduled_through: Date;
  readonly last_interval_start: Date | null;
  readonly last_interval_end: Date | null;
  readonly next_run_at: Date | null;
  readonly schedule_problem: string;
  readonly changed_seq: number;
  /** Empty when it has none. */
  readonly schedule: string;
};

export type OwnedDagQuery = {
  readonly shards: readonly number[];
  readonly dagId?: string;
  /** Only rows that changed after this number. Numbers commit out of order: look again a little below the greatest. */
  readonly changedAfter?: number;
  readonly limit: number;
};

/** DAGs of shards in the order of their last change. */
export async function listOwnedDags(db: Database, query: OwnedDagQuery): Promise<OwnedDagRow[]> {
  const values = [query.shards, query.dagId ?? null, query.changedAfter ?? null, query.limit];
  return rowsOf<OwnedDagRow>(db.pool, "owner_dag_list", values);
}

export type DagVersionRow = {
  readonly id: number;
  readonly dag_id: string;
  readonly version: number;
  /** millrace.v1.DagSpec */
  readonly spec: Buffer;
  readonly bundle_digest: string | null;
};

export async function readDagVersions(
  db: Database,
  ids: readonly number[],
): Promise<DagVersionRow[]> {
  if (ids.length === 0) return [];
  return rowsOf<DagVersionRow>(db.pool, "owner_version_get", [ids]);
}

export type RunPlace = {
  readonly id: number;
  readonly dag_id: string;
  readonly dag_version_id: number;
  readonly shard: number;
  readonly state: RunState;
};

/** Where a run is; null when there is none. */
export async function readRunPlace(db: Database, runKey: number): Promise<RunPlace | null> {
  const [row] = await rowsOf<RunPlace>(db.pool, "run_state_get", [runKey]);
  return row ?? null;
}

/** Of these sessions, those that are dead: ended (or never were), or merely past their time. */
export async function findDeadSessions(
  db: Database,
  keys: readonly number[],
): Promise<{ readonly key: number; readonly has_ended: boolean }[]> {
  if (keys.length === 0) return [];
  return rowsOf(db.pool, "session_find_dead", [keys]);
}

/** Gives sessions that lived at `lastAliveAt` a whole time to live again: nobody was there to renew them. */
export async function grantAmnesty(
  db: Database,
  lastAliveAt: EpochMs,
  ttlMs: number,
): Promise<void> {
  await rowsOf(db.pool, "session_grant_amnesty", [new Date(lastAliveAt).toISOString(), ttlMs]);
}

export type SupplyRow = {
  readonly key: number;
  readonly worker_name: string;
  readonly queues: string[];
  readonly handlers: string[];
  readonly runs_bundles: boolean;
  readonly slots: number;
  /** Task instances that run in it. */
  readonly running: number;
};

/** What live sessions serve, at most `limit` of them. */
export async function listSupply(db: Database, limit: number): Promise<SupplyRow[]> {
  return rowsOf<SupplyRow>(db.pool, "session_supply", [limit]);
}

export async function readSessionNames(
  db: Database,
  keys: readonly number[],
): Promise<Map<number, string>> {
  if (keys.length === 0) return new Map();
  const rows = await rowsOf<{ key: number; worker_name: string }>(db.pool, "session_names", [keys]);
  return new Map(rows.map((row) => [row.key, row.worker_name]));
}
