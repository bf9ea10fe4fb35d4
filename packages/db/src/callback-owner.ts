/** Deliveries of callbacks as the owner of their runs keeps them. */

import type { EpochMs, RunState } from "@millrace/engine";
import type { DeliveryKey, DeliveryStateCode } from "./callback-deliveries.ts";
import type { Database } from "./database.ts";
import type { ShardFence } from "./flush-batch.ts";
import { birthOf, type RunBirth, type RunBirthRow } from "./run-birth.ts";
import { rowsOf } from "./statement.ts";

export type RunDeliveryKey = DeliveryKey & { readonly runId: number };

/** A delivery that is to be made. */
export type PendingDelivery = RunDeliveryKey & {
  readonly shard: number;
  readonly dagId: string;
  readonly dagVersionId: number;
  readonly tries: number;
  readonly happenedAt: EpochMs;
  readonly nextTryAt: EpochMs | null;
};

type KeyRow = {
  run_id: number;
  ix: number;
  map_ix: number;
  attempt: number;
  event: number;
  ordinal: number;
};

type PendingRow = KeyRow & {
  tries: number;
  happened_at: Date;
  next_try_at: Date | null;
  shard: number;
  dag_id: string;
  dag_version_id: number;
};

const beforeAll = { runId: 0, ix: -1, mapIx: -1, attempt: -1, event: 0, ordinal: 0 };

export type PendingQuery = {
  readonly shards: readonly number[];
  /** Only of these runs; default all. */
  readonly runIds?: readonly number[];
  /** Default: from the first. */
  readonly after?: RunDeliveryKey;
  readonly limit: number;
};

/** What is pending of runs of shards, in the order of keys. */
export async function listPendingDeliveries(
  db: Database,
  { shards, runIds, after = beforeAll, limit }: PendingQuery,
): Promise<PendingDelivery[]> {
  const { runId, ix, mapIx, attempt, event, ordinal } = after;
  const position = [runId, ix, mapIx, attempt, event, ordinal];
  const values = [shards, runIds ?? null, ...position, limit];
  const rows = await rowsOf<PendingRow>(db.pool, "owner_callback_list", values);
  return rows.map((row) => ({
    ...keyOf(row),
    shard: row.shard,
    dagId: row.dag_id,
    dagVersionId: row.dag_version_id,
    tries: row.tries,
    happenedAt: row.happened_at.getTime(),
    nextTryAt: row.next_try_at?.getTime() ?? null,
  }));
}

/** What a worker is told of a delivery, beside its DAG version. */
export type DeliveryFacts = RunDeliveryKey &
  RunBirth & {
    /** millrace.v1.Failure: what happened; null when nothing failed. */
    readonly cause: Uint8Array | null;
    readonly runState: RunState;
    readonly params: Uint8Array;
    /** How many instances the task has; null when it is not mapped. */
    readonly mapLength: number | null;
    /** Of what is about a deadline: how that is; null for others. */
    readonly deadline: {
      readonly dueAt: EpochMs;
      readonly atRiskAt: EpochMs | null;
      readonly estimatedEndAt: EpochMs | null;
      readonly criticalTaskIds: readonly string[];
      readonly missedAt: EpochMs | null;
    } | null;
  };

type FactsRow = KeyRow &
  RunBirthRow & {
    cause: Buffer | null;
    run_state: RunState;
    params: Buffer;
    map_length: number | null;
    due_at: Date | null;
    at_risk_at: Date | null;
    estimated_end_at: Date | null;
    critical_task_ids: string[] | null;
    missed_at: Date | null;
  };

/** Those of these deliveries that are still pending, in no particular order. */
export async function readDeliveryFacts(
  db: Database,
  keys: readonly RunDeliveryKey[],
): Promise<DeliveryFacts[]> {
  if (keys.length === 0) return [];
  const rows = await rowsOf<FactsRow>(db.pool, "owner_callback_get", columnsOf(keys));
  return rows.map((row) => ({
    ...keyOf(row),
    ...birthOf(row),
    cause: row.cause,
    runState: row.run_state,
    params: row.params,
    mapLength: row.map_length,
    deadline: deadlineOf(row),
  }));
}

function deadlineOf(row: FactsRow): DeliveryFacts["deadline"] {
  if (row.due_at === null) return null;
  return {
    dueAt: row.due_at.getTime(),
    atRiskAt: row.at_risk_at?.getTime() ?? null,
    estimatedEndAt: row.estimated_end_at?.getTime() ?? null,
    criticalTaskIds: row.critical_task_ids ?? [],
    missedAt: row.missed_at?.getTime() ?? null,
  };
}

/** What came of a try. */
export type DeliveryOutcome = RunDeliveryKey &
  ShardFence & {
    /** As it was when it was tried: the same thing may have happened again since. */
    readonly happenedAt: EpochMs;
    readonly state: DeliveryStateCode;
    /** This one included. */
    readonly tries: number;
    /** With pending only. */
    readonly nextTryAt: EpochMs | null;
    /** millrace.v1.Failure; null when it worked. */
    readonly failure: Uint8Array | null;
  };

/**
 * Writes what came of tries, each delivery at most once. Answers for each whether it applies: false when it is not
 * pending any more, is gone, or belongs to another owner.
 */
export async function writeDeliveryOutcomes(
  db: Database,
  outcomes: readonly DeliveryOutcome[],
): Promise<boolean[]> {
  if (outcomes.length === 0) return [];
  const rows = await rowsOf<{ ord: number }>(db.pool, "callback_delivery_write", [
    ...columnsOf(outcomes),
    outcomes.map((one) => new Date(one.happenedAt)),
    outcomes.map((one) => one.shard),
    outcomes.map((one) => one.epoch),
    outcomes.map((one) => one.state),
    outcomes.map((one) => one.tries),
    outcomes.map((one) => (one.nextTryAt === null ? null : new Date(one.nextTryAt))),
    outcomes.map((one) => (one.failure === null ? null : Buffer.from(one.failure))),
  ]);
  const applied = new Set(rows.map((row) => row.ord));
  return outcomes.map((_, index) => applied.has(index + 1));
}

function keyOf(row: KeyRow): RunDeliveryKey {
  const { run_id: runId, ix, map_ix: mapIx, attempt, event, ordinal } = row;
  return { runId, ix, mapIx, attempt, event, ordinal };
}

function columnsOf(keys: readonly RunDeliveryKey[]): number[][] {
  return [
    keys.map((key) => key.runId),
    keys.map((key) => key.ix),
    keys.map((key) => key.mapIx),
    keys.map((key) => key.attempt),
    keys.map((key) => key.event),
    keys.map((key) => key.ordinal),
  ];
}
