/** Random flushes, mostly as an owner would send them, and now and then as none should. */

import type { FlushBatch } from "@millrace/db";
import { RunState, TaskState } from "@millrace/engine";
import type { Random } from "../random.ts";
import { instanceKey, type Tables } from "./tables.ts";

export type BatchSubject = {
  readonly runIds: readonly number[];
  readonly shard: number;
  readonly tables: Tables;
};

const states = Object.values(TaskState).filter((state) => state !== TaskState.queued);
/** An instant that does not depend on when the test runs. */
const instant = (random: Random): number => Date.parse("2026-04-01T00:00:00Z") + random.below(1e6);

/** One batch about some of the runs, made from what their rows are. */
export function randomBatch(random: Random, subject: BatchSubject): FlushBatch {
  const { shard, tables } = subject;
  const epoch = tables.shards[shard]!.epoch + (random.chance(0.05) ? 1 : 0);
  const batch: FlushBatch = {
    shards: [{ shard, epoch }],
    ...{ finished: [], started: [], settled: [], xcoms: [], expansions: [] },
    ...{ inputs: [], callbacks: [], assetEvents: [], runs: [], events: [], answers: [] },
  };
  for (const runId of subject.runIds) if (random.chance(0.7)) addRun(random, batch, tables, runId);
  return batch;
}

function addRun(random: Random, batch: FlushBatch, tables: Tables, runId: number): void {
  const seq = tables.lastSeq(runId) + (random.chance(0.07) ? 0 : 1);
  for (const ix of [0, 1, 2])
    for (const mapIx of [-1, 0, 1])
      if (random.chance(0.35)) addInstance(random, batch, tables, { runId, ix, mapIx });
  if (random.chance(0.3))
    batch.expansions.push({ runId, ix: random.below(3), length: random.below(4) - 1 });
  if (random.chance(0.2)) addCallback(random, batch, runId);
  const run = tables.runs.get(runId)!;
  const isReopened = run.state >= 3 && random.chance(0.5);
  const state = random.pick([run.state, RunState.running, RunState.success, RunState.failed]);
  const revision = run.revision + random.below(3);
  if (random.chance(0.6)) {
    batch.runs.push({
      ...{ id: runId, revision, isReopened },
      state: (isReopened && random.chance(0.5) ? RunState.queued : state) as RunState,
      counts: Array.from({ length: 14 }, () => random.below(5)),
      failure: state === RunState.failed && random.chance(0.5) ? bytes(random) : null,
      isCancelRequested: random.chance(0.2),
    });
  }
  const changes = Array.from({ length: 4 * random.below(3) }, () => random.below(9));
  if (seq > 0) batch.events.push({ runId, seq, runState: run.state as RunState, changes });
  if (random.chance(0.2)) {
    const requestId = `r${random.below(4)}`;
    const about = { method: "m", principal: "p", requestId, bodyHash: bytes(random) };
    batch.answers.push({ ...about, runId, answer: bytes(random) });
  }
}

type Ref = { readonly runId: number; readonly ix: number; readonly mapIx: number };

function addInstance(random: Random, batch: FlushBatch, tables: Tables, ref: Ref): void {
  const row = tables.dataOf(ref.runId).instances.get(instanceKey(ref.ix, ref.mapIx));
  const attempt = row?.attempt ?? 0;
  const slip = random.chance(0.05) ? 1 : 0;
  const losses = Math.min(attempt, (row?.losses ?? 0) + (random.chance(0.3) ? 1 : 0));
  const waited = random.chance(0.2) ? random.pick<13 | 14>([13, 14]) : null;
  if (row === undefined || attempt === 0 || random.chance(row.state === 2 ? 0.7 : 0.3)) {
    if (random.chance(0.7)) {
      const about = { attempt: attempt + 1 + slip, uncounted: random.below(attempt + 1), losses };
      const readyAt = random.chance(0.8) ? instant(random) : null;
      batch.started.push({ ...ref, ...about, sessionKey: 1 + random.below(3), readyAt, waited });
    } else {
      const state = random.pick([6, 7, 8, 9, 10, 1] as TaskState[]);
      const failure = state === 7 && random.chance(0.5) ? bytes(random) : null;
      batch.settled.push({ ...ref, state, failure, choice: state === 6 ? ["a"] : null });
    }
    return;
  }
  // What a body goes on with has rules of its own, and is seldom there.
  const isRare = row.deferral !== null && random.chance(0.5);
  const state = isRare ? random.pick([2, 5, 11] as TaskState[]) : random.pick(states);
  const isCleared = state === TaskState.none;
  const place = batch.finished.length;
  batch.finished.push({
    ...ref,
    ...{ attempt: attempt - slip, state, waited },
    uncounted: isCleared ? attempt : random.below(attempt + 1),
    losses: isCleared ? 0 : losses,
    waitUntil: state === 11 || state === 12 ? instant(random) : null,
    isMarked: [6, 7, 8].includes(state) && random.chance(0.2),
    out: state === 6 && random.chance(0.6) ? bytes(random) : null,
    failure: [2, 7, 11].includes(state) && random.chance(0.5) ? bytes(random) : null,
    lengths: state === 6 && random.chance(0.3) ? [random.below(4), -1] : [],
    choice: state === 6 && random.chance(0.3) ? ['a "quoted" \\ case', "b"] : null,
    mapIndexLabel: random.chance(0.2) ? `label ${random.below(9)}` : null,
    deferral:
      [13, 14].includes(state) || (state === 2 && random.chance(0.3)) ? bytes(random) : null,
  });
  if (random.chance(0.3))
    batch.xcoms.push({ finished: place, key: random.pick(["k", "l"]), value: bytes(random) });
  if (random.chance(0.3)) addInput(random, batch, place);
}

function addInput(random: Random, batch: FlushBatch, finished: number): void {
  const state = random.pick([1, 2, 3, 4] as const);
  batch.inputs.push({
    ...{ finished, state },
    form: state === 1 ? bytes(random) : null,
    timeoutAt: state === 1 && random.chance(0.5) ? instant(random) : null,
    answeredBy: state === 2 ? "user:admin" : null,
    answer: state === 2 ? bytes(random) : null,
  });
}

function addCallback(random: Random, batch: FlushBatch, runId: number): void {
  const event = random.pick([1, 2, 3, 4] as const);
  const about = { runId, ix: random.below(3) - 1, mapIx: -1, attempt: random.below(2), event };
  batch.callbacks.push({ ...about, ordinal: 0, happenedAt: instant(random), cause: null });
}

function bytes(random: Random): Buffer {
  return Buffer.from([123, random.below(256), 125]);
}
