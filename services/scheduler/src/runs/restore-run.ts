/** Makes runs of their rows: to go on with them, or only to look at them. */

import { fromBinary } from "@bufbuild/protobuf";
import {
  listExpansions,
  listTaskInstances,
  type ActiveRunRow,
  type ExpansionRow,
  type TaskInstanceRow,
} from "@millrace/db";
import {
  newEffects,
  restoreRun,
  RunState,
  TaskState,
  type Run,
  type RunInputs,
  type RunRow,
  type TaskRow,
} from "@millrace/engine";
import { failureFromProto } from "@millrace/wire";
import { FailureSchema } from "@millrace/wire/v1";
import { absorb } from "../apply.ts";
import { instanceKey } from "./instance-key.ts";
import type { Owner } from "../owner.ts";
import { holdsSlots } from "../pools/pool-changes.ts";
import { activeRun, factsOf, type ActiveRun, type OwnedDag, type Version } from "./run.ts";
import { createRunLists } from "./run-lists.ts";
import type { Versions } from "../shards/versions.ts";
import { engineDeferral, readDeferralRow } from "../waits/waits.ts";

/** The rows of a run, and what it runs. */
export type RunRows = {
  readonly row: ActiveRunRow;
  readonly tasks: readonly TaskInstanceRow[];
  readonly expansions: readonly ExpansionRow[];
  readonly version: Version;
};

/** Reads what belongs to runs: those whose version cannot be read here are left out, and the log says so. */
export async function readRunRows(
  { owner, versions }: { readonly owner: Owner; readonly versions: Versions },
  rows: readonly ActiveRunRow[],
): Promise<RunRows[]> {
  await versions.load(rows.map((row) => row.dagVersionId));
  const ids = rows.map((row) => row.id);
  const tasks = await listTaskInstances(owner.db, ids);
  const expansions = Map.groupBy(await listExpansions(owner.db, ids), (row) => row.runId);
  await owner.names.load(
    owner.db,
    tasks.filter(isHeld).map((task) => task.sessionKey ?? 0),
  );
  const byRun = Map.groupBy(tasks, (task) => task.runId);
  return rows.flatMap((row) => {
    const version = versions.get(row.dagVersionId);
    const ofRun = { tasks: byRun.get(row.id) ?? [], expansions: expansions.get(row.id) ?? [] };
    if (version !== undefined) return [{ row, ...ofRun, version }];
    owner.log.error({ run_key: row.id, dag_id: row.dagId }, "run.set_aside");
    return [];
  });
}

/** Brings a run into memory; `adopt` puts it there. What its rows leave to be done is done. */
export function restoreInto(
  owner: Owner,
  dag: OwnedDag,
  rows: RunRows,
  adopt: (run: ActiveRun) => void,
): ActiveRun {
  const { row, tasks, version } = rows;
  const effects = newEffects();
  const { params, seq, reopenCount } = row;
  const source = { facts: factsOf(row), params, seq, reopenCount };
  const run = activeRun(source, dag, version, (inputs) =>
    restoreRun(version.compiled, inputs, runRowOf(owner, rows), tasks.map(taskRowOf), effects),
  );
  run.recordedState = row.state;
  run.recordedFailure =
    row.failure === null ? null : failureFromProto(fromBinary(FailureSchema, row.failure));
  for (const task of tasks) takeTask(owner, run, task);
  owner.pools.replace(
    run,
    tasks.filter(({ state }) => holdsSlots(state)),
  );
  adopt(run);
  absorb(owner, run, effects, owner.dbClock.now());
  owner.watches.attach(run);
  owner.externals.attach(run);
  return run;
}

/** A run to look at and to try things with: nothing of it is written, and nobody else sees it. */
export function detachedRun(owner: Owner, rows: RunRows): Run {
  const { row, tasks, version } = rows;
  const inputs: RunInputs = {
    logicalDate: row.logicalAt,
    lengthOf: createRunLists(row.params).lengthOf,
  };
  const taskRows = tasks.map(taskRowOf);
  return restoreRun(version.compiled, inputs, runRowOf(owner, rows), taskRows, newEffects());
}

function runRowOf(owner: Owner, { row, expansions }: RunRows): RunRow {
  return {
    state: row.state,
    startedAt: row.startedAt,
    cancelRequestedAt: row.cancelRequestedAt,
    isMarkedFailed: row.state === RunState.running && row.failure !== null,
    expansions: expansions.map(({ ix, length }) => ({ ix, count: length })),
    now: owner.dbClock.now(),
  };
}

/** What it deferred for is the engine's business only until the next attempt is granted. */
function taskRowOf(task: TaskInstanceRow): TaskRow {
  if (hasNoDeferral(task)) return task;
  const row = readDeferralRow(task.deferral ?? new Uint8Array());
  return { ...task, deferral: row.attempt === task.attempt ? engineDeferral(row) : null };
}

function hasNoDeferral(task: TaskInstanceRow): task is TaskInstanceRow & { deferral: null } {
  return task.deferral === null;
}

function isHeld({ state }: TaskInstanceRow): boolean {
  return state === TaskState.running || state === TaskState.restarting;
}

function takeTask(owner: Owner, run: ActiveRun, task: TaskInstanceRow): void {
  const { instances } = run;
  const { ix, mapIx, state, attempt, looks } = task;
  const sessionKey = task.sessionKey ?? 0;
  instances.restore(task, {
    readyAt: task.readyAt ?? 0,
    startedAt: task.startedAt ?? 0,
    sessionKey,
    waitUntil: task.waitUntil ?? 0,
    // Its last look in vain is this attempt while it waits, and the one before while it looks again.
    firstAttempt: looks === 0 ? 0 : attempt - looks + (state === TaskState.running ? 0 : 1),
  });
  if (task.deferral !== null) run.waits.set(instanceKey(task), readDeferralRow(task.deferral));
  if (isHeld(task)) owner.bindings.bind(run, { ix, mapIx, attempt, sessionKey, isTold: false });
}
