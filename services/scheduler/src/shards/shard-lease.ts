/** Holds this node's share of the shards: renews, takes, hands over, and gives up what it has lost. */

import {
  claimShards,
  releaseShards,
  renewShards,
  type Database,
  type ShardFence,
  type ShardsAnswer,
} from "@millrace/db";
import type { Logger } from "@millrace/service";
import type { Clock } from "../clock.ts";
import type { SchedulerSettings } from "../settings.ts";
import { adviseShare } from "./share.ts";

export type ShardLeaseOptions = {
  readonly db: Database;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly settings: SchedulerSettings;
  readonly log: Logger;
  /** Other schedulers that are alive. */
  peers(): ReadonlySet<string>;
  /** The database's clock was read. `isFirst`: by this lease for the first time. */
  onRead(
    answer: ShardsAnswer,
    askedAtMs: number,
    answeredAtMs: number,
    isFirst: boolean,
  ): Promise<void>;
  onGained(fences: readonly ShardFence[]): void;
  /** Held no more: whatever memory says of them must not be acted on. */
  onLost(shards: readonly number[]): void;
  /** Before shards are handed over: finish what is on its way, then forget them. */
  onRelease(shards: readonly number[]): Promise<void>;
  /** What is held has changed. */
  onChange(shards: readonly number[]): void;
};

export type ShardLease = {
  /** The first round; resolves when it is over. Fails when the database cannot be reached. */
  start(): Promise<void>;
  /** Another node may have come, gone or changed: looks soon. */
  ring(): void;
  /** Renews now: a flush was fenced, so some lease is gone. */
  verify(): Promise<void>;
  held(): number[];
  /** Hands everything over. */
  stop(): Promise<void>;
  /** Ends without handing over, as a crash would. */
  abandon(): void;
};

type Held = { readonly epoch: number; untilMs: number };

/** After a failure the next round comes sooner. */
const retryMs = 500;
/** A lease that runs out is looked for this long after. */
const expiryMarginMs = 20;

export function createShardLease(options: ShardLeaseOptions): ShardLease {
  const { db, nodeId, clock, settings, log } = options;
  const held = new Map<number, Held>();
  let turn: Promise<void> = Promise.resolve();
  let cancelNext: (() => void) | null = null;
  let cancelExpiry: (() => void) | null = null;
  let isRung = false;
  let isStopped = false;
  let isFirst = true;

  const shards = () => [...held.keys()];
  const fences = (of: Iterable<number>): ShardFence[] =>
    [...of].flatMap((shard) => {
      const lease = held.get(shard);
      return lease === undefined ? [] : [{ shard, epoch: lease.epoch }];
    });

  function lose(lost: readonly number[], why: string): void {
    if (lost.length === 0) return;
    for (const shard of lost) held.delete(shard);
    log.warn({ shards: lost, why }, "shards.lost");
    options.onLost(lost);
    options.onChange(shards());
  }

  /** A lease that could not be renewed in time is over, whatever the row says: nobody may act on it. */
  function loseOverdue(): void {
    const now = clock.monotonicMs();
    lose(
      shards().filter((shard) => (held.get(shard)?.untilMs ?? 0) <= now),
      "not renewed in time",
    );
    watchExpiry();
  }

  function watchExpiry(): void {
    cancelExpiry?.();
    cancelExpiry = null;
    let first = Infinity;
    for (const { untilMs } of held.values()) first = Math.min(first, untilMs);
    if (first < Infinity) cancelExpiry = clock.after(first - clock.monotonicMs(), loseOverdue);
  }

  async function renew(): Promise<ShardsAnswer> {
    const askedAtMs = clock.monotonicMs();
    const asked = fences(held.keys());
    const answer = await renewShards(db, { nodeId, held: asked, ttlMs: settings.shardTtlMs });
    const renewed = new Set(answer.renewed);
    for (const shard of renewed) {
      const lease = held.get(shard);
      if (lease !== undefined) lease.untilMs = askedAtMs + settings.shardTtlMs;
    }
    lose(
      asked.map((each) => each.shard).filter((shard) => held.has(shard) && !renewed.has(shard)),
      "taken by another",
    );
    watchExpiry();
    await options.onRead(answer, askedAtMs, clock.monotonicMs(), isFirst);
    isFirst = false;
    return answer;
  }

  async function claim(wanted: readonly number[]): Promise<void> {
    const askedAtMs = clock.monotonicMs();
    const gained = await claimShards(db, { nodeId, shards: wanted, ttlMs: settings.shardTtlMs });
    if (gained.length === 0) return;
    for (const { shard, epoch } of gained)
      held.set(shard, { epoch, untilMs: askedAtMs + settings.shardTtlMs });
    watchExpiry();
    log.info({ shards: gained.length, held: held.size }, "shards.taken");
    options.onGained(gained);
    options.onChange(shards());
  }

  async function release(released: readonly number[]): Promise<void> {
    if (released.length === 0) return;
    await options.onRelease(released);
    const given = fences(released);
    for (const shard of released) held.delete(shard);
    await releaseShards(db, { nodeId, held: given });
    log.info({ shards: given.length, held: held.size }, "shards.handed_over");
    options.onChange(shards());
  }

  async function round(): Promise<void> {
    isRung = false;
    let nextMs = settings.shardRenewMs;
    try {
      const answer = await renew();
      // Rows were read before they were renewed; what was lost has left `held` by now.
      const views = answer.shards.map(({ id, owner }) => ({
        id,
        owner: held.has(id) ? nodeId : owner,
      }));
      const advice = adviseShare(nodeId, views, options.peers());
      await release(advice.release);
      await claim(advice.take);
      nextMs = Math.min(nextMs, untilForeignExpiry(answer));
    } catch (error) {
      log.warn({ err: error }, "shards.renewal_failed");
      nextMs = Math.min(nextMs, retryMs);
      if (isFirst) throw error;
    } finally {
      schedule(isRung ? 0 : nextMs);
    }
  }

  function untilForeignExpiry({ shards: rows, now }: ShardsAnswer): number {
    let first = Infinity;
    for (const { id, owner, expiresAt } of rows) {
      if (owner !== null && owner !== nodeId && !held.has(id))
        first = Math.min(first, expiresAt - now);
    }
    return Math.max(0, first) + expiryMarginMs;
  }

  function schedule(ms: number): void {
    cancelNext?.();
    cancelNext = isStopped ? null : clock.after(ms, () => void run(round));
  }

  /** One thing at a time. */
  function run(what: () => Promise<void>): Promise<void> {
    const result = turn.then(() => (isStopped ? undefined : what()));
    turn = result.catch(() => undefined);
    return result;
  }

  return {
    start: () => run(round),
    ring() {
      if (isRung) return;
      isRung = true;
      schedule(0);
    },
    verify: () => run(() => renew().then(() => undefined)),
    held: shards,
    abandon() {
      isStopped = true;
      cancelNext?.();
      cancelExpiry?.();
    },
    async stop() {
      cancelNext?.();
      await run(async () => {
        isStopped = true;
        await release(shards());
      }).catch((error: unknown) => log.warn({ err: error }, "shards.release_failed"));
      isStopped = true;
      cancelNext?.();
      cancelExpiry?.();
    },
  };
}
