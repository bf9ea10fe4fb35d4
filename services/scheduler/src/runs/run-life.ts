/** Starts of queued runs, the opening of runs for commands, and the end of runs in memory. */

import { admitRun, RunState, type Limits } from "@millrace/engine";
import { listActiveRuns, readOwnedRuns } from "@millrace/db";
import { apply } from "../apply.ts";
import { backfillLimitsOf, isOfBackfill, isQueued, lineOf } from "../backfills/limits.ts";
import { limitsOf } from "../dispatch/grants.ts";
import { leaveKey, takeKey, turnOf } from "../limits/concurrency-keys.ts";
import { enterLoad, leaveLoad } from "../limits/dag-load.ts";
import {
  earlierThanIdle,
  givesKey,
  keepGivenWay,
  makeRoom,
  takePlacesBack,
  whoGivesWay,
} from "../limits/places.ts";
import { wakeAll } from "../commands/instance-changes.ts";
import { holdsDag, type Owner } from "../owner.ts";
import { readRunRows, restoreInto } from "./restore-run.ts";
import { activeRun, type ActiveRun, type QueuedRun, type OwnedDag, type RunFacts } from "./run.ts";
import type { Versions } from "../shards/versions.ts";

export type RunLife = {
  /** Puts a queued run behind the others of its DAG. */
  enqueue(dag: OwnedDag, run: QueuedRun): void;
  /** Starts queued runs as far as the DAG's limits allow, oldest first. */
  startQueued(dag: OwnedDag): void;
  /** Puts a run into memory. */
  adopt(run: ActiveRun): void;
  /** Takes a run out of memory; what waits to be written of it is dropped. */
  drop(run: ActiveRun): void;
  /** As `drop`, of a run that is read again: its place among the running ones stays its own until `endAbsence`. */
  suspend(run: ActiveRun): void;
  /** It is in memory again, or waits again, or is over: what it held and does not hold any more is free. */
  endAbsence(run: ActiveRun): void;
  /**
   * Brings a run into memory from its rows, whatever its state. It is not in its DAG's line meanwhile. `settle` ends it.
   * Null when it cannot be read here, or the shard was lost.
   */
  open(dag: OwnedDag, runKey: number): Promise<ActiveRun | null>;
  /**
   * Takes a run of which nothing waits to be written, and which does not run, out of memory: a final one for good, a
   * queued one back into its DAG's line. True when it has left and was final.
   */
  settle(run: ActiveRun): boolean;
  /** A command has changed nothing of a run that it opened. */
  release(run: ActiveRun): void;
};

export function createRunLife(parts: {
  readonly owner: () => Owner;
  readonly versions: Versions;
}): RunLife {
  const { versions } = parts;
  const opening = new Map<
    number,
    { readonly dag: OwnedDag; readonly read: Promise<ActiveRun | null> }
  >();

  function enqueue(dag: OwnedDag, run: QueuedRun): void {
    const { settings } = parts.owner();
    const isLong = run.params !== null && run.params.byteLength > settings.queuedParamsBytesMax;
    const line = lineOf(dag, run.facts);
    line.set(run.facts.id, isLong || run.seq > 0 ? { ...run, params: null } : run);
    parts.owner().inputs.onQueued(dag, run);
    parts.owner().past.onBorn(dag.dagId, run.facts);
    parts.owner().deadlines.onBorn(dag, run);
  }

  function adopt(run: ActiveRun): void {
    enterLoad(run);
    parts.owner().runs.set(run.key, run);
    lineOf(run.dag, run.facts).delete(run.key);
    if (run.engine.state === RunState.running) {
      run.dag.running.add(run);
      if (isOfBackfill(run.dag, run.facts)) run.dag.backfill?.running.add(run);
      takeKey(run);
      keepGivenWay(parts.owner(), run);
    } else run.dag.opened.add(run.key);
    parts.owner().past.onArrived(run);
    parts.owner().deadlines.onArrived(run);
  }

  function startQueued(dag: OwnedDag): void {
    const owner = parts.owner();
    takePlacesBack(owner, dag);
    // The newest version may say otherwise how many may run.
    if (dag.gaveWay.size > 0 && dag.newest === null) return void startOnceLoaded(dag);
    owner.inputs.holdFresh(dag);
    startLine(dag, dag.queued);
    // What is due comes before what is made up.
    if (dag.backfill !== null) startLine(dag, dag.backfill.queued);
  }

  function startLine(dag: OwnedDag, line: OwnedDag["queued"]): void {
    for (const [key, queued] of inOrder(dag, line)) {
      if (!holdsDag(parts.owner(), dag)) return;
      if (dag.newest?.id !== dag.versionId) return void startOnceLoaded(dag);
      if (!mayStart(dag, queued.facts)) break;
      if (tryStart(dag, key, queued) === "read") return;
    }
    startEarlier(dag, line);
  }

  /** Before those that were first, what others of the DAG wait for that are idle meanwhile. */
  function startEarlier(dag: OwnedDag, line: OwnedDag["queued"]): void {
    if (!holdsDag(parts.owner(), dag)) return;
    for (const queued of earlierThanIdle(parts.owner(), dag, line))
      if (mayStart(dag, queued.facts) && tryStart(dag, queued.facts.id, queued) === "read") return;
  }

  /** "read": it starts once it has been read. "held": others may start before it. */
  function tryStart(dag: OwnedDag, key: number, queued: QueuedRun): "started" | "read" | "held" {
    if (opening.get(key)?.dag === dag) return "read";
    const { facts, params } = queued;
    const version = versions.get(facts.dagVersionId);
    if (version !== undefined && parts.owner().inputs.keeps(dag, queued)) return "held";
    if (version !== undefined && queued.seq > 0) {
      void startAgain(dag, key);
      return "read";
    }
    if (version === undefined || params === null) {
      void startOnceLoaded(dag, queued);
      return "read";
    }
    const gives = (holder: number) => givesKey(parts.owner(), holder, facts);
    const turn = turnOf(dag, key, { version, params }, gives);
    if (turn.cancel.length > 0) void cancelAll(dag, turn.cancel);
    if (!turn.isFree) return "held";
    start(activeRun({ ...queued, params }, dag, version));
    return "started";
  }

  /** As they came; those that had to wait for inputs by the date that they are about. */
  function inOrder(dag: OwnedDag, line: OwnedDag["queued"]): Iterable<[number, QueuedRun]> {
    const inputs = dag.newest?.compiled.spec.inputs ?? null;
    if (inputs === null || line !== dag.queued) return line.entries();
    const sign = inputs.order === "newest" ? -1 : 1;
    const dateOf = ({ facts }: QueuedRun): number => facts.logicalAt ?? facts.runAfter;
    return [...line.entries()].toSorted(([, a], [, b]) => sign * (dateOf(a) - dateOf(b)));
  }

  /** They have the concurrency key of another run, whose right it is. */
  async function cancelAll(dag: OwnedDag, keys: readonly number[]): Promise<void> {
    const owner = parts.owner();
    const left: number[] = [];
    for (const key of keys) {
      try {
        const run = await open(dag, key);
        if (run === null || run.isGone || run.engine.cancelRequested) continue;
        owner.log.info({ dag_id: dag.dagId, run_key: key }, "run.cancelled_by_key");
        apply(owner, run, { kind: "cancelRequested", at: owner.dbClock.now() });
      } catch (error) {
        owner.log.warn({ dag_id: dag.dagId, run_key: key, err: error }, "run.cancel_failed");
        left.push(key);
      }
    }
    if (left.length > 0)
      owner.clock.after(owner.settings.reloadDelayMs.max, () => {
        // Those that have the key by now are not to go for themselves.
        const waiting = left.filter((key) => holdsDag(owner, dag) && isQueued(dag, key));
        if (waiting.length > 0) void cancelAll(dag, waiting);
      });
  }

  function mayStart(dag: OwnedDag, facts: RunFacts): boolean {
    const limits = {
      ...limitsOf(parts.owner(), dag, null),
      backfill: backfillLimitsOf(dag, facts),
    };
    if (admitRun(limits).length === 0) return true;
    const isPossible = admitRun(withOneLess(limits)).length === 0;
    return isPossible && whoGivesWay(parts.owner(), dag, facts) !== null;
  }

  function start(run: ActiveRun): void {
    const owner = parts.owner();
    makeRoom(owner, run);
    run.dag.opened.delete(run.key);
    apply(owner, run, { kind: "runStarted", at: owner.dbClock.now() });
    adopt(run);
    owner.pump();
  }

  /** Of a run that was opened again, its rows tell what is left to do. */
  async function startAgain(dag: OwnedDag, runKey: number): Promise<void> {
    try {
      const run = await open(dag, runKey);
      if (run !== null && !run.isGone) {
        const { concurrencyKey, engine } = run;
        const holders = concurrencyKey === null ? [] : [...(dag.keys.get(concurrencyKey) ?? [])];
        const isBusy = holders.some((key) => !givesKey(parts.owner(), key, run.facts));
        const isStarting = engine.state === RunState.queued && !isBusy && mayStart(dag, run.facts);
        if (isStarting) start(run);
        else settle(run);
        if (isBusy && concurrencyKey !== null) lineOf(dag, run.facts).park(runKey, concurrencyKey);
      }
      startQueued(dag);
    } catch (error) {
      startLater(dag, error);
    }
  }

  function startLater(dag: OwnedDag, error: unknown): void {
    const owner = parts.owner();
    owner.log.warn({ dag_id: dag.dagId, err: error }, "run.start_failed");
    owner.clock.after(owner.settings.reloadDelayMs.max, () => startQueued(dag));
  }

  /** Reads what the start lacks: the version, or params that were too long to keep. */
  async function startOnceLoaded(dag: OwnedDag, first?: QueuedRun): Promise<void> {
    const owner = parts.owner();
    try {
      await owner.dags.loadNewest([dag]);
      if (first !== undefined) await refill(dag, first);
      if (dag.newest !== null) startQueued(dag);
    } catch (error) {
      startLater(dag, error);
    }
  }

  async function refill(dag: OwnedDag, { facts }: QueuedRun): Promise<void> {
    const owner = parts.owner();
    await versions.load([facts.dagVersionId]);
    if (versions.get(facts.dagVersionId) === undefined) return setAside(dag, facts.id);
    const [row] = await listActiveRuns(owner.db, {
      shards: [dag.shard],
      ids: [facts.id],
      limit: 1,
    });
    const line = lineOf(dag, facts);
    const queued = line.get(facts.id);
    if (row === undefined) line.delete(facts.id);
    else if (queued !== undefined) line.set(facts.id, { ...queued, params: row.params });
  }

  /** It can never run here; whoever understands its version takes it after a take-over. */
  function setAside(dag: OwnedDag, runKey: number): void {
    parts.owner().log.error({ run_key: runKey, dag_id: dag.dagId }, "run.set_aside");
    dag.queued.delete(runKey);
    dag.backfill?.queued.delete(runKey);
  }

  function open(dag: OwnedDag, runKey: number): Promise<ActiveRun | null> {
    const known = parts.owner().runs.get(runKey);
    if (known !== undefined) return Promise.resolve(known);
    // Read now, it could come into memory twice, and both would go on.
    const back = parts.owner().reloading.get(runKey);
    if (back !== undefined)
      return back.then(() => (holdsDag(parts.owner(), dag) ? open(dag, runKey) : null));
    if (dag.leaving.has(runKey)) return Promise.resolve(null);
    const begun = opening.get(runKey);
    // One that began before the shard was lost, and taken again, finds nothing for the DAG as it is now.
    if (begun?.dag === dag) return begun.read;
    dag.opened.add(runKey);
    const read = readIn(dag, runKey).finally(() => {
      if (opening.get(runKey)?.dag === dag) opening.delete(runKey);
      if (parts.owner().runs.get(runKey)?.dag !== dag) dag.opened.delete(runKey);
    });
    opening.set(runKey, { dag, read });
    return read;
  }

  async function readIn(dag: OwnedDag, runKey: number): Promise<ActiveRun | null> {
    const owner = parts.owner();
    const shard = owner.shards.get(dag.shard);
    const rows = await readOwnedRuns(owner.db, { shards: [dag.shard], ids: [runKey] });
    const [read] = await readRunRows({ owner, versions }, rows);
    const isLost = shard === undefined || owner.shards.get(dag.shard) !== shard;
    if (isLost || owner.dags.get(dag.dagId) !== dag) return null;
    if (read !== undefined) return restoreInto(owner, dag, read, adopt);
    if (isQueued(dag, runKey)) setAside(dag, runKey);
    return null;
  }

  function drop(run: ActiveRun): void {
    leavePlace(run);
    suspend(run);
  }

  function leavePlace(run: ActiveRun): void {
    run.dag.running.delete(run);
    run.dag.backfill?.running.delete(run);
    run.dag.gaveWay.delete(run);
  }

  function suspend(run: ActiveRun): void {
    const owner = parts.owner();
    run.isGone = true;
    if (owner.runs.get(run.key) === run) owner.runs.delete(run.key);
    run.dag.opened.delete(run.key);
    owner.queue.remove(run);
    owner.bindings.unbindRun(run);
    wakeAll(run);
    owner.past.onLeft(run);
    // What was granted and never sent to the database will not be: its slots are free again.
    const grants = owner.flushes.forget(run).flatMap((step) => step.grants);
    for (const grant of grants) owner.slots.putBack(grant.sessionKey);
    if (grants.length > 0) owner.pump();
    owner.feed.forget(run);
    owner.outputs.forget(run.key);
  }

  function endAbsence(run: ActiveRun): void {
    leavePlace(run);
    if (holdsDag(parts.owner(), run.dag) && !parts.owner().runs.has(run.key)) leaveAll(run);
  }

  /** What others may have from now on. */
  function leaveAll(run: ActiveRun): void {
    leaveLoad(run);
    leaveKey(run);
    parts.owner().pools.forget(run.key);
  }

  function settle(run: ActiveRun): boolean {
    const owner = parts.owner();
    const { state } = run.engine;
    if (run.isGone || state === RunState.running || owner.flushes.hasWaiting(run)) return false;
    drop(run);
    leaveAll(run);
    if (state !== RunState.queued) return true;
    const facts = { ...run.facts, queuedAt: owner.dbClock.now() };
    enqueue(run.dag, { facts, params: run.params, seq: run.seq });
    return false;
  }

  function release(run: ActiveRun): void {
    settle(run);
    if (run.isGone) startQueued(run.dag);
  }

  return { enqueue, startQueued, adopt, drop, suspend, endAbsence, open, settle, release };
}

/** As it is for a run that somebody makes way for. */
function withOneLess(limits: Limits): Limits {
  const { activeRuns, backfill = null } = limits;
  if (backfill === null) return { ...limits, activeRuns: activeRuns - 1 };
  return { ...limits, backfill: { ...backfill, activeRuns: backfill.activeRuns - 1 } };
}
