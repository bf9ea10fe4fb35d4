/** Who owns which shard: leases with an epoch that fences every write of an earlier owner. */

import type { Database } from "./database.ts";
import { shardLockClass } from "./flush.ts";
import type { ShardFence } from "./flush-batch.ts";
import { rowsOf } from "./statement.ts";
import { inTransaction } from "./transaction.ts";

export type ShardRow = {
  readonly id: number;
  /** Null when nobody holds it, or the lease has run out. */
  readonly owner: string | null;
  /** When the lease ends, or ended; milliseconds since 1970, -Infinity when it never was held. */
  readonly expiresAt: number;
};

export type ShardsAnswer = {
  /** Of what was to be renewed: what is still held. */
  readonly renewed: readonly number[];
  readonly shards: readonly ShardRow[];
  /** The database's time; milliseconds since 1970. */
  readonly now: number;
};

type RenewRow = {
  id: number;
  owner: string | null;
  is_renewed: boolean;
  expires_at: Date | number;
  now: Date;
};

/** Renews leases, all in one statement, and tells how all 64 shards stand. */
export async function renewShards(
  db: Database,
  node: { readonly nodeId: string; readonly held: readonly ShardFence[]; readonly ttlMs: number },
): Promise<ShardsAnswer> {
  const rows = await rowsOf<RenewRow>(db.pool, "shard_renew", [
    node.nodeId,
    node.held.map((each) => each.shard),
    node.held.map((each) => each.epoch),
    node.ttlMs,
  ]);
  return {
    renewed: rows.filter((row) => row.is_renewed).map((row) => row.id),
    shards: rows.map((row) => ({
      id: row.id,
      owner: row.owner,
      expiresAt: Number(row.expires_at),
    })),
    now: Number(rows[0]?.now),
  };
}

/**
 * Takes shards whose lease is free or has run out; answers those it got, each with its new epoch. Waits for flushes of
 * earlier owners that are on their way, and no later one can be written.
 */
export async function claimShards(
  db: Database,
  node: { readonly nodeId: string; readonly shards: readonly number[]; readonly ttlMs: number },
): Promise<ShardFence[]> {
  if (node.shards.length === 0) return [];
  return inTransaction(db, async (run) => {
    await run("shard_lock", [shardLockClass, node.shards]);
    const rows = await run<{ id: number; epoch: number }>("shard_claim", [
      node.nodeId,
      node.shards,
      node.ttlMs,
    ]);
    return rows.map((row) => ({ shard: row.id, epoch: row.epoch }));
  });
}

/** Gives shards back, so that others need not wait for the lease to end. What is held no more is passed over. */
export async function releaseShards(
  db: Database,
  node: { readonly nodeId: string; readonly held: readonly ShardFence[] },
): Promise<void> {
  if (node.held.length === 0) return;
  const shards = node.held.map((each) => each.shard);
  await rowsOf(db.pool, "shard_release", [
    node.nodeId,
    shards,
    node.held.map((each) => each.epoch),
  ]);
}

/**
 * Gives back the shards of a node that is known to be dead. Should it live after all, its next write is fenced.
 * `ttlMs`: how long a lease lasts; it was last renewed that long before its end.
 */
export async function releaseShardsOfNode(
  db: Database,
  nodeId: string,
  ttlMs: number,
): Promise<void> {
  await rowsOf(db.pool, "shard_release_of_node", [nodeId, ttlMs]);
}
