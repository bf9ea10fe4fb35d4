/** What an owner reads of runs and their task instances: at take-over, after a failed flush, and to change final runs. */

import type { EpochMs, RunState, TaskState } from "@millrace/engine";
import type { Database } from "./database.ts";
import type { ExpansionRow } from "./flush-batch.ts";
import { birthOf, type RunBirth, type RunBirthRow } from "./run-birth.ts";
import { rowsOf } from "./statement.ts";

/** A run as its owner needs it: queued or running, and final when asked for by id. */
export type ActiveRunRow = RunBirth & {
  readonly id: number;
  readonly dagId: string;
  readonly dagVersionId: number;
  readonly shard: number;
  readonly state: RunState;
  readonly params: Uint8Array;
  readonly queuedAt: EpochMs;
  readonly startedAt: EpochMs | null;
  readonly cancelRequestedAt: EpochMs | null;
  /** How often it was opened again after its end. Above 0, a queued run has task instances. */
  readonly reopenCount: number;
  /** millrace.v1.Failure that it failed with; or, while it is running, that it will fail with because a person said so. */
  readonly failure: Uint8Array | null;
  /** millrace.v1.RunInstances that it was given; null until that is decided, and where its DAG has no inputs. */
  readonly inputs: Uint8Array | null;
  /** Number of its last event; 0 before the first. */
  readonly seq: number;
  readonly backfill: BackfillPlace | null;
};

/** The backfill that a run belongs to, and its place in it: 1, 2, 3 … in the order of the backfill. */
export type BackfillPlace = { readonly id: number; readonly ordinal: number };

type RunRow = RunBirthRow & {
  id: number;
  dag_id: string;
  dag_version_id: number;
  shard: number;
  state: RunState;
  params: Buffer;
  queued_at: Date;
  started_at: Date | null;
  cancel_requested_at: Date | null;
  reopen_count: number;
  failure: Buffer | null;
  inputs: Buffer | null;
  seq: number;
  backfill_id: number | null;
  backfill_ordinal: number | null;
};

export type ActiveRunQuery = {
  readonly shards: readonly number[];
  /** Only runs with a greater id; default all. */
  readonly afterId?: number;
  readonly limit: number;
  /** Only these; default all. */
  readonly ids?: readonly number[];
};

/** Active runs of shards, oldest first. */
export async function listActiveRuns(db: Database, query: ActiveRunQuery): Promise<ActiveRunRow[]> {
  const values = [query.shards, query.afterId ?? 0, query.limit, query.ids ?? null];
  return (await rowsOf<RunRow>(db.pool, "owner_run_list", values)).map(activeRunOf);
}

/** Those of these runs that are in these shards, final ones included, oldest first. */
export async function readOwnedRuns(
  db: Database,
  query: { readonly shards: readonly number[]; readonly ids: readonly number[] },
): Promise<ActiveRunRow[]> {
  return (await rowsOf<RunRow>(db.pool, "owner_run_get", [query.shards, query.ids])).map(
    activeRunOf,
  );
}

function activeRunOf(row: RunRow): ActiveRunRow {
  return {
    ...birthOf(row),
    id: row.id,
    dagId: row.dag_id,
    dagVersionId: row.dag_version_id,
    shard: row.shard,
    state: row.state,
    params: row.params,
    queuedAt: row.queued_at.getTime(),
    startedAt: msOf(row.started_at),
    cancelRequestedAt: msOf(row.cancel_requested_at),
    reopenCount: row.reopen_count,
    failure: row.failure,
    inputs: row.inputs,
    seq: row.seq,
    backfill:
      row.backfill_id === null || row.backfill_ordinal === null
        ? null
        : { id: row.backfill_id, ordinal: row.backfill_ordinal },
  };
}

export type TaskInstanceRow = {
  readonly runId: number;
  readonly ix: number;
  readonly mapIx: number;
  readonly state: TaskState;
  readonly attempt: number;
  readonly uncounted: number;
  readonly losses: number;
  readonly sessionKey: number | null;
  readonly readyAt: EpochMs | null;
  /** Of a sensor that has looked before: when its try began. */
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly waitUntil: EpochMs | null;
  readonly hasValue: boolean;
  readonly lengths: readonly number[];
  readonly choice: readonly string[] | null;
  /** millrace.internal.v1.DeferralRow: while it waits, and until the attempt that goes on with what came has ended. */
  readonly deferral: Uint8Array | null;
  /** Running or up_for_reschedule: how often it has looked in vain in the try it is in. Else 0. */
  readonly looks: number;
};

type TaskRow = {
  run_id: number;
  ix: number;
  map_ix: number;
  state: TaskState;
  attempt: number;
  uncounted: number;
  losses: number;
  session_key: number | null;
  ready_at: Date | null;
  started_at: Date | null;
  ended_at: Date | null;
  wait_until: Date | null;
  has_value: boolean;
  lengths: number[] | null;
  choice: string[] | null;
  deferral: Buffer | null;
  looks: number;
};

/** Runs whose task instances one statement reads, and how many of each; the rest of long ones comes page by page. */
const runsAtOnce = 50;
const rowsOfRun = 1_000;
const rowsOfPage = 20_000;

/**
 * Task instances that have a row, of each run in the order of task and map index; without what they returned. However many
 * there are, no statement takes long.
 */
export async function listTaskInstances(
  db: Database,
  runIds: readonly number[],
): Promise<TaskInstanceRow[]> {
  const found: TaskInstanceRow[] = [];
  for (let at = 0; at < runIds.length; at += runsAtOnce) {
    const ids = runIds.slice(at, at + runsAtOnce);
    const rows = await readPage(db, ids, { after: null, limit: rowsOfRun });
    for (const [runId, ofRun] of Map.groupBy(rows, (row) => row.runId)) {
      append(found, ofRun);
      if (ofRun.length < rowsOfRun) continue;
      for (let page = ofRun; page.length > 0; append(found, page))
        page = await readPage(db, [runId], { after: page.at(-1)!, limit: rowsOfPage });
    }
  }
  return found;
}

type InstancePage = {
  readonly after: { readonly ix: number; readonly mapIx: number } | null;
  readonly limit: number;
};

async function readPage(
  db: Database,
  runIds: readonly number[],
  { after, limit }: InstancePage,
): Promise<TaskInstanceRow[]> {
  const values = [runIds, after?.ix ?? -1, after?.mapIx ?? -1, limit];
  return (await rowsOf<TaskRow>(db.pool, "owner_task_list", values)).map(taskInstanceOf);
}

/** Spreading a long array into `push` would take as many arguments. */
function append<T>(list: T[], more: readonly T[]): void {
  for (const each of more) list.push(each);
}

function taskInstanceOf(row: TaskRow): TaskInstanceRow {
  return {
    runId: row.run_id,
    ix: row.ix,
    mapIx: row.map_ix,
    state: row.state,
    attempt: row.attempt,
    uncounted: row.uncounted,
    losses: row.losses,
    sessionKey: row.session_key,
    readyAt: msOf(row.ready_at),
    startedAt: msOf(row.started_at),
    endedAt: msOf(row.ended_at),
    waitUntil: msOf(row.wait_until),
    hasValue: row.has_value,
    lengths: row.lengths ?? [],
    choice: row.choice,
    deferral: row.deferral,
    looks: row.looks,
  };
}

/** How many instances the mapped tasks of runs have, as far as they are expanded. */
export async function listExpansions(
  db: Database,
  runIds: readonly number[],
): Promise<ExpansionRow[]> {
  type Row = { run_id: number; ix: number; length: number };
  const rows = await rowsOf<Row>(db.pool, "owner_expansion_list", [runIds]);
  return rows.map((row) => ({ runId: row.run_id, ix: row.ix, length: row.length }));
}

function msOf(at: Date | null): EpochMs | null {
  return at === null ? null : at.getTime();
}
