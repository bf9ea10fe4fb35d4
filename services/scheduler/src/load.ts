/** Reads runs from their rows into memory: at take-over, and after a flush that failed. */

import {
  listActiveRuns,
  listTaskInstances,
  type ActiveRunRow,
  type TaskInstanceRow,
} from "@millrace/db";
import { newEffects, restoreRun, RunState, TaskState } from "@millrace/engine";
import { absorb, apply } from "./apply.ts";
import type { Owner, OwnedShard } from "./owner.ts";
import { activeRun, factsOf, type ActiveRun, type Version, type OwnedDag } from "./run.ts";
import { queuedRun, type RunLife } from "./run-life.ts";
import type { Versions } from "./versions.ts";

export type LoadParts = {
  readonly owner: Owner;
  readonly life: RunLife;
  readonly versions: Versions;
};

/**
 * Loads shards that were taken over. Their DAGs are answered; queued runs have not been started yet. What was lost
 * meanwhile is passed over.
 */
export async function loadShards(
  parts: LoadParts,
  shards: readonly OwnedShard[],
): Promise<OwnedDag[]> {
  const { owner } = parts;
  const ids = shards.map((each) => each.shard);
  const dags = await owner.dags.loadShards(ids);
  for (const dag of dags) owner.queue.setDagParked(dag.dagId, dag.isPaused);
  let afterId = 0;
  let count = 0;
  for (;;) {
    const limit = owner.settings.loadRunsMax;
    const rows = await listActiveRuns(owner.db, { shards: ids, afterId, limit });
    await restoreRows(parts, rows, (row) => shards.includes(owner.shards.get(row.shard) ?? none));
    count += rows.length;
    if (rows.length < limit) break;
    afterId = rows.at(-1)?.id ?? afterId;
  }
  for (const shard of shards) if (owner.shards.get(shard.shard) === shard) shard.isLoaded = true;
  if (count > 0)
    owner.log.info({ shards: ids.length, dags: dags.length, runs: count }, "shards.loaded");
  return dags;
}

const none: OwnedShard = { shard: -1, epoch: -1, isLoaded: false };

/** Reads runs again; those that are final by now stay out. */
export async function loadRuns(
  parts: LoadParts,
  runs: readonly { readonly key: number; readonly shard: number }[],
): Promise<void> {
  const { owner } = parts;
  const shards = [...new Set(runs.map((run) => run.shard))];
  const epochs = new Map(shards.map((shard) => [shard, owner.shards.get(shard)?.epoch]));
  for (let at = 0; at < runs.length; at += owner.settings.loadRunsMax) {
    const ids = runs.slice(at, at + owner.settings.loadRunsMax).map((run) => run.key);
    const rows = await listActiveRuns(owner.db, { shards, ids, limit: ids.length });
    await restoreRows(
      parts,
      rows,
      (row) => owner.shards.get(row.shard)?.epoch === epochs.get(row.shard),
    );
  }
}

async function restoreRows(
  parts: LoadParts,
  rows: readonly ActiveRunRow[],
  isHeld: (row: ActiveRunRow) => boolean,
): Promise<void> {
  const { owner, life, versions } = parts;
  const running = rows.filter((row) => row.state === RunState.running);
  await versions.load(running.map((row) => row.dagVersionId));
  const tasks = await listTaskInstances(
    owner.db,
    running.map((row) => row.id),
  );
  await owner.names.load(
    owner.db,
    tasks.filter((task) => task.state === TaskState.running).map((task) => task.sessionKey ?? 0),
  );
  const byRun = Map.groupBy(tasks, (task) => task.runId);
  for (const row of rows) {
    const dag = owner.dags.get(row.dagId);
    if (dag === undefined || !isHeld(row) || owner.runs.has(row.id)) continue;
    const version = versions.get(row.dagVersionId);
    if (row.state === RunState.queued) {
      life.enqueue(dag, queuedRun(row));
      if (row.cancelRequestedAt !== null) await cancelQueued(parts, dag, row);
    } else if (version === undefined) {
      owner.log.error({ run_key: row.id, dag_id: row.dagId }, "run.set_aside");
    } else {
      restore(parts, row, byRun.get(row.id) ?? [], dag, version);
    }
  }
}

async function cancelQueued(
  { owner, life }: LoadParts,
  dag: OwnedDag,
  row: ActiveRunRow,
): Promise<void> {
  const run = await life.takeQueued(dag, row.id);
  if (run !== null) apply(owner, run, { kind: "cancelRequested", at: owner.dbClock.now() });
}

function restore(
  { owner, life }: LoadParts,
  row: ActiveRunRow,
  tasks: readonly TaskInstanceRow[],
  dag: OwnedDag,
  version: Version,
): void {
  const effects = newEffects();
  const engine = restoreRun(
    version.compiled,
    { ...row, logicalDate: row.logicalAt },
    tasks,
    effects,
  );
  const run = activeRun(
    { facts: factsOf(row), params: row.params, seq: row.seq },
    dag,
    version,
    engine,
  );
  run.recordedState = row.state;
  for (const task of tasks) takeTask(owner, run, task);
  life.adopt(run);
  absorb(owner, run, effects, owner.dbClock.now());
}

function takeTask(owner: Owner, run: ActiveRun, task: TaskInstanceRow): void {
  const { ix, state, attempt } = task;
  if (!(ix in run.engine.taskState)) return;
  run.readyAt[ix] = task.readyAt ?? 0;
  run.startedAt[ix] = task.startedAt ?? 0;
  run.retryAt[ix] = task.retryAt ?? 0;
  const sessionKey = task.sessionKey ?? 0;
  run.sessionKey[ix] = sessionKey;
  if (state === TaskState.running)
    owner.bindings.bind(run, { ix, attempt, sessionKey, isTold: false });
}
