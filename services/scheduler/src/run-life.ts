/** Starts of queued runs, and the end of runs in memory. */

import { admitRun, RunState } from "@millrace/engine";
import { listActiveRuns } from "@millrace/db";
import { apply } from "./apply.ts";
import { limitsOf } from "./grants.ts";
import { loadedShard, type Owner } from "./owner.ts";
import { activeRun, factsOf, type ActiveRun, type QueuedRun, type OwnedDag } from "./run.ts";
import type { Versions } from "./versions.ts";

export type RunLife = {
  /** Puts a queued run behind the others of its DAG. */
  enqueue(dag: OwnedDag, run: QueuedRun): void;
  /** Starts queued runs as far as the DAG's limits allow, oldest first. */
  startQueued(dag: OwnedDag): void;
  /** Puts a running run into memory. */
  adopt(run: ActiveRun): void;
  /** Takes a run out of memory; what waits to be written of it is dropped. */
  drop(run: ActiveRun): void;
  /** Takes a queued run out of its line and makes it one in memory that has not started; null when it is not there. */
  takeQueued(dag: OwnedDag, runKey: number): Promise<ActiveRun | null>;
};

export function createRunLife(parts: {
  readonly owner: () => Owner;
  readonly versions: Versions;
}): RunLife {
  const { versions } = parts;

  function adopt(run: ActiveRun): void {
    const owner = parts.owner();
    owner.runs.set(run.key, run);
    if (run.engine.state === RunState.running) run.dag.running.add(run);
  }

  function startQueued(dag: OwnedDag): void {
    const owner = parts.owner();
    for (const [key, queued] of dag.queued) {
      if (loadedShard(owner, dag.shard) === null) return;
      if (dag.newest?.id !== dag.versionId) return void startOnceLoaded(dag);
      if (admitRun(limitsOf(owner, dag, null)).length > 0) return;
      const version = versions.get(queued.facts.dagVersionId);
      if (version === undefined || queued.params === null) return void startOnceLoaded(dag, queued);
      dag.queued.delete(key);
      start(activeRun({ ...queued, params: queued.params }, dag, version));
    }
  }

  function start(run: ActiveRun): void {
    const owner = parts.owner();
    apply(owner, run, { kind: "runStarted", at: owner.dbClock.now() });
    adopt(run);
    owner.pump();
  }

  /** Reads what the start lacks: the version, or params that were too long to keep. */
  async function startOnceLoaded(dag: OwnedDag, first?: QueuedRun): Promise<void> {
    const owner = parts.owner();
    try {
      await owner.dags.loadNewest([dag]);
      if (first !== undefined) await refill(dag, first);
      if (dag.newest !== null) startQueued(dag);
    } catch (error) {
      owner.log.warn({ dag_id: dag.dagId, err: error }, "run.start_failed");
      owner.clock.after(owner.settings.reloadDelayMs.max, () => startQueued(dag));
    }
  }

  async function refill(dag: OwnedDag, { facts }: QueuedRun): Promise<void> {
    const owner = parts.owner();
    await versions.load([facts.dagVersionId]);
    if (versions.get(facts.dagVersionId) === undefined) {
      // It can never run here; whoever understands its version takes it after a take-over.
      owner.log.error({ run_key: facts.id, dag_id: dag.dagId }, "run.set_aside");
      dag.queued.delete(facts.id);
      return;
    }
    const [row] = await listActiveRuns(owner.db, {
      shards: [dag.shard],
      ids: [facts.id],
      limit: 1,
    });
    const queued = dag.queued.get(facts.id);
    if (row === undefined) dag.queued.delete(facts.id);
    else if (queued !== undefined) dag.queued.set(facts.id, { ...queued, params: row.params });
  }

  return {
    enqueue(dag, run) {
      const { settings } = parts.owner();
      const isLong = run.params !== null && run.params.byteLength > settings.queuedParamsBytesMax;
      dag.queued.set(run.facts.id, isLong ? { ...run, params: null } : run);
    },
    startQueued,
    adopt,
    drop(run) {
      const owner = parts.owner();
      run.isGone = true;
      if (owner.runs.get(run.key) === run) owner.runs.delete(run.key);
      run.dag.running.delete(run);
      owner.queue.remove(run);
      owner.bindings.unbindRun(run);
      // What was granted and never sent to the database will not be: its slots are free again.
      const grants = owner.flushes.forget(run).flatMap((step) => step.grants);
      for (const grant of grants) owner.slots.putBack(grant.sessionKey);
      if (grants.length > 0) owner.pump();
      owner.feed.forget(run);
      owner.outputs.forget(run.key);
    },
    async takeQueued(dag, runKey) {
      const owner = parts.owner();
      const queued = dag.queued.get(runKey);
      if (queued === undefined) return null;
      await versions.load([queued.facts.dagVersionId]);
      const version = versions.get(queued.facts.dagVersionId);
      if (version === undefined || !dag.queued.delete(runKey)) return null;
      // A run that never starts needs no params.
      const run = activeRun({ ...queued, params: queued.params ?? new Uint8Array() }, dag, version);
      owner.runs.set(run.key, run);
      return run;
    },
  };
}

/** A queued run as its row tells. */
export function queuedRun(row: Parameters<typeof factsOf>[0]): QueuedRun {
  return { facts: factsOf(row), params: row.params, seq: row.seq };
}
