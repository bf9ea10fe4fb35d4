/** A batch as `sql/flush.sql` takes it: the statement, and its parameters in its order. */

import { TaskState } from "@millrace/engine";

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
  CallbackRow,
  EventRow,
  ExpansionRow,
  FinishedRow,
  FlushBatch,
  RunUpdate,
  SettledRow,
  StartedRow,
} from "./flush-batch.ts";
import type { PackStatement } from "./statement-pack.ts";

/** Characters of a map index label; the table refuses more. */
const labelMax = 250;
/** State codes run from 1 to this. */
const stateCodes = 14;

/** The flush of a batch: without the rare part and its parameters when the batch needs none of it. */
export function flushStatement(batch: FlushBatch): PackStatement {
  const values = encodeOrdinary(batch);
  if (!needsRare(batch)) return { name: "flush_ordinary", text: ordinaryText(), values };
  return { name: "flush", text: sqlText("flush"), values: [...values, ...encodeRare(batch)] };
}

/** What stores answers to requests behind the flush; nothing where there are none. */
export function answerStatements({ shards, answers }: FlushBatch): PackStatement[] {
  if (answers.length === 0) return [];
  const values = [
    int2Array(shards.map((fence) => fence.shard)),
    int8Array(shards.map((fence) => fence.epoch)),
    textArray(answers.map((row) => row.method)),
    textArray(answers.map((row) => row.principal)),
    textArray(answers.map((row) => row.requestId)),
    byteaArray(answers.map((row) => row.bodyHash)),
    byteaArray(answers.map((row) => row.answer)),
  ];
  return [{ name: "flush_answers", text: sqlText("flush_answers"), values }];
}

/** What makes the events of outlets behind the flush; nothing where no task with outlets has succeeded. */
export function assetStatements({ shards, assetEvents, finished }: FlushBatch): PackStatement[] {
  if (assetEvents.length === 0) return [];
  const rows = assetEvents.map((event) => finished[event.finished]!);
  const values = [
    int2Array(shards.map((fence) => fence.shard)),
    int8Array(shards.map((fence) => fence.epoch)),
    int8Array(rows.map((row) => row.runId)),
    int4Array(rows.map((row) => row.ix)),
    int4Array(rows.map((row) => row.mapIx)),
    int4Array(rows.map((row) => row.attempt)),
    textArray(assetEvents.map((event) => event.dagId)),
    textArray(assetEvents.map((event) => event.taskId)),
    textArray(assetEvents.map((event) => event.uri)),
    textArray(assetEvents.map((event) => event.group)),
    textArray(assetEvents.map((event) => textsLiteral(event.aliases))),
    byteaArray(assetEvents.map((event) => event.extra)),
    textArray(assetEvents.map((event) => event.partitionKey)),
  ];
  return [{ name: "flush_asset_events", text: sqlText("flush_asset_events"), values }];
}

let ordinary: string | null = null;

/** `flush` without what stands between "rare" and "end of rare". */
export function ordinaryText(): string {
  ordinary ??= sqlText("flush").replace(/^-- rare:[^]*^-- end of rare\n/m, "");
  return ordinary;
}

/** Whether an attempt leaves its row, or there are values under keys, mapped tasks, forms or callbacks. */
function needsRare(batch: FlushBatch): boolean {
  const { finished, started, xcoms, expansions, inputs, callbacks } = batch;
  return (
    xcoms.length > 0 ||
    expansions.length > 0 ||
    inputs.length > 0 ||
    callbacks.length > 0 ||
    started.some((row) => row.attempt > 1) ||
    finished.some((row) => row.state === TaskState.none || row.state === TaskState.removed)
  );
}

function encodeOrdinary(batch: FlushBatch): Buffer[] {
  return [
    int2Array(batch.shards.map((fence) => fence.shard)),
    int8Array(batch.shards.map((fence) => fence.epoch)),
    ...encodeEvents(batch.events),
    ...encodeFinished(batch.finished),
    ...encodeStarted(batch.started, batch.settled),
    ...encodeRuns(batch.runs),
  ];
}

function encodeRare(batch: FlushBatch): Buffer[] {
  return [
    ...encodeXcoms(batch),
    ...encodeExpansions(batch.expansions),
    int2Array(withoutTail(batch.started.map((row) => row.waited))),
    int2Array(withoutTail(batch.finished.map((row) => row.waited))),
    ...encodeInputs(batch),
    ...encodeCallbacks(batch.callbacks),
  ];
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

function encodeFinished(rows: readonly FinishedRow[]): Buffer[] {
  const lengths = rows.map((row) =>
    row.lengths.length === 0 ? null : `{${row.lengths.join(",")}}`,
  );
  const choices = rows.map((row) => textsLiteral(row.choice));
  const labels = rows.map((row) => storable(row.mapIndexLabel ?? "").slice(0, labelMax) || null);
  return [
    int8Array(rows.map((row) => row.runId)),
    int4Array(rows.map((row) => row.ix)),
    int4Array(rows.map((row) => row.mapIx)),
    int4Array(rows.map((row) => row.attempt)),
    int2Array(rows.map((row) => row.state)),
    int4Array(rows.map((row) => row.uncounted)),
    int2Array(rows.map((row) => row.losses)),
    timestamptzArray(rows.map((row) => row.waitUntil)),
    boolArray(withoutTail(rows.map((row) => row.isMarked || null))),
    byteaArray(withoutTail(rows.map((row) => row.out))),
    byteaArray(withoutTail(rows.map((row) => row.failure))),
    textArray(withoutTail(lengths)),
    textArray(withoutTail(choices)),
    textArray(withoutTail(labels)),
    byteaArray(withoutTail(rows.map((row) => row.deferral))),
  ];
}

/** Started rows first, settled ones behind them. */
function encodeStarted(started: readonly StartedRow[], settled: readonly SettledRow[]): Buffer[] {
  const all = [...started, ...settled];
  const zeros = settled.map(() => 0);
  const nulls = started.map(() => null);
  const failures = [...nulls, ...settled.map((row) => row.failure)];
  const choices = [...nulls, ...settled.map((row) => textsLiteral(row.choice))];
  return [
    int8Array(all.map((row) => row.runId)),
    int4Array(all.map((row) => row.ix)),
    int4Array(all.map((row) => row.mapIx)),
    int2Array([...started.map(() => TaskState.running), ...settled.map((row) => row.state)]),
    int4Array([...started.map((row) => row.attempt), ...zeros]),
    int4Array([...started.map((row) => row.uncounted), ...zeros]),
    int2Array([...started.map((row) => row.losses), ...zeros]),
    int4Array(started.map((row) => row.sessionKey)),
    timestamptzArray(started.map((row) => row.readyAt)),
    byteaArray(withoutTail(failures)),
    textArray(withoutTail(choices)),
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

function encodeExpansions(rows: readonly ExpansionRow[]): Buffer[] {
  return [
    int8Array(rows.map((row) => row.runId)),
    int4Array(rows.map((row) => row.ix)),
    int4Array(rows.map((row) => row.length)),
  ];
}

function encodeInputs({ inputs, finished }: FlushBatch): Buffer[] {
  const rows = inputs.map((input) => finished[input.finished]!);
  return [
    int4Array(inputs.map((input) => input.finished + 1)),
    int8Array(rows.map((row) => row.runId)),
    int4Array(rows.map((row) => row.ix)),
    int4Array(rows.map((row) => row.mapIx)),
    int4Array(rows.map((row) => row.attempt)),
    int2Array(inputs.map((input) => input.state)),
    byteaArray(inputs.map((input) => input.form)),
    timestamptzArray(inputs.map((input) => input.timeoutAt)),
    textArray(inputs.map((input) => input.answeredBy)),
    byteaArray(inputs.map((input) => input.answer)),
  ];
}

function encodeCallbacks(rows: readonly CallbackRow[]): Buffer[] {
  return [
    int8Array(rows.map((row) => row.runId)),
    int4Array(rows.map((row) => row.ix)),
    int4Array(rows.map((row) => row.mapIx)),
    int4Array(rows.map((row) => row.attempt)),
    int2Array(rows.map((row) => row.event)),
    int2Array(rows.map((row) => row.ordinal)),
    timestamptzArray(rows.map((row) => row.happenedAt)),
    byteaArray(rows.map((row) => row.cause)),
  ];
}

function encodeRuns(rows: readonly RunUpdate[]): Buffer[] {
  return [
    int8Array(rows.map((row) => row.id)),
    int2Array(rows.map((row) => row.state)),
    int8Array(rows.map((row) => row.revision)),
    byteaArray(rows.map((row) => row.failure)),
    boolArray(rows.map((row) => row.isCancelRequested)),
    boolArray(rows.map((row) => row.isReopened)),
    countsArray(rows),
  ];
}

function countsArray(rows: readonly RunUpdate[]): Buffer {
  return int4Array(
    rows.flatMap((row) => Array.from({ length: stateCodes }, (_, index) => row.counts[index] ?? 0)),
  );
}

/** Postgres fills up the shorter columns of a table of arrays with NULLs, so those at the end need not travel. */
function withoutTail<T>(values: readonly (T | null)[]): readonly (T | null)[] {
  return values.slice(0, values.findLastIndex((value) => value !== null) + 1);
}

/** A text[] as text: arrays of arrays must have rows of one length. */
function textsLiteral(texts: readonly string[] | null): string | null {
  if (texts === null) return null;
  const quoted = texts.map((text) => `"${storable(text).replace(/["\\]/g, String.raw`\$&`)}"`);
  return `{${quoted.join(",")}}`;
}

/** Postgres's texts hold every character but NUL. */
function storable(text: string): string {
  return text.replaceAll("\0", "");
}
