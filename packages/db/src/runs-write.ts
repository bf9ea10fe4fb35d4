/** Makes and deletes runs. What changes in a run once it exists goes through `flush`. */

import { assetLimits, isMillraceError, MillraceError, type EpochMs } from "@millrace/engine";
import type { AssetRef } from "./asset-pending.ts";
import { sqlText } from "./assets.ts";
import type { RunBirth } from "./run-birth.ts";
import type { RunParent } from "./run-triggers.ts";
import type { PackStatement } from "./statement-pack.ts";
import {
  byteaArray,
  int2Array,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
} from "./binary-array.ts";
import type { Database } from "./database.ts";
import { fenceStatement, shardLockClass } from "./flush.ts";
import type { ShardFence } from "./flush-batch.ts";
import { requestReused, type RequestKey } from "./requests.ts";
import { countActiveRuns } from "./runs-read.ts";
import { rowsOf } from "./statement.ts";
import type { BackfillPlace } from "./task-rows.ts";
import { inTransaction, type Run } from "./transaction.ts";

/** Runs of a DAG that one statement deletes, and, beyond the first of them, their task instances. */
const deleteBatch = 200;
const deleteTaskInstances = 20_000;
/** `run_id_seq` counts in steps of this. */
const idBlock = 64;

export type RunToCreate = RunBirth & {
  readonly id: number;
  readonly dagId: string;
  readonly dagVersionId: number;
  readonly shard: number;
  /** millrace.v1.RunInstances, of a run that is not to wait for the inputs of its DAG. Default: none yet. */
  readonly inputs?: Uint8Array | null;
  readonly params: Uint8Array;
  readonly note: string;
  readonly triggeredBy: string;
  /** The request that asks for it, with the answer to store; null for a tick of a schedule. */
  readonly request: {
    readonly method: string;
    readonly requestId: string;
    readonly bodyHash: Uint8Array;
    readonly answer: Uint8Array;
  } | null;
  /** The task instance of another DAG that triggers it. Default: none does. */
  readonly parent?: RunParent | null;
  /** Of a run of a backfill: with it, the date is noted as decided. */
  readonly backfill: BackfillPlace | null;
  /** Of a run that events of assets make: what it waited for; it gets their pending events. Default none. */
  readonly assets?: readonly AssetRef[];
  /** It gets the events that are sorted under its partition key. Default false. */
  readonly usesPartition?: boolean;
};

/** What came of a run that was to be made, by its id. */
export type RunCreation =
  | { readonly kind: "born"; readonly queuedAt: EpochMs }
  /** The request was answered before. */
  | { readonly kind: "known"; readonly bodyHash: Uint8Array; readonly answer: Uint8Array }
  | { readonly kind: "date_taken" }
  | { readonly kind: "name_taken" };

type CreateRow = [
  id: number,
  isHeld: boolean,
  queuedAt: Date | null,
  bodyHash: Buffer | null,
  answer: Buffer | null,
  isDateTaken: boolean,
];

/**
 * Makes queued runs with the answers to their requests, in one transaction. Ids, and requests, must differ within it.
 *
 * @throws MillraceError NOT_OWNER when one of the shards is somebody else's now: nothing was made.
 */
export async function createRuns(
  db: Database,
  fences: readonly ShardFence[],
  runs: readonly RunToCreate[],
): Promise<Map<number, RunCreation>> {
  const held = fences.toSorted((a, b) => a.shard - b.shard);
  const sent = db.makingLane.send([
    fenceStatement(held),
    {
      name: "run_create_batch",
      text: sqlText("run_create_batch"),
      values: [
        ...columnsOf(runs),
        int2Array(held.map((fence) => fence.shard)),
        int8Array(held.map((fence) => fence.epoch)),
        int8Array(runs.map((run) => run.backfill?.id ?? null)),
        int4Array(runs.map((run) => run.backfill?.ordinal ?? null)),
        textArray(runs.map((run) => run.partitionKey)),
        byteaArray(runs.map((run) => run.inputs ?? null)),
      ],
    },
    ...triggerStatements(runs),
    ...consumption(runs),
    ...partitionUse(runs),
  ]);
  const [, rows = []] = await sent.catch((error: unknown) => {
    // That no connection can be made is as passing as one that breaks: whoever asked asks again.
    throw isMillraceError(error) ? error.cause : error;
  });
  return new Map((rows as CreateRow[]).map((row) => [row[0], creationOf(row)]));
}

/** Notes who triggered the runs; nothing where nobody did. */
function triggerStatements(runs: readonly RunToCreate[]): PackStatement[] {
  const triggered = runs.flatMap(({ id, parent }) => (parent ? [{ id, parent }] : []));
  if (triggered.length === 0) return [];
  const values = [
    int8Array(triggered.map(({ id }) => id)),
    int8Array(triggered.map(({ parent }) => parent.runKey)),
    int4Array(triggered.map(({ parent }) => parent.ix)),
    int4Array(triggered.map(({ parent }) => parent.mapIx)),
    int4Array(triggered.map(({ parent }) => parent.attempt)),
    int4Array(triggered.map(({ parent }) => parent.depth)),
    textArray(triggered.map(({ parent }) => parent.dagId)),
    textArray(triggered.map(({ parent }) => parent.taskId)),
  ];
  return [{ name: "run_trigger_write", text: sqlText("run_trigger_write"), values }];
}

/** In the same transaction: a run that is made without its events, or events that are used without a run, cannot be. */
function consumption(runs: readonly RunToCreate[]): PackStatement[] {
  const wanted = runs.flatMap(({ id, assets = [] }) => assets.map((ref) => ({ id, ...ref })));
  if (wanted.length === 0) return [];
  const values = [
    int8Array(wanted.map(({ id }) => id)),
    textArray(wanted.map(({ uri }) => uri)),
    textArray(wanted.map(({ alias }) => alias)),
    String(assetLimits.eventsPerRun),
  ];
  return [{ name: "run_consume_assets", text: sqlText("run_consume_assets"), values }];
}

/** The same of what is sorted by partition. */
function partitionUse(runs: readonly RunToCreate[]): PackStatement[] {
  const wanted = runs.filter(({ usesPartition }) => usesPartition === true);
  if (wanted.length === 0) return [];
  const values = [
    int8Array(wanted.map(({ id }) => id)),
    textArray(wanted.map(({ partitionKey }) => partitionKey)),
    String(assetLimits.eventsPerRun),
  ];
  return [{ name: "run_consume_partition", text: sqlText("run_consume_partition"), values }];
}

function creationOf([, isHeld, queuedAt, bodyHash, answer, isDateTaken]: CreateRow): RunCreation {
  if (!isHeld) throw new MillraceError("NOT_OWNER");
  if (queuedAt !== null) return { kind: "born", queuedAt: queuedAt.getTime() };
  if (bodyHash !== null && answer !== null) return { kind: "known", bodyHash, answer };
  return { kind: isDateTaken ? "date_taken" : "name_taken" };
}

function columnsOf(runs: readonly RunToCreate[]): Buffer[] {
  return [
    int8Array(runs.map((run) => run.id)),
    textArray(runs.map((run) => run.dagId)),
    int4Array(runs.map((run) => run.dagVersionId)),
    int2Array(runs.map((run) => run.shard)),
    int2Array(runs.map((run) => run.runType)),
    textArray(runs.map((run) => run.runName)),
    timestamptzArray(runs.map((run) => run.logicalAt)),
    timestamptzArray(runs.map((run) => run.runAfter)),
    byteaArray(runs.map((run) => run.params)),
    textArray(runs.map((run) => run.note)),
    textArray(runs.map((run) => run.triggeredBy)),
    textArray(runs.map((run) => run.request?.method ?? null)),
    textArray(runs.map((run) => run.request?.requestId ?? null)),
    byteaArray(runs.map((run) => run.request?.bodyHash ?? null)),
    byteaArray(runs.map((run) => run.request?.answer ?? null)),
    timestamptzArray(runs.map((run) => run.intervalStartAt)),
    timestamptzArray(runs.map((run) => run.intervalEndAt)),
  ];
}

function dateOf(at: EpochMs | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** @throws MillraceError NOT_OWNER when a shard is somebody else's now. */
export async function assertHeld(run: Run, fences: readonly ShardFence[]): Promise<void> {
  const shards = fences.map((fence) => fence.shard).toSorted((a, b) => a - b);
  await run("flush_fence", [shardLockClass, shards]);
  const held = await run("shard_held", [
    fences.map((fence) => fence.shard),
    fences.map((fence) => fence.epoch),
  ]);
  if (held.length < fences.length) throw new MillraceError("NOT_OWNER");
}

/** At least `count` ids for runs, never handed out before. */
export async function takeRunIds(db: Database, count: number): Promise<number[]> {
  const blocks = Math.ceil(count / idBlock);
  const rows = await rowsOf<{ first: number }>(db.pool, "run_id_take", [blocks]);
  return rows.flatMap(({ first }) => Array.from({ length: idBlock }, (_, i) => first + i));
}

/** When the next scheduled run of a DAG is due, as far as its timetable says. */
export type NextRun = {
  readonly dagId: string;
  /** Null for none. */
  readonly nextRunAt: EpochMs | null;
  /** What is wrong with the function of its timetable; empty for nothing. */
  readonly problem: string;
  /** The end of the data interval of the newest tick, from which it follows; null for none. */
  readonly lastIntervalEnd: EpochMs | null;
  /** When that was found; later for every other note of the DAG that is to count after it. */
  readonly notedAt: EpochMs;
  /** `changed_seq` of the DAG as it was known. */
  readonly changedSeq: number;
};

/**
 * Notes what is known of the next scheduled runs of DAGs, for people. What a tick, another note, or a person has overtaken changes
 * nothing.
 */
export async function setNextRuns(db: Database, nextRuns: readonly NextRun[]): Promise<void> {
  await rowsOf(db.pool, "dag_set_next_runs", [
    nextRuns.map(({ dagId }) => dagId),
    nextRuns.map(({ nextRunAt }) => dateOf(nextRunAt)),
    nextRuns.map(({ lastIntervalEnd }) => dateOf(lastIntervalEnd)),
    nextRuns.map(({ notedAt }) => dateOf(notedAt)),
    nextRuns.map(({ changedSeq }) => changedSeq),
    nextRuns.map(({ problem }) => problem),
  ]);
}

/** A tick that makes no run. */
export type SkippedTick = {
  readonly dagId: string;
  readonly interval: { readonly start: EpochMs; readonly end: EpochMs };
};

/**
 * Moves a schedule over a tick that makes no run.
 *
 * @throws MillraceError NOT_OWNER when the shard is somebody else's now.
 */
export async function skipTick(
  db: Database,
  fence: ShardFence,
  { dagId, interval: { start, end } }: SkippedTick,
): Promise<void> {
  await inTransaction(db, async (run) => {
    await assertHeld(run, [fence]);
    await run("dag_skip_tick", [dagId, dateOf(start), dateOf(end)]);
  });
}

/**
 * Pauses a DAG whose newest automated runs, so many, all failed. Answers whether it did.
 *
 * @throws MillraceError NOT_OWNER when the shard is somebody else's now.
 */
export async function pauseAfterFailures(
  db: Database,
  fence: ShardFence,
  dagId: string,
  failedRuns: number,
): Promise<boolean> {
  return inTransaction(db, async (run) => {
    await assertHeld(run, [fence]);
    const [row] = await run("run_failed_in_row", [dagId, failedRuns]);
    if ((row as { all_failed: boolean } | undefined)?.all_failed !== true) return false;
    await run("dag_set_paused", [dagId, true]);
    return true;
  });
}

/** The request that asks for a deletion, with the answer to keep. */
export type DeletionRequest = RequestKey & { readonly answer: Uint8Array };

/**
 * Deletes a DAG, its versions, and its final runs with all that hangs on them, some hundred runs at a time: cut short, it
 * can be asked again. The answer is kept in the transaction that ends the DAG. False when the DAG does not exist.
 *
 * @throws MillraceError DAG_HAS_ACTIVE_RUNS when a run is not final, NOT_OWNER when the shard is somebody else's now,
 * REQUEST_ID_REUSED when another request took the same id meanwhile.
 */
export async function deleteDag(
  db: Database,
  fence: ShardFence,
  dagId: string,
  request: DeletionRequest,
): Promise<boolean> {
  for (;;) {
    const step = await inTransaction(db, async (run) => {
      await assertHeld(run, [fence]);
      const { length } = await run("dag_delete_runs", [
        dagId,
        deleteBatch,
        deleteTaskInstances,
        null,
      ]);
      if (length > 0) return "more";
      if ((await run("dag_delete", [dagId])).length === 0) return "kept";
      const { method, principal, requestId, bodyHash, answer } = request;
      const kept = await run("request_keep", [method, principal, requestId, bodyHash, answer]);
      if (kept.length === 0) throw requestReused(request);
      return "deleted";
    });
    if (step === "deleted") return true;
    if (step === "kept") return assertGone(db, dagId);
  }
}

async function assertGone(db: Database, dagId: string): Promise<false> {
  const { active } = await countActiveRuns(db, dagId);
  if (active > 0) throw new MillraceError("DAG_HAS_ACTIVE_RUNS");
  return false;
}
