/** For tests: what must hold after every event, written against rows and graph rather than with the engine's own rules. */

import { expect } from "vitest";
import type { CompiledDag } from "../graph.ts";
import { restoreRun } from "../restore.ts";
import type { Run, RunEvent } from "../run.ts";
import { isRunFinal, newEffects } from "../run.ts";
import type { Simulation } from "./simulated-run.ts";
import { RunState, TaskState } from "../states.ts";
import { transition } from "../transition.ts";

const finals = new Set<number>([
  TaskState.success,
  TaskState.failed,
  TaskState.skipped,
  TaskState.upstream_failed,
]);

const failed = new Set<number>([TaskState.failed, TaskState.upstream_failed]);
const begun = new Set<number>([
  TaskState.scheduled,
  TaskState.running,
  TaskState.up_for_retry,
  TaskState.success,
]);

export function checkInvariants(it: Simulation): void {
  const { run, dag, rows } = it;
  const recount = Array.from({ length: 15 }, () => 0);
  for (const [ix, state] of run.taskState.entries()) {
    recount[state]! += 1;
    checkTask(it, ix, state);
    checkRow(it, ix, state);
    ensure(run.lost[ix]! <= run.attempt[ix]!, "no more losses than grants", ix);
    const tries = run.attempt[ix]! - run.lost[ix]!;
    ensure(tries <= dag.tasks[ix]!.retries + 1, "no more tries than allowed", ix);
  }
  expect([...run.counts]).toEqual(recount);
  const areAllFinal = run.taskState.every((state) => finals.has(state));
  ensure(isRunFinal(run) === areAllFinal, "a run is final exactly when its tasks are");
  if (run.cancelRequested && isRunFinal(run))
    ensure(run.state === RunState.failed, "a cancelled run fails");
  for (const count of it.outcomes.values()) ensure(count === 1, "one outcome for each attempt");
  for (const [ix, row] of rows) ensure(row.attempt <= run.attempt[ix]!, "rows are not ahead", ix);
}

function checkTask({ run, dag }: Simulation, ix: number, state: number): void {
  const parents = parentsOf(dag, ix).map((parent) => run.taskState[parent]!);
  const openParents = parents.filter((parent) => !finals.has(parent)).length;
  ensure(run.pending[ix] === openParents, "pending counts the parents that are not final", ix);
  if (begun.has(state))
    ensure(
      parents.every((parent) => parent === TaskState.success),
      "the rule held before it began",
      ix,
    );
  if (state === TaskState.none && run.state === RunState.running) {
    ensure(openParents > 0, "a task that waits waits for somebody", ix);
    const hasVerdict = parents.some((parent) => finals.has(parent) && parent !== TaskState.success);
    ensure(!hasVerdict, "failures and skips have reached it", ix);
  }
  if (run.cancelRequested)
    ensure(finals.has(state) || state === TaskState.running, "after a cancel nothing waits", ix);
  if (state === TaskState.upstream_failed)
    ensure(
      parents.some((parent) => failed.has(parent)),
      "some parent failed",
      ix,
    );
}

/** A retry that is due has no row of its own: the row still says up_for_retry. */
function checkRow({ rows, run }: Simulation, ix: number, state: number): void {
  const row = rows.get(ix);
  if (row === undefined) {
    const isUntouched = state === TaskState.none || state === TaskState.scheduled;
    ensure(isUntouched && run.attempt[ix] === 0, "without a row nothing has happened", ix);
    return;
  }
  const isWaiting = row.state === TaskState.up_for_retry;
  ensure((row.retryAt !== null) === isWaiting, "a retry time stands with up_for_retry only", ix);
  const isRetryDue = isWaiting && state === TaskState.scheduled;
  ensure(row.state === state || isRetryDue, "the row has the state", ix);
  ensure(
    row.attempt === run.attempt[ix] && row.lost === run.lost[ix],
    "the row has the counts",
    ix,
  );
}

function ensure(holds: boolean, promise: string, ix?: number): void {
  if (!holds) throw new Error(`broken${ix === undefined ? "" : ` for task ${ix}`}: ${promise}`);
}

/** Takes the run over from its rows, lets overdue retries fire, and compares. */
export function expectSameRun(it: Simulation): void {
  const { dag, run, rows } = it;
  const effects = newEffects();
  const taskRows = Array.from(rows.values(), ({ failure: _failure, ...row }) => row);
  const restored = restoreRun(
    dag,
    {
      state: run.state,
      startedAt: it.startedAt,
      logicalDate: null,
      cancelRequestedAt: it.cancelRequestedAt,
    },
    taskRows,
    effects,
  );
  expect(effects.changes).toEqual([]);
  expect(effects.run).toBeNull();
  fireDueRetries(it, restored);
  expect(plain(restored)).toEqual(plain(run));
  if (isRunFinal(run)) return;
  const ready = new Set([...effects.ready, ...dueRetries(it)]);
  const scheduled = [...run.taskState.keys()].filter(
    (ix) => run.taskState[ix] === TaskState.scheduled,
  );
  expect([...ready].sort((a, b) => a - b)).toEqual(scheduled);
  checkTimers(
    run,
    effects.timers.map(({ kind, ix, attempt }) => `${kind} ${ix} ${attempt}`),
  );
}

function dueRetries({ run, rows }: Simulation): number[] {
  return [...rows.values()]
    .filter(
      (row) =>
        row.state === TaskState.up_for_retry && run.taskState[row.ix] === TaskState.scheduled,
    )
    .map((row) => row.ix);
}

function fireDueRetries(it: Simulation, restored: Run): void {
  for (const ix of dueRetries(it)) {
    const attempt = restored.attempt[ix]!;
    transition(restored, { kind: "retryDue", ix, mapIx: -1, attempt, at: it.now }, newEffects());
  }
}

function checkTimers(run: Run, timers: readonly string[]): void {
  for (const [ix, state] of run.taskState.entries()) {
    const attempt = run.attempt[ix]!;
    if (state === TaskState.running) expect(timers).toContain(`executionTimedOut ${ix} ${attempt}`);
    if (state === TaskState.up_for_retry) expect(timers).toContain(`retryDue ${ix} ${attempt}`);
  }
  if (run.state === RunState.running) expect(timers).toContain("dagrunTimedOut -1 0");
  if (run.cancelRequested) expect(timers).toContain("cancelForced -1 0");
}

/** Of a final run the counters of what is open no longer matter. */
function plain(run: Run) {
  const { state, cancelRequested, taskState, attempt, lost, isSettled, pending, counts } = run;
  const open = isRunFinal(run) ? null : pending;
  return { state, cancelRequested, taskState, attempt, lost, isSettled, counts, open };
}

/**
 * What a history without losses comes to, worked out from the events alone: a task that does not succeed takes with it
 * every task after it that is still undecided.
 */
export function plainOutcome(
  dag: CompiledDag,
  history: readonly RunEvent[],
): { states: number[]; isFailed: boolean } {
  const states = dag.taskIds.map((): number => 0);
  const failures = new Map<number, number>();
  const decide = (ix: number, own: number, others: number): void => {
    states[ix] = own;
    for (const next of descendants(dag, ix)) states[next] ||= others;
  };
  for (const event of history) {
    if (event.kind === "taskSucceeded") states[event.ix] = TaskState.success;
    if (event.kind === "taskSkipped") decide(event.ix, TaskState.skipped, TaskState.skipped);
    if (event.kind !== "taskFailed") continue;
    const count = (failures.get(event.ix) ?? 0) + 1;
    failures.set(event.ix, count);
    if (count > dag.tasks[event.ix]!.retries)
      decide(event.ix, TaskState.failed, TaskState.upstream_failed);
  }
  const bad: number[] = [TaskState.failed, TaskState.upstream_failed];
  const isFailed = states.some(
    (state, ix) => bad.includes(state) && childrenOf(dag, ix).length === 0,
  );
  return { states, isFailed };
}

function descendants(dag: CompiledDag, ix: number): Set<number> {
  const found = new Set<number>();
  const look = (from: number): void => {
    for (const child of childrenOf(dag, from)) {
      if (found.has(child)) continue;
      found.add(child);
      look(child);
    }
  };
  look(ix);
  return found;
}

function childrenOf(dag: CompiledDag, ix: number): number[] {
  return dag.spec.edges
    .filter((edge) => edge.from === dag.taskIds[ix])
    .map((edge) => dag.ixOf.get(edge.to)!);
}

function parentsOf(dag: CompiledDag, ix: number): number[] {
  return [...dag.parents.subarray(dag.parentOffsets[ix], dag.parentOffsets[ix + 1])];
}
