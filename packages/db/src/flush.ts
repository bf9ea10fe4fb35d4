/** The hot write: one round trip, one transaction, one statement (`sql/flush.sql`), whatever changed in whatever many runs. */

import { isMillraceError, MillraceError, type EpochMs } from "@millrace/engine";

import { sqlText } from "./assets.ts";
import { int4Array, int8Array } from "./binary-array.ts";
import type { Database } from "./database.ts";
import { isConnectionLoss, isTooBusy } from "./errors.ts";
import {
  batchOfRuns,
  newFlushBatch,
  type EventRow,
  type FinishedRow,
  type FlushBatch,
  type RunUpdate,
  type ShardFence,
  type SettledRow,
  type StartedRow,
} from "./flush-batch.ts";
import { answerStatements, assetStatements, flushStatement } from "./flush-encode.ts";
import type { Lane } from "./lane.ts";
import type { PackStatement } from "./statement-pack.ts";

/**
 * The class of the advisory locks on shards. A take-over of shards takes `pg_advisory_xact_lock(shardLockClass, shard)` for
 * each, ascending, and raises their epochs in the same transaction: it then knows that no older flush is under way.
 */
export const shardLockClass = 72_707;

const uniqueViolation = "23505";

/**
 * Rows that changed nothing, because the database holds something else than the caller thought. Where an event is missed,
 * a flush with another event of that number came first, and everything of the run is missed.
 */
export type Missed = {
  readonly finished: readonly FinishedRow[];
  readonly started: readonly StartedRow[];
  readonly settled: readonly SettledRow[];
  readonly runs: readonly RunUpdate[];
  readonly events: readonly EventRow[];
};

export type FlushAnswer =
  /** Durable. `missed` is null when everything took effect. */
  | {
      readonly kind: "written";
      readonly at: EpochMs;
      readonly missed: Missed | null;
      /** DAGs that wait for assets of which the batch made events. Default none. */
      readonly consumers?: readonly string[];
    }
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
  assertEvents(batch);
  const late = new Set<number>();
  for (;;) {
    const rest = late.size === 0 ? batch : batchOfRuns(batch, (runId) => !late.has(runId));
    try {
      const written = await write(lane, rest);
      const left = late.size === 0 ? null : batchOfRuns(batch, (id) => late.has(id));
      return decode(written, rest, left);
    } catch (error) {
      const written = isLate(error) ? await writtenEvents(lane, rest.events) : [];
      if (written.length === 0) throw explain(error);
      for (const runId of written) late.add(runId);
    }
  }
}

/** Goes first: what follows in its transaction holds the shards, ascending, against take-over. */
export function fenceStatement(shards: readonly ShardFence[]): PackStatement {
  return {
    name: "flush_fence",
    text: sqlText("flush_fence"),
    values: [String(shardLockClass), int4Array(shards.map(({ shard }) => shard))],
  };
}

type Written = { readonly row: readonly unknown[]; readonly consumers: readonly string[] };

async function write(lane: Lane, batch: FlushBatch): Promise<Written> {
  const shards = batch.shards.toSorted((a, b) => a.shard - b.shard);
  const answers = await lane.send([
    fenceStatement(shards),
    flushStatement(batch),
    ...assetStatements(batch),
    ...answerStatements(batch),
  ]);
  const pended = batch.assetEvents.length === 0 ? [] : answers[2]!;
  return { row: answers[1]![0]!, consumers: pended.map(([dagId]) => dagId as string) };
}

/**
 * After a flush without an answer: sees to it that it is written by now or never will be, so that what is read next stays
 * true. Each event that it did not write is there then without a change.
 *
 * @throws MillraceError NOT_OWNER when a shard is somebody else's: nothing of that flush can come any more.
 */
export async function barFlush(
  { makingLane }: Pick<Database, "makingLane">,
  fences: readonly ShardFence[],
  events: readonly Pick<EventRow, "runId" | "seq">[],
): Promise<void> {
  const shards = fences.toSorted((a, b) => a.shard - b.shard);
  const [, [row] = []] = await makingLane
    .send([
      fenceStatement(shards),
      {
        name: "event_bar",
        text: sqlText("event_bar"),
        values: [
          int4Array(shards.map(({ shard }) => shard)),
          int8Array(shards.map(({ epoch }) => epoch)),
          int8Array(events.map(({ runId }) => runId)),
          int8Array(events.map(({ seq }) => seq)),
        ],
      },
    ])
    .catch((error: unknown) => {
      throw explain(error);
    });
  if (row?.[0] !== true) throw new MillraceError("NOT_OWNER");
}

/** Without its event, what is written of a run could be written twice. */
function assertEvents(batch: FlushBatch): void {
  const { events, finished, started, settled, expansions, callbacks } = batch;
  const runIds = new Set(events.map((event) => event.runId));
  let last = -1;
  for (const rows of [finished, started, settled, expansions, callbacks]) {
    for (const { runId } of rows) {
      if (runId === last) continue;
      if (!runIds.has(runId))
        throw new Error(`A batch has rows of run ${runId} and no event of it.`);
      last = runId;
    }
  }
}

/** Somebody wrote an event of that number before: an earlier flush of the run, whose answer was lost. */
function isLate(error: unknown): boolean {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return code === uniqueViolation && constraint === "event_pkey";
}

async function writtenEvents(lane: Lane, events: readonly EventRow[]): Promise<number[]> {
  const [rows = []] = await lane
    .send([
      {
        name: "event_list_written",
        text: sqlText("event_list_written"),
        values: [
          int8Array(events.map((event) => event.runId)),
          int8Array(events.map((event) => event.seq)),
        ],
      },
    ])
    .catch((error: unknown) => {
      throw explain(error);
    });
  return rows.map(([runId]) => runId as number);
}

function explain(error: unknown): unknown {
  if (isMillraceError(error)) return unavailable("no connection could be made", "none", error);
  if (isConnectionLoss(error)) return unavailable("the connection broke", "unknown", error);
  return isTooBusy(error) ? unavailable("the database was too busy", "none", error) : error;
}

function unavailable(why: string, outcome: "none" | "unknown", cause: unknown): MillraceError {
  const what =
    outcome === "none" ? "nothing of it was written" : "whether it was written is not known";
  return new MillraceError("UNAVAILABLE", `A flush failed: ${why}; ${what}.`, {
    metadata: { outcome },
    cause,
  });
}

/** What took effect, in some form; null means all of it. */
type Effective<T> = readonly T[] | null;

/** `late`: what was left out, because its events had been written before. */
function decode(
  { row, consumers }: Written,
  batch: FlushBatch,
  late: FlushBatch | null,
): FlushAnswer {
  const [isHeld, at, finished, started, runs] = row as [
    boolean,
    number,
    Effective<number>,
    Effective<string>,
    Effective<number>,
  ];
  if (!isHeld) return { kind: "fenced" };
  const pended = consumers.length > 0 ? { consumers } : {};
  if (!finished && !started && !runs && !late)
    return { kind: "written", at, missed: null, ...pended };
  const left = late ?? newFlushBatch();
  return {
    kind: "written",
    at,
    ...pended,
    missed: {
      finished: [...without(batch.finished, finished, (_, index) => index + 1), ...left.finished],
      started: [...without(batch.started, started, keyOf), ...left.started],
      settled: [...without(batch.settled, started, keyOf), ...left.settled],
      runs: [...without(batch.runs, runs, (_, index) => index + 1), ...left.runs],
      events: left.events,
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
