/** Takes a run over from its rows, with the same rules that made them. */

import { attemptLimitMs, executionTimeoutGraceMs } from "../events/attempt.ts";
import { stopEverything } from "../events/cancel.ts";
import { change, setState } from "../run/change.ts";
import { reviewAll } from "../events/clear.ts";
import { setChoice } from "../judge/control.ts";
import { armWait } from "../events/deferral.ts";
import type { CompiledDag } from "../graph/graph.ts";
import { gone, instanceFlags as flags, setFlag, slotOf } from "../run/instances.ts";
import { restartTimeoutMs } from "../events/restart.ts";
import { restoreLengths, restoreSlots } from "./shapes.ts";
import { repeatSkips } from "./skips.ts";
import type { Effects, Run, RunInputs, RunRow, TaskRow, Timer } from "../run/run.ts";
import { createRun } from "../run/create-run.ts";
import { isRunFinal } from "../run/run.ts";
import { RunState, TaskState } from "../spec/states.ts";
import { isWaitState, newWait, putWait } from "../run/waits.ts";

/**
 * Rebuilds a run, final ones too. `effects` gets every instance that may be granted, every timer still to come (or
 * overdue), the bodies that have been told to stop, and changes only where a flush was cut short between a task and those
 * after it: these must be written like any others.
 *
 * Rows of instances that the DAG does not have are passed over. A task whose wait was already over comes back waiting with
 * a timer that is overdue. One that waits after a second loss may only report late if it has spent no retry yet.
 */
export function restoreRun(
  dag: CompiledDag,
  facts: RunInputs,
  row: RunRow,
  rows: readonly TaskRow[],
  effects: Effects,
): Run {
  const run = createRun(dag, facts);
  run.startedAt = row.startedAt;
  run.state = row.state;
  // A cancelled run that a person has marked as success since is cancelled no more.
  run.cancelRequested = row.cancelRequestedAt !== null && row.state !== RunState.success;
  run.isMarkedFailed = row.isMarkedFailed;
  restoreSlots(run, row.expansions, rows);
  for (const one of rows) takeRow(run, one, row, effects);
  restoreLengths(run, row.expansions);
  repeatSkips(run, rows, effects);
  reviewAll(run, effects);
  if (!isRunFinal(run)) restoreRunTimers(run, row, effects);
  return run;
}

function takeRow(run: Run, row: TaskRow, { now }: RunRow, effects: Effects): void {
  const { ix, mapIx, state, attempt } = row;
  const slot = slotOf(run, ix, mapIx);
  if (slot < 0) {
    if (mapIx === -1 && ix in run.dag.tasks) takePlaceholder(run, row, effects);
    return;
  }
  const { instances } = run;
  setState(run, ix, slot, state);
  instances.attempt[slot] = attempt;
  instances.uncounted[slot] = row.uncounted;
  instances.losses[slot] = row.losses;
  setFlag(run, slot, flags.hasRow);
  if (isSettled(row)) setFlag(run, slot, flags.isSettled);
  if (state === TaskState.none && attempt > 0) setFlag(run, slot, flags.isCleared);
  if (state === TaskState.success) takeSuccess(run, slot, row);
  const timer = (kind: Timer["kind"], at: number): void => {
    effects.timers.push({ kind, ix, mapIx, attempt, at });
  };
  const limitMs = attemptLimitMs(run.dag.tasks[ix]!);
  if (state === TaskState.scheduled) effects.ready.push({ ix, from: mapIx, to: mapIx + 1 });
  if (state === TaskState.up_for_retry || state === TaskState.up_for_reschedule)
    timer("waitDue", row.waitUntil ?? now);
  if (isWaitState(state) && row.deferral !== null) {
    const wait = newWait(row.deferral, now);
    putWait(run, row, wait);
    armWait(run, row, wait, effects);
  }
  if (state === TaskState.running && limitMs !== null)
    timer("executionTimedOut", now + limitMs + executionTimeoutGraceMs);
  if (state !== TaskState.restarting) return;
  effects.stop.push({ ix, mapIx, attempt });
  timer("restartForced", now + restartTimeoutMs);
}

/**
 * What stood for a task before it was expanded is no instance, but has a row. Cleared and expanded by one event, it is
 * written twice; where only the first was, the second is made up for.
 */
function takePlaceholder(run: Run, { ix, mapIx, state }: TaskRow, effects: Effects): void {
  setFlag(run, ix, flags.hasRow);
  if (state === TaskState.removed) return;
  change(run, { ix, mapIx }, { state: TaskState.removed }, effects);
  setState(run, ix, ix, gone);
}

/** Whether the newest grant has had its outcome. */
function isSettled({ state, attempt, uncounted, deferral }: TaskRow): boolean {
  switch (state) {
    case TaskState.scheduled:
      // It deferred, and what it waited for has come.
      return deferral !== null;
    case TaskState.running:
    case TaskState.restarting:
      return false;
    case TaskState.up_for_retry:
      // Without a try behind it, it waits because its workers were lost.
      return attempt !== uncounted;
    case TaskState.none:
    case TaskState.queued:
    case TaskState.success:
    case TaskState.failed:
    case TaskState.skipped:
    case TaskState.upstream_failed:
    case TaskState.removed:
    case TaskState.up_for_reschedule:
    case TaskState.deferred:
    case TaskState.awaiting_input:
      return attempt > 0;
  }
}

function takeSuccess(run: Run, slot: number, row: TaskRow): void {
  const { ix, mapIx, hasValue, lengths, choice } = row;
  if (hasValue) setFlag(run, slot, flags.hasValue);
  if (lengths.length > 0 && mapIx < 0) run.lengths.measured.set(ix, lengths);
  if (choice !== null) setChoice(run, { ix, mapIx }, choice);
}

function restoreRunTimers(run: Run, row: RunRow, effects: Effects): void {
  const { dagrunTimeoutMs } = run.dag.spec;
  if (run.state === RunState.running && dagrunTimeoutMs !== null) {
    const at = (row.startedAt ?? 0) + dagrunTimeoutMs;
    effects.timers.push({ kind: "dagrunTimedOut", ix: -1, mapIx: -1, attempt: 0, at });
  }
  if (row.cancelRequestedAt !== null) stopEverything(run, row.cancelRequestedAt, effects);
}
