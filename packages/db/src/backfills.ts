/** Backfills: what their DAG's owner writes and reads of them. What callers read is in `backfills-read.ts`. */

import {
  MillraceError,
  type DateOutcome,
  type EpochMs,
  type Reprocess,
  type RunState,
} from "@millrace/engine";
import type { Database } from "./database.ts";
import type { ShardFence } from "./flush-batch.ts";
import { requestReused, type RequestKey } from "./requests.ts";
import { assertHeld } from "./runs-write.ts";
import { rowsOf } from "./statement.ts";
import { inTransaction, type Run } from "./transaction.ts";

/** The codes of `millrace.v1.BackfillState`. Below `completed` it is not over. */
export const BackfillState = {
  running: 1,
  paused: 2,
  cancelling: 3,
  completed: 4,
  cancelled: 5,
} as const;
export type BackfillState = (typeof BackfillState)[keyof typeof BackfillState];

/** What is fixed when a backfill is made. */
export type BackfillPlan = {
  readonly dagId: string;
  readonly shard: number;
  readonly dagVersionId: number;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly asOf: EpochMs;
  readonly anchor: EpochMs;
  readonly isReverse: boolean;
  readonly reprocess: Reprocess;
  readonly maxActiveRuns: number;
  readonly params: Uint8Array;
  readonly hasParams: boolean;
  readonly note: string;
  readonly dateCount: number;
};

export type OwnedBackfillRow = BackfillPlan & {
  readonly id: number;
  readonly state: BackfillState;
  /** Dates decided, and the last of them. */
  readonly decided: number;
  readonly decidedDate: EpochMs | null;
};

type Row = {
  id: number;
  dag_id: string;
  shard: number;
  dag_version_id: number;
  from_at: Date;
  to_at: Date;
  as_of: Date;
  anchor_at: Date;
  is_reverse: boolean;
  reprocess: Reprocess;
  max_active_runs: number;
  params: Buffer;
  has_params: boolean;
  note: string;
  date_count: number;
  decided: number;
  decided_date: Date | null;
  state: BackfillState;
};

/** The request behind a change, with the answer to keep. */
export type AnsweredRequest = RequestKey & { readonly answer: Uint8Array };

/**
 * Makes a backfill, with the answer to its request.
 *
 * @throws MillraceError BACKFILL_OPEN while the DAG has one that is not over, NOT_OWNER, REQUEST_ID_REUSED when the same
 * request was answered meanwhile.
 */
export async function createBackfill(
  db: Database,
  fence: ShardFence,
  plan: BackfillPlan,
  answered: { readonly createdBy: string; request(key: number): AnsweredRequest },
): Promise<number> {
  try {
    return await inTransaction(db, async (run) => {
      await assertHeld(run, [fence]);
      const { dagId, shard, dagVersionId, isReverse, reprocess, maxActiveRuns } = plan;
      const times = [plan.from, plan.to, plan.asOf, plan.anchor].map((at) =>
        new Date(at).toISOString(),
      );
      const [made] = await run<{ id: number }>("backfill_create", [
        ...[dagId, shard, dagVersionId, ...times, isReverse, reprocess, maxActiveRuns],
        ...[plan.params, plan.hasParams, plan.note, answered.createdBy, plan.dateCount],
      ]);
      const id = made?.id ?? 0;
      await keep(run, answered.request(id));
      return id;
    });
  } catch (error) {
    if (isOpenConflict(error)) throw new MillraceError("BACKFILL_OPEN");
    throw error;
  }
}

function isOpenConflict(error: unknown): boolean {
  return (error as { constraint?: unknown } | null)?.constraint === "backfill_open";
}

async function keep(run: Run, request: AnsweredRequest): Promise<void> {
  const { method, principal, requestId, bodyHash, answer } = request;
  const kept = await run("request_keep", [method, principal, requestId, bodyHash, answer]);
  if (kept.length === 0) throw requestReused(request);
}

/**
 * Moves a backfill on, if it is in one of the states named, and keeps the answer to the request that asks for it. Answers
 * whether it did.
 *
 * @throws MillraceError NOT_OWNER; REQUEST_ID_REUSED when the same request was answered meanwhile.
 */
export async function setBackfillState(
  db: Database,
  fence: ShardFence,
  change: {
    readonly id: number;
    readonly from: readonly BackfillState[];
    readonly to: BackfillState;
    /** Null when nobody asks. */
    readonly request: AnsweredRequest | null;
  },
): Promise<boolean> {
  return inTransaction(db, async (run) => {
    await assertHeld(run, [fence]);
    const moved = await run("backfill_set_state", [change.id, change.from, change.to]);
    if (change.request !== null) await keep(run, change.request);
    return moved.length > 0;
  });
}

/** Backfills of shards that are not over; or these, whatever their state. */
export async function listOwnedBackfills(
  db: Database,
  shards: readonly number[],
  ids: readonly number[] | null = null,
): Promise<OwnedBackfillRow[]> {
  const rows = await rowsOf<Row>(db.pool, "backfill_list_open", [shards, ids]);
  return rows.map((row) => ({
    id: row.id,
    dagId: row.dag_id,
    shard: row.shard,
    dagVersionId: row.dag_version_id,
    from: row.from_at.getTime(),
    to: row.to_at.getTime(),
    asOf: row.as_of.getTime(),
    anchor: row.anchor_at.getTime(),
    isReverse: row.is_reverse,
    reprocess: row.reprocess,
    maxActiveRuns: row.max_active_runs,
    params: row.params,
    hasParams: row.has_params,
    note: row.note,
    dateCount: row.date_count,
    decided: row.decided,
    decidedDate: row.decided_date?.getTime() ?? null,
    state: row.state,
  }));
}

/** A date of a backfill, and its place. */
export type DatePlace = { readonly ordinal: number; readonly logicalAt: EpochMs };

/** What there is of a date already. */
export type DateTaken = {
  readonly ordinal: number;
  /** Its run; null when it has none any more. */
  readonly run: {
    readonly id: number;
    readonly state: RunState;
    readonly reopenCount: number;
  } | null;
  /** What this backfill noted of it; null when nothing yet. */
  readonly noted: { readonly outcome: DateOutcome; readonly reopenCount: number } | null;
};

/** Those of these dates that have a run, or are noted. */
export async function readDatesTaken(
  db: Database,
  { id, dagId }: Pick<OwnedBackfillRow, "id" | "dagId">,
  dates: readonly DatePlace[],
): Promise<DateTaken[]> {
  type TakenRow = {
    ordinal: number;
    run_id: number | null;
    state: RunState | null;
    reopen_count: number | null;
    noted: DateOutcome | null;
    noted_reopen_count: number | null;
  };
  const rows = await rowsOf<TakenRow>(db.pool, "backfill_dates_taken", [
    ...[dagId, dates.map(({ logicalAt }) => new Date(logicalAt).toISOString())],
    ...[id, dates.map(({ ordinal }) => ordinal)],
  ]);
  return rows.map((row) => ({
    ordinal: row.ordinal,
    run:
      row.run_id === null || row.state === null
        ? null
        : { id: row.run_id, state: row.state, reopenCount: row.reopen_count ?? 0 },
    noted:
      row.noted === null ? null : { outcome: row.noted, reopenCount: row.noted_reopen_count ?? 0 },
  }));
}

/**
 * Makes final runs members of a backfill, before they are opened again. Answers the ordinals of those that were final still.
 *
 * @throws MillraceError NOT_OWNER
 */
export async function adoptRuns(
  db: Database,
  fence: ShardFence,
  { id, params, hasParams }: Pick<OwnedBackfillRow, "id" | "params" | "hasParams">,
  runs: readonly { readonly runKey: number; readonly ordinal: number }[],
): Promise<Set<number>> {
  return inTransaction(db, async (run) => {
    await assertHeld(run, [fence]);
    const adopted = await run<{ ordinal: number }>("backfill_adopt", [
      ...[id, runs.map(({ runKey }) => runKey), runs.map(({ ordinal }) => ordinal)],
      hasParams ? params : null,
    ]);
    return new Set(adopted.map(({ ordinal }) => ordinal));
  });
}

/** Dates left alone, and how far the backfill is with them. */
export type BackfillAdvance = {
  readonly leftAlone: readonly (DatePlace & {
    readonly outcome: DateOutcome;
    readonly runKey: number;
  })[];
  readonly decided: number;
  readonly decidedDate: EpochMs;
};

/** @throws MillraceError NOT_OWNER */
export async function advanceBackfill(
  db: Database,
  fence: ShardFence,
  id: number,
  { leftAlone, decided, decidedDate }: BackfillAdvance,
): Promise<void> {
  await inTransaction(db, async (run) => {
    await assertHeld(run, [fence]);
    await run("backfill_advance", [
      id,
      leftAlone.map(({ ordinal }) => ordinal),
      leftAlone.map(({ logicalAt }) => new Date(logicalAt).toISOString()),
      leftAlone.map(({ outcome }) => outcome),
      leftAlone.map(({ runKey }) => runKey),
      ...[decided, new Date(decidedDate).toISOString()],
    ]);
  });
}
