/** The hot write: one round trip, one transaction, one statement (`sql/flush.sql`), whatever changed in whatever many runs. */

import { isMillraceError, MillraceError, TaskState, type EpochMs } from "@millrace/engine";

import { sqlText } from "./assets.ts";
import {
  boolArray,
  byteaArray,
  int2Array,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
} from "./binary-array.ts";
import type {
  EventRow,
  FinishedRow,
  FlushBatch,
  RunUpdate,
  SettledRow,
  StartedRow,
} from "./flush-batch.ts";
import { isConnectionLoss } from "./errors.ts";
import type { Lane } from "./lane.ts";
import type { PackStatement } from "./statement-pack.ts";

/**
 * The class of the advisory locks on shards. A take-over of shards takes `pg_advisory_xact_lock(shardLockClass, shard)` for
 * each, ascending, and raises their epochs in the same transaction: it then knows that no older flush is under way.
 */
export const shardLockClass = 72_707;

/** Rows that changed nothing, because the database holds something else than the caller thought. */
export type Missed = {
  readonly finished: readonly FinishedRow[];
  readonly started: readonly StartedRow[];
  readonly settled: readonly SettledRow[];
  readonly runs: readonly RunUpdate[];
  readonly events: readonly EventRow[];
};

export type FlushAnswer =
  /** Durable. `missed` is null when everything took effect. */
  | { readonly kind: "written"; readonly at: EpochMs; readonly missed: Missed | null }
  /** Somebody else owns one of the shards now: nothing was written, and nothing ever will be with this epoch. */
  | { readonly kind: "fenced" };

/**
 * Writes a batch, all or nothing.
 *
 * @throws MillraceError UNAVAILABLE with metadata `outcome`: `none` when nothing was written (a lock or statement timed out),
 *   `unknown` when the connection broke before the answer: the batch may be there or not. Sending it again is safe but its
 *   answer then misses what was there already, so read the runs again instead.
 * @throws the server's error when a row breaks a rule of the tables: nothing was written, and the batch never can be.
 */
export async function flush(lane: Lane, batch: FlushBatch): Promise<FlushAnswer> {
  const shards = batch.shards.toSorted((a, b) => a.shard - b.shard);
  const statements: PackStatement[] = [
    {
      name: "flush_fence",
      text: sqlText("flush_fence"),
      values: [String(shardLockClass), int4Array(shards.map((fence) => fence.shard))],
    },
    { name: "flush", text: sqlText("flush"), values: encode(batch) },
  ];
  let row: readonly unknown[];
  try {
    const answers = await lane.send(statements);
    row = answers[1]![0]!;
  } catch (error) {
    throw explain(error);
  }
  return decode(row, batch);
}

/** SQLSTATE classes after which the same batch may work: lock timeout, query cancelled, deadlock, out of resources. */
const passing = new Set(["55P03", "57014", "40P01", "40001", "53100", "53200", "53300", "53400"]);

function explain(error: unknown): unknown {
  if (isMillraceError(error)) return unavailable("no connection could be made", "none", error);
  if (isConnectionLoss(error)) return unavailable("the connection broke", "unknown", error);
  const state = (error as { code?: unknown }).code;
  if (typeof state === "string" && passing.has(state)) {
    return unavailable("the database was too busy", "none", error);
  }
  return error;
}

function unavailable(why: string, outcome: "none" | "unknown", cause: unknown): MillraceError {
  const what =
    outcome === "none" ? "nothing of it was written" : "whether it was written is not known";
  return new MillraceError("UNAVAILABLE", `A flush failed: ${why}; ${what}.`, {
    metadata: { outcome },
    cause,
  });
}

/** The statement's parameters, in its order. */
function encode(batch: FlushBatch): Buffer[] {
  return [
    int2Array(batch.shards.map((fence) => fence.shard)),
    int8Array(batch.shards.map((fence) => fence.epoch)),
    ...encodeFinished(batch.finished),
    ...encodeStarted(batch.started, batch.settled),
    ...encodeXcoms(batch),
    ...encodeRuns(batch.runs),
    ...encodeEvents(batch.events),
  ];
}

function encodeFinished(rows: readonly FinishedRow[]): Buffer[] {
  return [
    int8Array(rows.map((row) => row.runId)),
    int4Array(rows.map((row) => row.ix)),
    int4Array(rows.map((row) => row.mapIx)),
    int2Array(rows.map((row) => row.attempt)),
    int2Array(rows.map((row) => row.state)),
    int2Array(rows.map((row) => row.lost)),
    timestamptzArray(rows.map((row) => row.retryAt)),
    byteaArray(rows.map((row) => row.out)),
    byteaArray(rows.map((row) => row.failure)),
  ];
}

function encodeXcoms({ xcoms, finished }: FlushBatch): Buffer[] {
  const rows = xcoms.map((xcom) => finished[xcom.finished]!);
  return [
    int4Array(xcoms.map((xcom) => xcom.finished + 1)),
    int8Array(rows.map((row) => row.runId)),
    int4Array(rows.map((row) => row.ix)),
    int4Array(rows.map((row) => row.mapIx)),
    textArray(xcoms.map((xcom) => xcom.key)),
    byteaArray(xcoms.map((xcom) => xcom.value)),
  ];
}

/** Started rows first, settled ones behind them: the statement numbers them through. */
function encodeStarted(started: readonly StartedRow[], settled: readonly SettledRow[]): Buffer[] {
  const all = [...started, ...settled];
  const ofStarted = (column: (row: StartedRow) => number): number[] => [
    ...started.map(column),
    ...settled.map(() => 0),
  ];
  const nulls = settled.map(() => null);
  return [
    int8Array(all.map((row) => row.runId)),
    int4Array(all.map((row) => row.ix)),
    int4Array(all.map((row) => row.mapIx)),
    int2Array([...started.map(() => TaskState.running), ...settled.map((row) => row.state)]),
    int2Array(ofStarted((row) => row.attempt)),
    int2Array(ofStarted((row) => row.lost)),
    int4Array([...started.map((row) => row.sessionKey), ...nulls]),
    timestamptzArray([...started.map((row) => row.readyAt), ...nulls]),
  ];
}

function encodeRuns(rows: readonly RunUpdate[]): Buffer[] {
  return [
    int8Array(rows.map((row) => row.id)),
    int2Array(rows.map((row) => row.state)),
    int8Array(rows.map((row) => row.revision)),
    byteaArray(rows.map((row) => row.failure)),
    boolArray(rows.map((row) => row.isCancelRequested)),
    countsArray(rows),
  ];
}

/** State codes run from 1 to this. */
const stateCodes = 14;

function countsArray(rows: readonly RunUpdate[]): Buffer {
  return int4Array(
    rows.flatMap((row) => Array.from({ length: stateCodes }, (_, index) => row.counts[index] ?? 0)),
  );
}

function encodeEvents(rows: readonly EventRow[]): Buffer[] {
  const first: number[] = [];
  const last: number[] = [];
  const changes: number[] = [];
  for (const row of rows) {
    first.push(changes.length + 1);
    for (let index = 0; index < row.changes.length; index++) changes.push(row.changes[index]!);
    last.push(changes.length);
  }
  return [
    int8Array(rows.map((row) => row.runId)),
    int8Array(rows.map((row) => row.seq)),
    int2Array(rows.map((row) => row.runState)),
    int4Array(first),
    int4Array(last),
    int4Array(changes),
  ];
}

/** What took effect, in some form; null means all of it. */
type Effective<T> = readonly T[] | null;

function decode(row: readonly unknown[], batch: FlushBatch): FlushAnswer {
  const [isHeld, at, finished, started, runs, events] = row as [
    boolean,
    number,
    Effective<number>,
    Effective<string>,
    Effective<number>,
    Effective<number>,
  ];
  if (!isHeld) return { kind: "fenced" };
  if (!finished && !started && !runs && !events) return { kind: "written", at, missed: null };
  return {
    kind: "written",
    at,
    missed: {
      finished: without(batch.finished, finished, (_, index) => index + 1),
      started: without(batch.started, started, keyOf),
      settled: without(batch.settled, started, keyOf),
      runs: without(batch.runs, runs, (_, index) => index + 1),
      events: without(batch.events, events, (event) => event.runId),
    },
  };
}

function keyOf(row: StartedRow | SettledRow): string {
  return `${row.runId} ${row.ix} ${row.mapIx}`;
}

function without<T, K>(
  rows: readonly T[],
  effective: Effective<K>,
  key: (row: T, index: number) => K,
): T[] {
  if (effective === null) return [];
  const keys = new Set(effective);
  return rows.filter((row, index) => !keys.has(key(row, index)));
}
