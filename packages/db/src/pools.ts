/** Pools and what shards hold of them: who may use how many slots is decided in transactions that lock the pool's row. */

import {
  MillraceError,
  settleGrants,
  type EpochMs,
  type OwnPoolUse,
  type PoolGrantRow,
} from "@millrace/engine";
import type { Database } from "./database.ts";
import { shardLockClass } from "./flush.ts";
import type { ShardFence } from "./flush-batch.ts";
import type { Transaction } from "./requests.ts";
import { rowsOf } from "./statement.ts";
import { inTransaction } from "./transaction.ts";

export type PoolRow = {
  readonly name: string;
  /** Null for no limit. */
  readonly slots: number | null;
  readonly include_deferred: boolean;
  readonly changed_seq: number;
};

/** How the pools stood; it differs whenever one of them has changed. */
export async function readPoolVersion(db: Database): Promise<string> {
  const [row] = await rowsOf<{ count: number; seq: number }>(db.pool, "pool_version");
  return `${row?.count} ${row?.seq}`;
}

export async function listPools(db: Database): Promise<PoolRow[]> {
  return rowsOf<PoolRow>(db.pool, "pool_list");
}

export type ShardGrant = { readonly pool: string; readonly shard: number; readonly slots: number };

/** What shards hold; at take-over. */
export async function listPoolGrants(
  db: Database,
  shards: readonly number[],
): Promise<ShardGrant[]> {
  return rowsOf<ShardGrant>(db.pool, "pool_grant_list", [shards]);
}

/** What a node says of a shard's use of a pool. `include` as its definition had it. */
export type PoolUse = OwnPoolUse & {
  readonly pool: string;
  /** For people. */
  readonly running: number;
  readonly deferred: number;
  readonly waiting: number;
};

export type PoolSettlement = {
  readonly pool: string;
  /** As they are now. */
  readonly slots: number | null;
  readonly grants: readonly ShardGrant[];
  /** Slots that shards lack: of this node, of others. */
  readonly lackedHere: number;
  readonly lackedElsewhere: number;
  /** What others might take now, since this node gave it back. */
  readonly freed: number;
  /** Slots that no shard holds. */
  readonly unheld: number;
};

type ReadRow = {
  pool: string;
  shard: number;
  slots: number;
  wanted: number;
  least: number;
  wanted_since: Date | null;
  is_live: boolean;
  now: Date;
};

/**
 * Gives back, takes and asks for slots, for shards of one node. Pools that do not exist are left out of the answer. Whatever
 * becomes of the commit, no more is held than is answered, or was held before.
 *
 * @throws MillraceError NOT_OWNER when one of the shards is somebody else's now: nothing was changed.
 */
export async function settlePools(
  db: Database,
  fences: readonly ShardFence[],
  uses: readonly PoolUse[],
  now: EpochMs,
): Promise<PoolSettlement[]> {
  const names = [...new Set(uses.map((use) => use.pool))];
  const held = fences.toSorted((a, b) => a.shard - b.shard);
  const shards = held.map((fence) => fence.shard);
  return inTransaction(db, async (run) => {
    await run("flush_fence", [shardLockClass, shards]);
    const right = await run("shard_held", [shards, held.map((fence) => fence.epoch)]);
    if (right.length < held.length) throw new MillraceError("NOT_OWNER");
    const pools = await run<PoolRow>("pool_lock", [names]);
    const rows = await run<ReadRow>("pool_grant_read", [names]);
    const settled = pools.map((pool) => settleOne(pool, rows, uses, now));
    const written = settled.flatMap(({ own }) => own);
    await run("pool_grant_write", [
      written.map((row) => row.pool),
      written.map((row) => row.shard),
      written.map((row) => row.slots),
      written.map((row) => row.wanted),
      written.map((row) => row.least),
      written.map((row) => (row.since === null ? null : new Date(row.since).toISOString())),
      written.map((row) => row.running),
      written.map((row) => row.deferred),
      written.map((row) => row.waiting),
    ]);
    return settled.map(({ answer }) => answer);
  });
}

function settleOne(
  { name, slots }: PoolRow,
  rows: readonly ReadRow[],
  uses: readonly PoolUse[],
  now: EpochMs,
) {
  const ofPool = rows.filter((row) => row.pool === name);
  const own = uses.filter((use) => use.pool === name);
  const mine = new Set(own.map((use) => use.shard));
  const known: PoolGrantRow[] = ofPool.map((row) => ({
    shard: row.shard,
    slots: row.slots,
    wanted: row.wanted,
    least: row.least,
    since: row.wanted_since?.getTime() ?? null,
    isLive: row.is_live,
  }));
  const after =
    slots === null
      ? own.map(({ shard }) => ({
          shard,
          slots: 0,
          wanted: 0,
          least: 0,
          since: null,
          isLive: true,
        }))
      : settleGrants(slots, known, own, ofPool[0]?.now.getTime() ?? now);
  const stats = new Map(own.map((use) => [use.shard, use]));
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
  const before = sum(known.filter((row) => mine.has(row.shard)).map((row) => row.slots));
  const heldHere = sum(after.map((row) => row.slots));
  const others = known.filter((row) => !mine.has(row.shard));
  return {
    own: after.map((row) => {
      const { running = 0, deferred = 0, waiting = 0 } = stats.get(row.shard) ?? {};
      return { ...row, pool: name, running, deferred, waiting };
    }),
    answer: {
      pool: name,
      slots,
      grants: after.map((row) => ({ pool: name, shard: row.shard, slots: row.slots })),
      lackedHere: sum(after.map((row) => row.wanted)),
      lackedElsewhere: sum(others.map((row) => (row.isLive ? row.wanted : 0))),
      freed: Math.max(0, before - heldHere),
      unheld: slots === null ? 0 : slots - heldHere - sum(others.map((row) => row.slots)),
    },
  };
}

export type PoolPageRow = {
  readonly name: string;
  readonly slots: number | null;
  readonly description: string;
  readonly include_deferred: boolean;
  readonly created_at: Date;
  readonly running: number;
  readonly deferred: number;
  readonly waiting: number;
  readonly granted: number;
};

/** A page of pools by name, with what is used of them as of about a second ago. */
export async function listPoolPage(
  db: Database,
  { after, limit, only = null }: { after: string; limit: number; only?: string | null },
): Promise<PoolPageRow[]> {
  return rowsOf<PoolPageRow>(db.pool, "pool_page", [after, limit, only]);
}

export type PoolChange = {
  readonly name: string;
  readonly slots: number | null;
  readonly description: string;
  readonly includeDeferred: boolean;
};

async function nextChange(tx: Transaction): Promise<bigint> {
  const [row] = await tx.$queryRaw<{ seq: bigint }[]>`SELECT nextval('pool_changed_seq') AS seq`;
  return row?.seq ?? 0n;
}

/** False when there is a pool of that name. */
export async function createPool(tx: Transaction, pool: PoolChange): Promise<boolean> {
  const data = [{ ...pool, changedSeq: await nextChange(tx) }];
  const { count } = await tx.pool.createMany({ data, skipDuplicates: true });
  return count > 0;
}

/** False when there is none of that name. What is left out stays. */
export async function updatePool(
  tx: Transaction,
  { name, ...change }: Pick<PoolChange, "name"> & Partial<PoolChange>,
): Promise<boolean> {
  const data = { ...change, changedSeq: await nextChange(tx) };
  const { count } = await tx.pool.updateMany({ where: { name }, data });
  return count > 0;
}

/** False when there is none of that name. Tasks that name it wait from now on. */
export async function deletePool(tx: Transaction, name: string): Promise<boolean> {
  const { count } = await tx.pool.deleteMany({ where: { name } });
  return count > 0;
}
