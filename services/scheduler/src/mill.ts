/** Puts the parts of an owner together, and says what each part's news means for the others. */

import type { Bus } from "@millrace/bus";
import {
  flush as writeFlush,
  type Database,
  type FlushAnswer,
  type FlushBatch,
  type Lane,
} from "@millrace/db";
import { activeCountOf, newEffects, RunState, type InstanceRef } from "@millrace/engine";
import type { Logger } from "@millrace/service";
import { applyTimer, isTimerLive, roomOf } from "./apply.ts";
import { pauseIfFailing } from "./runs/auto-pause.ts";
import { announceEvents } from "./assets/announce.ts";
import { createAssetRuns, type AssetRuns } from "./assets/asset-runs.ts";
import { createAssetWatchers } from "./assets/watchers.ts";
import { createBackfills, type Backfills } from "./backfills/drive.ts";
import { createBindings } from "./runs/bindings.ts";
import { createCalls } from "./calls/calls.ts";
import { createDbClock, type Clock } from "./clock.ts";
import { createDeliveries } from "./callbacks/deliveries.ts";
import { createTicks, type Ticks } from "./schedule/ticks.ts";
import { createDagBook } from "./shards/dag-book.ts";
import { createDeadlines } from "./deadlines/deadlines.ts";
import { createDemandTeller } from "./dispatch/demand.ts";
import { dispatch, sendStops } from "./dispatch/dispatch.ts";
import { createDoorbells, type Doorbells } from "./external/doorbells.ts";
import { createExternalWaits } from "./external/external-waits.ts";
import { createFlushLoop } from "./flush/flush-loop.ts";
import { createHistory } from "./runs/history.ts";
import { createInputs } from "./inputs/inputs.ts";
import { createOutbox } from "./dispatch/outbox.ts";
import { createOutputs } from "./dispatch/outputs.ts";
import { holdsDag, loadedShard, type Due, type Owner } from "./owner.ts";
import { createPast } from "./past/past.ts";
import { createRates } from "./limits/rates.ts";
import { createPoolBook } from "./pools/pool-book.ts";
import { createPoolTender } from "./pools/pool-tender.ts";
import { createPump } from "./dispatch/pump.ts";
import { createReadyQueue } from "./dispatch/ready-queue.ts";
import { createReloader } from "./runs/reload.ts";
import type { ActiveRun, OwnedDag } from "./runs/run.ts";
import { createRunFeed } from "./runs/run-feed.ts";
import { createRunLife, type RunLife } from "./runs/run-life.ts";
import { createRunMaker, type RunMaker } from "./runs/run-maker.ts";
import type { SchedulerSettings } from "./settings.ts";
import type { SideWork } from "./dispatch/side-work.ts";
import { createSlots } from "./dispatch/slots.ts";
import type { Step } from "./flush/step.ts";
import { createTimers } from "./timers.ts";
import { createVersions, type Versions } from "./shards/versions.ts";
import { createWatches } from "./waits/watches.ts";
import { createWorkerNames } from "./dispatch/worker-names.ts";

export type MillOptions = {
  readonly db: Database;
  readonly bus: Bus;
  readonly log: Logger;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly settings: SchedulerSettings;
  /** Instead of the database's; for tests of failures. */
  readonly flush?: (lane: Lane, batch: FlushBatch) => Promise<FlushAnswer>;
  /** Nodes that workers may be attached to. */
  nodes(): Iterable<string>;
  /** Looks up whether shards are still held. */
  verifyLease(): Promise<void>;
};

export type Mill = {
  readonly owner: Owner;
  readonly life: RunLife;
  readonly maker: RunMaker;
  readonly ticks: Ticks;
  readonly backfills: Backfills;
  readonly assetRuns: AssetRuns;
  readonly versions: Versions;
  readonly doorbells: Doorbells;
  /** A DAG came, or its row changed: limits, schedule and queued runs are looked at again. */
  attend(dag: OwnedDag): void;
  /** Forgets shards at once. */
  dropShards(shards: readonly number[]): void;
  stop(): void;
};

export function createMill(options: MillOptions): Mill {
  const { db, bus, log, clock, settings, nodeId } = options;
  const dbClock = createDbClock(clock);
  const versions = createVersions({ db, log, max: settings.versionsMax });
  const names = createWorkerNames(settings.workerNamesMax);
  const queue = createReadyQueue<ActiveRun>();
  const self = () => owner;
  const pump = createPump(self);
  const watches = createWatches(self);
  const externals = createExternalWaits({ owner: self, versions });
  const doorbells = createDoorbells({ bus, clock, settings, waits: () => externals });
  const deliveries = createDeliveries({ owner: self, versions });
  const calls = createCalls(self);
  const assetWatchers = createAssetWatchers(self);
  const sideWork: readonly SideWork[] = [watches, deliveries, calls, assetWatchers];
  const life = createRunLife({ owner: self, versions });
  /** DAGs about to be looked at, since a run of them waits for the past. */
  const held = new Set<OwnedDag>();

  const owner: Owner = {
    ...{ nodeId, settings, log, db, bus, clock, dbClock, names },
    shards: new Map(),
    runs: new Map(),
    reloading: new Map(),
    unsent: new Map(),
    failures: new Map(),
    dags: createDagBook({ db, versions, settings }),
    queue,
    slots: createSlots(),
    pools: createPoolBook({ db, isShardLoaded: (shard) => loadedShard(owner, shard) !== null }),
    poolTender: createPoolTender(self),
    rates: createRates({ db, clock, dbClock, log, pump: () => pump.kick() }),
    bindings: createBindings(),
    timers: createTimers<Due>({
      clock,
      dbClock,
      perTurnMax: settings.timersPerTurnMax,
      isLive(due) {
        if (due.kind === "tick") return owner.shards.has(due.shard);
        if (due.kind === "delivery") return deliveries.isLive(due.delivery);
        if (due.kind === "deadline") return owner.deadlines.isLive(due);
        if (due.kind === "inputs") return owner.inputs.isLive(due);
        return isTimerLive(due.run, due.timer);
      },
      onDue,
    }),
    flushes: createFlushLoop({
      ...{ settings, log, clock, lanes: db.lanes },
      flush: options.flush ?? writeFlush,
      onLeaving: () => pump.runKicked(),
      isAwaitingSlots: () => pump.isAsking,
      fenceOf: (shard) => owner.shards.get(shard) ?? null,
      onWritten,
      onFailed: (steps, failure) => reloader.reload(steps, failure),
      onAssetEvents: (consumers) => announceEvents(owner, consumers),
    }),
    feed: createRunFeed({
      ...{ settings, clock, bus, names },
      // An empty step: nothing has changed but the summary.
      onQuiet: (run) => void owner.flushes.stepFor(run, null),
    }),
    outputs: createOutputs(settings.outputCacheBytesMax),
    ...{ watches, externals, deliveries, calls, assetWatchers, sideWork, turns: { last: null } },
    past: createPast({ owner: self, versions, onHeld: startEarlier }),
    deadlines: createDeadlines({ owner: self, versions }),
    inputs: createInputs({
      ...{ owner: self, life: () => life, versions },
      onDecided: (dag) => ticks.plan(dag),
    }),
    demand: createDemandTeller({ bus, clock, settings, queue, sideWork, roomOf }),
    outbox: createOutbox(bus, { bytesMax: settings.dispatchBytesMax }),
    nodes: () => options.nodes(),
    effects: newEffects(),
    pump: () => pump.kick(),
  };
  const maker = createRunMaker({ owner, life });
  const ticks = createTicks({ owner, maker, life });
  const backfills = createBackfills({ owner, maker, life, versions });
  const assetRuns = createAssetRuns({ owner, maker });
  const history = createHistory(self);
  const reloader = createReloader(() => ({
    ...{ owner, life, versions },
    verifyLease: () => options.verifyLease(),
    onReloaded: (runs) => new Set(runs.map((run) => run.dag)).forEach(attend),
  }));

  function onDue(all: readonly Due[]): void {
    for (const due of all) {
      if (due.kind === "tick") {
        const dag = owner.dags.get(due.dagId);
        if (dag !== undefined) ticks.onTick(dag, due.at);
      } else if (due.kind === "delivery") {
        deliveries.onDue(due.delivery);
      } else if (due.kind === "deadline") {
        owner.deadlines.onDue(due);
      } else if (due.kind === "inputs") {
        owner.inputs.onDue(due);
      } else if (due.run.isGone) {
        continue;
      } else if (loadedShard(owner, due.run.shard) === null) {
        // Its shard is still being read: what is due waits for that.
        owner.timers.add(dbClock.now() + settings.reloadDelayMs.first, due);
      } else {
        applyTimer(owner, due.run, due.timer);
      }
    }
    pump.kick();
  }

  /** An attempt that has ended, durably, gives its slots back to its pool. */
  function freePools(step: Step): void {
    for (const record of step.records.values())
      owner.pools.settle(step.run, record, record.attempt, record.state);
    owner.poolTender.tend();
    owner.pump();
  }

  function onWritten(steps: readonly Step[]): void {
    const grants = steps.flatMap((step) => step.grants);
    for (const step of steps) {
      if (owner.pools.isUsing(step.run.key)) freePools(step);
      deliveries.add(step.run, step.callbacks);
      doorbells.note(step);
      if (step.run.isGone) continue;
      owner.failures.delete(step.run.key);
      owner.feed.note(step);
      for (const record of step.records.values())
        if (record.waiting !== null) beginWait(step.run, record);
    }
    owner.past.onWritten(steps);
    owner.deadlines.onWritten(steps);
    dispatch(owner, grants);
    const stops = steps.flatMap((step) => step.stops);
    if (stops.length > 0) sendStops(owner, stops);
    for (const { run, state } of steps) if (state !== RunState.running) settle(run);
  }

  /** A run that waits for the past, and does nothing else, may have to give way to one that waits to be started. */
  function startEarlier({ dag, engine }: ActiveRun): void {
    const waiting = dag.queued.size + (dag.backfill?.queued.size ?? 0) + dag.gaveWay.size;
    if (waiting === 0 || activeCountOf(engine) > 0 || held.has(dag)) return;
    held.add(dag);
    setImmediate(() => {
      held.delete(dag);
      if (holdsDag(owner, dag)) life.startQueued(dag);
    });
  }

  /** Each kind of wait knows its own. */
  function beginWait(run: ActiveRun, ref: InstanceRef): void {
    watches.begin(run, ref);
    externals.begin(run, ref);
  }

  function settle(run: ActiveRun): void {
    const hasEnded = life.settle(run);
    if (run.isGone) {
      life.startQueued(run.dag);
      backfills.kick(run.dag);
    }
    if (!hasEnded) return;
    ticks.plan(run.dag);
    assetRuns.onRunEnded(run.dag);
    history.look(run.dag);
    pauseIfFailing(owner, run).catch((error: unknown) => {
      log.warn({ dag_id: run.dagId, err: error }, "dag.failures_uncounted");
    });
  }

  function attend(dag: OwnedDag): void {
    owner.queue.setDagParked(dag.dagId, dag.isPaused);
    ticks.plan(dag);
    assetRuns.touch([dag.dagId]);
    history.look(dag);
    life.startQueued(dag);
    backfills.kick(dag);
    pump.kick();
  }

  return {
    ...{ owner, life, maker, ticks, backfills, assetRuns, versions, doorbells, attend },
    dropShards(shards) {
      const gone = new Set(shards);
      for (const shard of gone) owner.shards.delete(shard);
      for (const work of sideWork) work.dropShards(gone);
      externals.dropShards(gone);
      owner.deadlines.dropShards(gone);
      owner.pools.dropShards(gone);
      for (const run of [...owner.runs.values()]) if (gone.has(run.shard)) life.drop(run);
      for (const dag of owner.dags.all())
        if (gone.has(dag.shard)) owner.queue.setDagParked(dag.dagId, false);
      for (const shard of gone) owner.dags.dropShard(shard);
    },
    stop() {
      pump.stop();
      externals.stop();
      doorbells.stop();
      owner.demand.stop();
      owner.poolTender.stop();
      owner.rates.stop();
      owner.timers.stop();
      owner.feed.stop();
    },
  };
}
