/** A scheduler: holds shards, answers for their runs, and keeps everything going until it is stopped. */

import { fromBinary } from "@bufbuild/protobuf";
import type { Bus, Subscription } from "@millrace/bus";
import {
  grantAmnesty,
  type Database,
  type FlushAnswer,
  type FlushBatch,
  type Lane,
  type ShardFence,
  type ShardsAnswer,
} from "@millrace/db";
import { createLoop, type Logger } from "@millrace/service";
import { AssetEventsPendingSchema, SlotGrantsSchema } from "@millrace/wire/internal";
import { createAnswerOnce } from "./commands/answer-once.ts";
import { announceAllPending } from "./assets/announce.ts";
import { pause, systemClock, type Clock } from "./clock.ts";
import { takeCommand } from "./commands/commands.ts";
import { takeInventory } from "./dispatch/inventory.ts";
import { loadShards } from "./runs/load.ts";
import { createMill, type Mill } from "./mill.ts";
import { loadedShard } from "./owner.ts";
import { createPeers } from "./shards/peers.ts";
import { refreshPools } from "./pools/pool-changes.ts";
import { slotGrantIn, takeResults } from "./results/results.ts";
import { settingsWith, type SchedulerSettings } from "./settings.ts";
import { createShardLease, type ShardLease } from "./shards/shard-lease.ts";
import { createSweep } from "./dispatch/sweep.ts";

export type SchedulerOptions = {
  readonly db: Database;
  readonly bus: Bus;
  readonly log: Logger;
  /** Random, and new with each process: an owner is never mistaken for its predecessor. */
  readonly nodeId: string;
  /** Default: the process's own. Tests bring one they can move. */
  readonly clock?: Clock;
  readonly settings?: Partial<SchedulerSettings>;
  /** Instead of the database's; for tests of failures. */
  readonly flush?: (lane: Lane, batch: FlushBatch) => Promise<FlushAnswer>;
};

export type RunningScheduler = {
  /** Shards held now, and read: what is asked about their runs is answered here. */
  shards(): number[];
  /** Finishes what is on its way, hands the shards over and ends. Idempotent. */
  stop(): Promise<void>;
  /** Ends at once, as a crash would: nothing is finished, nothing is handed over. For tests. */
  kill(): void;
};

/**
 * Starts a scheduler. Resolves when it has taken its share of the shards and loaded their runs.
 *
 * @throws the driver's error when the database cannot be reached.
 */
export async function startScheduler(options: SchedulerOptions): Promise<RunningScheduler> {
  const { db, bus, log, nodeId } = options;
  const clock = options.clock ?? systemClock;
  const settings = settingsWith(options.settings);
  const loading = new Set<Promise<void>>();
  let isStopped = false;

  const peers = createPeers({
    ...{ bus, clock },
    silenceMs: settings.nodeSilenceMs,
    onChange: () => lease.ring(),
    onGone: (gone) => mill.owner.slots.dropApiNode(gone),
  });
  const mill: Mill = createMill({
    ...{ db, bus, log, nodeId, clock, settings },
    ...(options.flush === undefined ? {} : { flush: options.flush }),
    nodes: () => peers.nodes(),
    verifyLease: () => lease.verify(),
  });
  const { owner } = mill;
  const lease: ShardLease = createShardLease({
    ...{ db, nodeId, clock, settings, log },
    peers: () => peers.schedulers(),
    onRead,
    onGained: (fences) => track(takeOver(fences)),
    onLost: (shards) => mill.dropShards(shards),
    onRelease: letGo,
    onChange: (shards) => peers.beat(shards),
  });
  const sweep = createSweep(owner);
  const beats = createLoop({
    name: "node_beat",
    intervalMs: settings.nodeBeatMs,
    log,
    runOnce: () => Promise.resolve(peers.beat(lease.held())),
  });
  const dagPoll = createLoop({
    name: "dag_poll",
    intervalMs: settings.dagPollMs,
    log,
    async runOnce() {
      await refreshPools(owner);
      await refreshDags();
    },
  });
  const assetPoll = createLoop({
    name: "asset_poll",
    intervalMs: settings.assetPollMs,
    log,
    async runOnce() {
      await owner.assetWatchers.refresh();
      owner.inputs.sweep();
      await mill.assetRuns.sweep();
    },
  });
  let refreshing: Promise<void> | null = null;
  let isRefreshWanted = false;
  let isRung = false;

  async function onRead(
    answer: ShardsAnswer,
    askedAtMs: number,
    answeredAtMs: number,
    isFirst: boolean,
  ): Promise<void> {
    owner.dbClock.observe(answer.now, askedAtMs, answeredAtMs);
    owner.timers.wake();
    if (isFirst) await forgiveSilence(answer);
  }

  /** When no scheduler lived for a while, workers could not be heard either: their sessions get a whole time to live. */
  async function forgiveSilence({ shards, now }: ShardsAnswer): Promise<void> {
    const last = Math.max(
      ...shards.map(
        ({ owner: holder, expiresAt }) => expiresAt - (holder === null ? 0 : settings.shardTtlMs),
      ),
    );
    if (!Number.isFinite(last) || now - last < settings.amnestyGapMs) return;
    log.info({ silent_ms: now - last }, "sessions.amnesty");
    await grantAmnesty(db, last, settings.sessionTtlMs);
  }

  function track(work: Promise<void>): void {
    loading.add(work);
    void work.finally(() => loading.delete(work));
  }

  async function takeOver(fences: readonly ShardFence[]): Promise<void> {
    const shards = fences.map((fence) => ({ ...fence, isLoaded: false, hasCallbacks: false }));
    for (const shard of shards) owner.shards.set(shard.shard, shard);
    let delayMs = settings.reloadDelayMs.first;
    for (;;) {
      const held = shards.filter(
        (shard) => owner.shards.get(shard.shard) === shard && !shard.isLoaded,
      );
      if (held.length === 0 || isStopped) return;
      try {
        const dags = await loadShards(mill, held);
        mill.doorbells.ask();
        await attendAll(dags);
        // The owner before may have died between a success and its doorbell.
        await announceAllPending(owner);
        await owner.assetWatchers.refresh();
        return;
      } catch (error) {
        log.warn({ shards: held.length, err: error }, "shards.load_failed");
      }
      const ms = delayMs;
      await pause(clock, ms);
      delayMs = Math.min(delayMs * 2, settings.reloadDelayMs.max);
    }
  }

  /** In parts, so that thousands of schedules do not hold up everything else. */
  async function attendAll(dags: readonly { readonly dagId: string }[]): Promise<void> {
    for (const [i, { dagId }] of dags.entries()) {
      const dag = owner.dags.get(dagId);
      if (dag !== undefined) mill.attend(dag);
      if (i % attendMax === attendMax - 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What is decided is finished; nothing more is. */
  async function letGo(shards: readonly number[]): Promise<void> {
    const gone = new Set(shards);
    for (const shard of shards) {
      const owned = owner.shards.get(shard);
      if (owned !== undefined) owned.isLoaded = false;
    }
    owner.deliveries.dropShards(gone);
    owner.calls.dropShards(gone);
    owner.assetWatchers.dropShards(gone);
    const open = [...owner.runs.values()].filter((run) => gone.has(run.shard));
    for (const run of open) owner.queue.remove(run);
    const steps = open.flatMap((run) => owner.flushes.lastStep(run)?.done.promise ?? []);
    const { promise: drained, resolve } = Promise.withResolvers<void>();
    const cancelLimit = clock.after(settings.stopDrainMs, resolve);
    void Promise.allSettled(steps).then(() => resolve());
    await drained;
    cancelLimit();
    owner.outbox.flush();
    mill.dropShards(shards);
  }

  /** A doorbell during a look means another look: what it rang for may have been missed. */
  async function refreshDags(): Promise<void> {
    isRefreshWanted = true;
    refreshing ??= (async () => {
      try {
        while (isRefreshWanted) {
          isRefreshWanted = false;
          const hasRung = isRung;
          isRung = false;
          const loaded = [...owner.shards.values()].filter((shard) => shard.isLoaded);
          const changed = await owner.dags.refresh(loaded.map((shard) => shard.shard));
          await attendAll(changed);
          // Others may want something watched for an asset whose shard is here; the doorbell rings for those, too.
          if (changed.length > 0 || hasRung) await owner.assetWatchers.refresh();
        }
      } finally {
        refreshing = null;
      }
    })();
    return refreshing;
  }

  const answerOnce = createAnswerOnce();
  const subscriptions: Subscription[] = [
    bus.respond(`owner.${nodeId}.results`, (data) => takeResults(owner, data)),
    bus.respond(`owner.${nodeId}.inventory`, (data) => takeInventory(owner, data)),
    bus.respond(`owner.${nodeId}.command`, (data) =>
      takeCommand({ ...mill, answerOnce, replan: mill.attend }, data),
    ),
    bus.subscribe(`owner.${nodeId}.grant`, (data) => {
      const { apiNodeId, grants } = fromBinary(SlotGrantsSchema, data);
      owner.slots.grant(apiNodeId, grants.map(slotGrantIn));
      owner.pump();
    }),
    bus.subscribe("pools", () => {
      refreshPools(owner).catch((error: unknown) => {
        log.warn({ err: error }, "pools.refresh_failed");
      });
    }),
    bus.subscribe("pool_grants", (data) => {
      owner.poolTender.onNews(new TextDecoder().decode(data).split("\n"));
    }),
    bus.subscribe("assets", (data) => {
      const { dagIds } = fromBinary(AssetEventsPendingSchema, data);
      mill.assetRuns.touch(dagIds);
      owner.inputs.touch(dagIds);
    }),
    bus.subscribe("dags", () => {
      isRung = true;
      refreshDags().catch((error: unknown) => log.warn({ err: error }, "dags.refresh_failed"));
    }),
  ];

  function endListening(): void {
    for (const subscription of subscriptions) subscription.close();
    peers.stop();
    mill.stop();
  }

  async function stop(): Promise<void> {
    if (isStopped) return;
    await Promise.all([sweep.stop(), beats.stop(), dagPoll.stop(), assetPoll.stop()]);
    await lease.stop();
    isStopped = true;
    peers.beat([], true);
    endListening();
    await Promise.allSettled(loading);
    log.info({}, "scheduler.stopped");
  }

  peers.beat([]);
  try {
    await lease.start();
    await Promise.all(loading);
  } catch (error) {
    await stop();
    throw error;
  }
  sweep.start();
  beats.start();
  dagPoll.start();
  assetPoll.start();
  log.info({ shards: lease.held().length }, "scheduler.started");
  return {
    shards: () => lease.held().filter((shard) => loadedShard(owner, shard) !== null),
    stop,
    kill() {
      isStopped = true;
      lease.abandon();
      void Promise.all([sweep.stop(), beats.stop(), dagPoll.stop(), assetPoll.stop()]);
      endListening();
      mill.dropShards(lease.held());
    },
  };
}

/** DAGs looked at in one turn of the event loop. */
const attendMax = 50;
