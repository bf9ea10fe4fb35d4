/** Which shards a node should take or hand over, so that every live node has about as many. Pure. */

import { shardCount } from "@millrace/engine";

export type ShardView = {
  readonly id: number;
  /** Null when nobody has it, or the lease has run out. */
  readonly owner: string | null;
};

export type ShareAdvice = {
  /** Free shards to take. */
  readonly take: readonly number[];
  /** Own shards to hand over: others have room for them. */
  readonly release: readonly number[];
};

/**
 * Each node may own `ceil(64 / live nodes)`. A node takes free shards up to that, beginning at a place of its own so
 * that nodes that start together seldom want the same ones, and hands over what it has above it while others have less.
 */
export function adviseShare(
  nodeId: string,
  shards: readonly ShardView[],
  liveNodes: ReadonlySet<string>,
): ShareAdvice {
  const counts = new Map<string, number>([[nodeId, 0]]);
  for (const node of liveNodes) counts.set(node, 0);
  for (const { owner } of shards)
    if (owner !== null) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const share = Math.ceil(shardCount / counts.size);
  const mine = shards.filter((shard) => shard.owner === nodeId).map((shard) => shard.id);
  const free = shards.filter((shard) => shard.owner === null).map((shard) => shard.id);
  const start = startOf(nodeId);
  const rotated = [...free.filter((id) => id >= start), ...free.filter((id) => id < start)];
  return {
    take: rotated.slice(0, Math.max(0, share - mine.length)),
    release: mine.slice(0, Math.min(excess(counts, nodeId, share), mine.length)),
  };
}

/** What others lack to `share - 1`, which every node can have, or to `share` where this node is above it. */
function excess(counts: ReadonlyMap<string, number>, nodeId: string, share: number): number {
  const mine = counts.get(nodeId) ?? 0;
  const floor = Math.floor(shardCount / counts.size);
  let lacking = 0;
  for (const [node, count] of counts) if (node !== nodeId) lacking += Math.max(0, floor - count);
  return Math.max(0, Math.max(mine - share, Math.min(lacking, mine - floor)));
}

function startOf(nodeId: string): number {
  let hash = 0;
  for (const char of nodeId) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0;
  return hash % shardCount;
}
