/** Asks for slots of pools where tasks lack them, and gives them back where others do. */

import { settlePools, type PoolSettlement, type PoolUse, type ShardFence } from "@millrace/db";
import { isMillraceError } from "@millrace/engine";
import { roomOf } from "../apply.ts";
import type { LaneGate } from "../limits/gates.ts";
import type { Owner } from "../owner.ts";
import type { PoolGate, PoolShard } from "./pool-book.ts";
import type { PoolTender } from "./tender.ts";

type Wish = { wanted: number; least: number; waiting: number };

export function createPoolTender(owner: () => Owner): PoolTender {
  /** Pools of which shards of others lack slots, as far as is known. */
  const wantedElsewhere = new Set<string>();
  /** Pools that are to be looked at, whether anything seems to have changed or not. */
  const rung = new Set<string>();
  let isLooking = false;
  let isWanted = false;
  let isStopped = false;
  let cancelLater: (() => void) | null = null;

  const isOverdrawn = (pool: string) => owner().pools.overdrawn.has(pool);

  /**
   * Whether another shard, here or elsewhere, lacks slots of the pool. Those here that let others go first do not count: two of
   * them would make way for each other in turns, as fast as rows can be written, and no gate would be open meanwhile.
   */
  function isContended({ pool, shard }: PoolShard, now: number): boolean {
    if (wantedElsewhere.has(pool)) return true;
    for (const part of owner().pools.parts()) {
      const isOther = part.pool === pool && part.shard !== shard;
      if (isOther && part.lacking > 0 && now >= part.mutedUntilMs) return true;
    }
    return false;
  }

  /** What waits behind the gates, by pool and shard. */
  function wishes(): Map<PoolShard, Wish> {
    const { pools, queue, settings } = owner();
    const found = new Map<PoolShard, Wish>();
    const waiting = new Map<PoolGate, number>();
    for (const [gate, count] of queue.gated(roomOf, settings.poolWaitingMax)) {
      const { pool, rate } = gate as LaneGate;
      // No slots are kept for what a rate holds back.
      if (pool !== null && (rate === null || rate.room() > 0))
        waiting.set(pool, (waiting.get(pool) ?? 0) + count);
    }
    for (const gate of pools.gates()) if (!waiting.has(gate)) gate.passed = 0;
    for (const [gate, count] of waiting) {
      const part = pools.part(gate.pool, gate.shard);
      const total = pools.get(gate.pool)?.slots ?? null;
      const wish = found.get(part) ?? { wanted: 0, least: 0, waiting: 0 };
      found.set(part, wish);
      wish.waiting += count;
      if (total !== null && gate.slots > total) continue;
      wish.wanted += count * gate.slots;
      wish.least = wish.least === 0 ? gate.slots : Math.min(wish.least, gate.slots);
    }
    // Nothing else may start before what others have passed for too long.
    for (const [part, wish] of found)
      wish.least = pools.owed(part.pool, part.shard)?.slots ?? wish.least;
    return found;
  }

  /** Parts whose rows should say something else. */
  function due(wishOf: Map<PoolShard, Wish>): { part: PoolShard; use: PoolUse }[] {
    const { pools, shards, clock, settings } = owner();
    const now = clock.monotonicMs();
    const all: { part: PoolShard; use: PoolUse }[] = [];
    const names = new Set<string>();
    for (const part of pools.parts()) {
      const row = pools.get(part.pool);
      if (row === undefined || shards.get(part.shard)?.isLoaded !== true) continue;
      const wish = wishOf.get(part) ?? { wanted: 0, least: 0, waiting: 0 };
      const used = pools.used(part);
      const isFresh = now - part.givenAtMs < settings.poolKeepMs && !part.hasUsed;
      const idle = part.granted - used;
      if (idle >= wish.least && wish.wanted > 0 && !part.hasUsed && !isFresh && row.slots !== null)
        mute(part, now);
      const isMuted = now < part.mutedUntilMs && isContended(part, now);
      const wanted = row.slots === null || isMuted ? 0 : Math.min(wish.wanted, row.slots);
      const { running, deferred, pool, shard } = part;
      const use = { pool, shard, used, wanted, least: wanted > 0 ? wish.least : 0, isFresh };
      all.push({ part, use: { ...use, running, deferred, waiting: wish.waiting } });
      const lacks = Math.max(0, wanted - Math.max(0, idle));
      const isShort = lacks > 0 && lacks > 2 * part.lacking;
      const isWatched = row.slots !== null && isContended(part, now);
      const gives = (isWatched || pools.overdrawn.has(pool)) && idle > 0 && part.hasFreed;
      const isLess = isWatched && part.lacking > 0 && lacks === 0;
      const isOver = row.slots !== null && used > part.granted;
      if (isShort || gives || isOver || isLess || rung.has(pool)) names.add(pool);
    }
    if (tellsToo(all, now)) for (const { part } of all) names.add(part.pool);
    rung.clear();
    return all.filter(({ part }) => names.has(part.pool));
  }

  /** Its tasks have no worker, it seems: others go first for a while. */
  function mute(part: PoolShard, now: number): void {
    const { first, most } = owner().settings.poolMuteMs;
    if (now < part.mutedUntilMs) return;
    const owed = owner().pools.owed(part.pool, part.shard);
    if (owed !== null) owed.passed = 0;
    part.muteMs = Math.min(most, Math.max(first, 2 * part.muteMs));
    part.mutedUntilMs = now + part.muteMs;
  }

  let toldAtMs = -Infinity;

  /** What people see is refreshed now and then, when it has changed. */
  function tellsToo(all: readonly { part: PoolShard; use: PoolUse }[], now: number): boolean {
    if (now - toldAtMs < owner().settings.poolTellMs) return false;
    if (all.every(({ part, use }) => part.told === textOf(use))) return false;
    toldAtMs = now;
    return true;
  }

  async function look(): Promise<void> {
    const { db, shards, dbClock, pools } = owner();
    const wanted = due(wishes());
    const untold = [...pools.parts()].some(
      (part) => part.running + part.deferred > 0 || part.told !== "",
    );
    if (wanted.length === 0) {
      if (untold) later(owner().settings.poolTellMs);
      return;
    }
    const fences = new Map<number, ShardFence>();
    for (const { part } of wanted) {
      const shard = shards.get(part.shard);
      if (shard !== undefined) fences.set(part.shard, { shard: shard.shard, epoch: shard.epoch });
      Object.assign(part, { isSettling: true, hasFreed: false });
    }
    const uses = wanted.map(({ use }) => use);
    const answers = await settlePools(db, [...fences.values()], uses, dbClock.now());
    take(wanted, answers, fences);
    later(owner().settings.poolTellMs);
  }

  function take(
    wanted: readonly { part: PoolShard; use: PoolUse }[],
    answers: readonly PoolSettlement[],
    fences: ReadonlyMap<number, ShardFence>,
  ): void {
    const { shards, clock, bus, pump, pools } = owner();
    const byPart = new Map(wanted.map((each) => [`${each.part.shard} ${each.part.pool}`, each]));
    const news: string[] = [];
    for (const answer of answers) {
      if (answer.lackedElsewhere > 0) wantedElsewhere.add(answer.pool);
      else wantedElsewhere.delete(answer.pool);
      if (answer.unheld < 0) pools.overdrawn.add(answer.pool);
      else pools.overdrawn.delete(answer.pool);
      let isNews = answer.freed > 0 && answer.lackedElsewhere > 0;
      for (const grant of answer.grants) {
        const each = byPart.get(`${grant.shard} ${grant.pool}`);
        // Lost, or taken again, while it was written.
        if (each === undefined || shards.get(grant.shard)?.epoch !== fences.get(grant.shard)?.epoch)
          continue;
        const { part, use } = each;
        if (grant.slots > part.granted)
          Object.assign(part, { givenAtMs: clock.monotonicMs(), hasUsed: false });
        const lacking = Math.max(0, use.wanted - Math.max(0, grant.slots - use.used));
        if (lacking > 0 && (part.lacking <= 0 || isUnheard(part))) {
          part.askedAtMs = clock.monotonicMs();
          isNews = true;
        }
        Object.assign(part, { granted: grant.slots, lacking, told: textOf(use) });
      }
      if (isNews) news.push(answer.pool);
    }
    if (news.length > 0) bus.publish("pool_grants", new TextEncoder().encode(news.join("\n")));
    // What an own shard gave back may be what another own shard waits for.
    if (answers.some((answer) => answer.lackedHere > 0 && answer.unheld > 0)) isWanted = true;
    // Nothing could be taken while the rows were written.
    pump();
  }

  /** Whoever has slots to give may not have heard of it: a message was lost, or it has the shard only now. */
  function isUnheard({ askedAtMs }: PoolShard): boolean {
    return owner().clock.monotonicMs() - askedAtMs > owner().settings.poolAskMs;
  }

  function later(ms: number): void {
    if (cancelLater !== null || isStopped) return;
    cancelLater = owner().clock.after(ms, () => {
      cancelLater = null;
      for (const part of owner().pools.parts())
        if (part.lacking !== 0 || wantedElsewhere.has(part.pool) || isOverdrawn(part.pool))
          rung.add(part.pool);
      tend();
    });
  }

  function tend(): void {
    isWanted = true;
    if (isLooking || isStopped) return;
    isLooking = true;
    setImmediate(() => void run());
  }

  async function run(): Promise<void> {
    try {
      while (isWanted) {
        if (isStopped) return;
        isWanted = false;
        await look();
        for (const part of owner().pools.parts()) part.isSettling = false;
      }
    } catch (error) {
      const isLost = isMillraceError(error) && error.reason === "NOT_OWNER";
      owner().log.warn({ err: error, lost: isLost }, "pools.unsettled");
      // It may have been written: nothing is started before the rows have been read again.
      for (const part of owner().pools.parts())
        if (part.isSettling)
          Object.assign(part, { granted: owner().pools.used(part), lacking: -1 });
      later(owner().settings.poolTellMs);
    } finally {
      for (const part of owner().pools.parts()) part.isSettling = false;
      isLooking = false;
      if (isWanted && !isStopped) tend();
    }
  }

  return {
    tend,
    onNews(pools) {
      for (const pool of pools) {
        rung.add(pool);
      }
      tend();
    },
    stop() {
      isStopped = true;
      cancelLater?.();
    },
  };
}

function textOf({ running, deferred, waiting }: PoolUse): string {
  return running + deferred + waiting === 0 ? "" : `${running} ${deferred} ${waiting}`;
}
