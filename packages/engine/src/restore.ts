/** Takes a run over from its rows, with the same rules that made them. */

import { executionTimeoutGraceMs } from "./attempt.ts";
import { stopEverything } from "./cancel.ts";
import type { CompiledDag } from "./graph.ts";
import type { Effects, Run, RunRow, TaskRow } from "./run.ts";
import { createRun, isRunFinal } from "./run.ts";
import { makeReady, setState, settle } from "./settle.ts";
import { isFinal, RunState, TaskState } from "./states.ts";

/**
 * Rebuilds a run. `effects` gets every task that may be granted, every timer still to come (or overdue), and changes
 * only where a flush was cut short between a task and those after it: these must be written like any others.
 *
 * Nothing follows from the rows of a final run. Rows of tasks that the DAG does not have are passed over. A task whose
 * retry was already due comes back as up for retry with a timer that is overdue.
 */
export function restoreRun(
  dag: CompiledDag,
  row: RunRow,
  tasks: readonly TaskRow[],
  effects: Effects,
): Run {
  const run = createRun(dag, row.logicalDate);
  run.startedAt = row.startedAt;
  run.state = row.state;
  run.cancelRequested = row.cancelRequestedAt !== null;
  const known = tasks.filter((task) => task.ix in run.taskState && task.mapIx === -1);
  for (const task of known) takeRow(run, task, effects);
  if (isRunFinal(run)) return run;
  replayFinals(run, known, effects);
  if (run.state === RunState.running) {
    for (let ix = 0; ix < run.pending.length; ix += 1)
      if (run.pending[ix] === 0 && run.taskState[ix] === TaskState.none)
        makeReady(run, ix, effects);
  }
  restoreRunTimers(run, row, effects);
  return run;
}

function takeRow(run: Run, row: TaskRow, effects: Effects): void {
  const { ix, attempt } = row;
  setState(run, ix, row.state);
  run.attempt[ix] = attempt;
  run.lost[ix] = row.lost;
  const isOpen = row.state === TaskState.running || row.state === TaskState.scheduled;
  run.isSettled[ix] = attempt > 0 && !isOpen ? 1 : 0;
  if (row.state === TaskState.scheduled) effects.ready.push(ix);
  if (row.state === TaskState.up_for_retry)
    effects.timers.push({ kind: "retryDue", ix, mapIx: -1, attempt, at: row.retryAt ?? 0 });
  const { executionTimeoutMs } = run.dag.tasks[ix]!;
  if (row.state === TaskState.running && executionTimeoutMs !== null) {
    const at = (row.startedAt ?? 0) + executionTimeoutMs + executionTimeoutGraceMs;
    effects.timers.push({ kind: "executionTimedOut", ix, mapIx: -1, attempt, at });
  }
}

/** Feeds the final rows through `settle` as if they were new; what it derives beyond them stays in `effects.changes`. */
function replayFinals(run: Run, rows: readonly TaskRow[], effects: Effects): void {
  const scratch: Effects = {
    changes: [],
    ready: effects.ready,
    timers: effects.timers,
    stop: effects.stop,
    run: null,
  };
  for (const { ix, mapIx, state, attempt, lost } of rows)
    if (isFinal(state))
      scratch.changes.push({ ix, mapIx, state, attempt, lost, retryAt: null, failure: null });
  const replayed = scratch.changes.length;
  settle(run, 0, scratch);
  for (let at = replayed; at < scratch.changes.length; at += 1)
    effects.changes.push(scratch.changes[at]!);
  if (scratch.run) effects.run = scratch.run;
}

function restoreRunTimers(run: Run, row: RunRow, effects: Effects): void {
  const { dagrunTimeoutMs } = run.dag.spec;
  if (run.state === RunState.running && dagrunTimeoutMs !== null) {
    const at = (row.startedAt ?? 0) + dagrunTimeoutMs;
    effects.timers.push({ kind: "dagrunTimedOut", ix: -1, mapIx: -1, attempt: 0, at });
  }
  if (row.cancelRequestedAt !== null && !isRunFinal(run))
    stopEverything(run, row.cancelRequestedAt, effects);
}
