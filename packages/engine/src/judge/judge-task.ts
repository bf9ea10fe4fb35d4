/** Acts on what the counters of a task say: its instances become ready, skipped or upstream_failed, or are made first. */

import { change, makeReady } from "../run/change.ts";
import { isPassedOver } from "./control.ts";
import { expand } from "./expand.ts";
import { failFast } from "./fail-fast.ts";
import { mapTooLong, notAList } from "../run/failures.ts";
import { isExpanded, isMapped, stateAt } from "../run/instances.ts";
import { judgeCell, judgeWhole } from "./judge.ts";
import {
  cellCount,
  cellWidth,
  isShaped,
  isTooLong,
  lengthStatus,
  wantedLength,
} from "../run/lengths.ts";
import type { Effects, Failure, Run } from "../run/run.ts";
import type { Judgement } from "./rules.ts";
import { RunState, TaskState } from "../spec/states.ts";
import { traits } from "../graph/traits.ts";

/** Judges the instances of a task that are `none`. Nothing else ever becomes ready, skipped or upstream_failed by a judgement. */
export function judgeTask(run: Run, ix: number, effects: Effects): void {
  if (!isJudging(run)) return;
  if (isMapped(run, ix)) judgeMapped(run, ix, effects);
  else if (stateAt(run, ix) === TaskState.none) act(run, ix, -1, 0, judgeCell(run, ix, 0), effects);
}

/** Judges cells of a task in a mapped group that was expanded, from one up to, without, another. */
export function judgeCells(run: Run, ix: number, from: number, to: number, effects: Effects): void {
  if (!isJudging(run) || run.tallies.idle[ix] === 0 || !canRun(run, ix, effects)) return;
  const width = cellWidth(run, ix);
  const end = Math.min(to, cellCount(run, ix));
  for (let cell = from; cell < end; cell += 1)
    act(run, ix, cell * width, (cell + 1) * width, judgeCell(run, ix, cell), effects);
}

/** While the counters are stale nothing can be said; all is judged once they have been made anew. */
export function isJudging({ state, cancelRequested, tallies }: Run): boolean {
  return state === RunState.running && !cancelRequested && !tallies.isStale;
}

function judgeMapped(run: Run, ix: number, effects: Effects): void {
  const isWhole = !isExpanded(run, ix);
  if (isWhole ? stateAt(run, ix) !== TaskState.none : run.tallies.idle[ix] === 0) return;
  if (run.dag.mapping.frameOf[ix]! < 0) judgeAsOne(run, ix, isWhole, effects);
  else if (isWhole) judgeUnexpanded(run, ix, effects);
  else if (run.dag.traits[ix]! & (traits.hasMates | traits.isChosen))
    judgeCells(run, ix, 0, cellCount(run, ix), effects);
  else if (canRun(run, ix, effects))
    act(run, ix, 0, run.instances.count[ix]!, judgeCell(run, ix, 0), effects);
}

/** A mapped task outside mapped groups: judged as one, then all its instances run. */
function judgeAsOne(run: Run, ix: number, isWhole: boolean, effects: Effects): void {
  const judgement = judgeCell(run, ix, 0);
  if (judgement === "skip" || judgement === "upstream_failed")
    return actOnAll(run, ix, judgement, effects);
  if (isWithoutSource(run, ix, effects) || judgement !== "run") return;
  if (isLengthFine(run, ix, effects) && hasInstances(run, ix, isWhole, effects))
    makeReady(run, ix, 0, run.instances.count[ix]!, effects);
}

/**
 * A task in a mapped group without instances yet. Only what it is mapped over has a say (semantics 2.6): when that is
 * known, each instance is judged by itself. Where there will be none, because the list is empty or cannot be used, the
 * task is judged as a whole once everything before it is final: a failure there must not be lost in an empty list.
 */
function judgeUnexpanded(run: Run, ix: number, effects: Effects): void {
  if (isPassedOver(run, ix, -1)) return actOnAll(run, ix, "skip", effects);
  if (isWithoutSource(run, ix, effects)) return;
  const length = wantedLength(run, ix);
  if (length === lengthStatus.waits) return;
  if (length <= 0 || isTooLong(length)) {
    const judgement = judgeWhole(run, ix);
    if (judgement !== "run") return actOnAll(run, ix, judgement, effects);
  }
  if (isLengthFine(run, ix, effects) && hasInstances(run, ix, true, effects))
    judgeMapped(run, ix, effects);
}

/**
 * Gives a task the instances that its sources ask for. False when it has none, so that it is skipped, or when others
 * were there before, so that everything is judged anew.
 */
function hasInstances(run: Run, ix: number, isWhole: boolean, effects: Effects): boolean {
  if (!isShaped(run, ix) || (isWhole && wantedLength(run, ix) > 0)) expand(run, ix, effects);
  if (run.tallies.isStale) return false;
  if (isExpanded(run, ix)) return true;
  actOnAll(run, ix, "skip", effects);
  return false;
}

/** Whether the instances of a task in a mapped group are those that its sources ask for; makes them so if it can. */
function canRun(run: Run, ix: number, effects: Effects): boolean {
  if (isShaped(run, ix)) return true;
  if (!isWithoutSource(run, ix, effects) && isLengthFine(run, ix, effects))
    expand(run, ix, effects);
  return false;
}

/** Whether there will never be a list, because what was to give it did not succeed; the task has its state then. */
function isWithoutSource(run: Run, ix: number, effects: Effects): boolean {
  const length = wantedLength(run, ix);
  if (length === lengthStatus.skipped) actOnAll(run, ix, "skip", effects);
  if (length === lengthStatus.upstreamFailed) actOnAll(run, ix, "upstream_failed", effects);
  return length <= lengthStatus.skipped;
}

/** Whether the length is known and allowed. The task has failed when it is known and not allowed. */
function isLengthFine(run: Run, ix: number, effects: Effects): boolean {
  const length = wantedLength(run, ix);
  if (length === lengthStatus.noList) failAll(run, ix, notAList(run, ix), effects);
  if (isTooLong(length)) failAll(run, ix, mapTooLong(length), effects);
  return length >= 0 && !isTooLong(length);
}

function act(
  run: Run,
  ix: number,
  from: number,
  to: number,
  judgement: Judgement,
  effects: Effects,
): void {
  if (judgement === "wait") return;
  if (judgement === "run") makeReady(run, ix, from, to, effects);
  else settleIdle(run, ix, from, to, judgement, effects);
}

function actOnAll(run: Run, ix: number, judgement: Judgement, effects: Effects): void {
  if (isExpanded(run, ix)) act(run, ix, 0, run.instances.count[ix]!, judgement, effects);
  else act(run, ix, -1, 0, judgement, effects);
}

function settleIdle(
  run: Run,
  ix: number,
  from: number,
  to: number,
  judgement: "skip" | "upstream_failed",
  effects: Effects,
): void {
  const state = judgement === "skip" ? TaskState.skipped : TaskState.upstream_failed;
  const base = from < 0 ? ix - from : run.instances.first[ix]!;
  for (let mapIx = from; mapIx < to; mapIx += 1)
    if (stateAt(run, base + mapIx) === TaskState.none)
      change(run, { ix, mapIx }, { state }, effects);
}

function failAll(run: Run, ix: number, failure: Failure, effects: Effects): void {
  const isWhole = !isExpanded(run, ix);
  const base = isWhole ? ix + 1 : run.instances.first[ix]!;
  for (let mapIx = isWhole ? -1 : 0; mapIx < (isWhole ? 0 : run.instances.count[ix]!); mapIx += 1)
    if (stateAt(run, base + mapIx) === TaskState.none)
      change(run, { ix, mapIx }, { state: TaskState.failed, failure }, effects);
  failFast(run, ix, effects);
}
