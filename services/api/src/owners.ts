/** Which node decides for which shard: from what nodes say of themselves, and from the shard rows where they say nothing. */

import { fromBinary } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import { readShardOwners, type Database } from "@millrace/db";
import { NodeBeatSchema } from "@millrace/wire/internal";
import { apiLimits } from "./limits.ts";

export type Owners = {
  /** The node that owns a shard, as far as is known; null when nobody has been heard of. */
  ownerOf(shard: number): string | null;
  /** All nodes that own a shard. */
  nodes(): string[];
  /** Shards that have an owner. */
  ownedCount(): number;
  /** Reads the shard rows, at most every `apiLimits.ownersReadMs`: after an owner did not answer. */
  refresh(): Promise<void>;
  /** Calls back when a node has left in order. */
  onLeave(handler: (nodeId: string) => void): void;
  /** Calls back when another node says that it owns shards which were this one's: nothing that it was asked counts. */
  onLoss(handler: (nodeId: string, shards: ReadonlySet<number>) => void): void;
  stop(): void;
};

type Claim = { readonly nodeId: string; readonly heardAtMs: number };

export function createOwners({ db, bus }: { db: Database; bus: Bus }): Owners {
  const claims = new Map<number, Claim>();
  const leaveHandlers: ((nodeId: string) => void)[] = [];
  const lossHandlers: ((nodeId: string, shards: ReadonlySet<number>) => void)[] = [];
  let read: Promise<void> | null = null;
  let readAtMs = Number.NEGATIVE_INFINITY;

  function forget(nodeId: string): void {
    for (const [shard, claim] of claims) if (claim.nodeId === nodeId) claims.delete(shard);
  }

  const beats = bus.subscribe("nodes", (data) => {
    const beat = fromBinary(NodeBeatSchema, data);
    // The api of a node has beats of its own, which say nothing about shards.
    if (!beat.hasScheduler) return;
    forget(beat.nodeId);
    if (beat.isLeaving) return leaveHandlers.forEach((handler) => handler(beat.nodeId));
    const heardAtMs = performance.now();
    const lost = new Map<string, Set<number>>();
    for (const shard of beat.shards) {
      const before = claims.get(shard)?.nodeId;
      claims.set(shard, { nodeId: beat.nodeId, heardAtMs });
      if (before !== undefined) lost.set(before, (lost.get(before) ?? new Set()).add(shard));
    }
    for (const [nodeId, shards] of lost)
      for (const handler of lossHandlers) handler(nodeId, shards);
  });

  async function readRows(): Promise<void> {
    const rows = await readShardOwners(db);
    const heardAtMs = performance.now();
    // What nodes say of shards without a live row stands, until they fall silent.
    for (const [shard, nodeId] of rows) claims.set(shard, { nodeId, heardAtMs });
  }

  function live(claim: Claim | undefined): string | null {
    if (claim === undefined || performance.now() - claim.heardAtMs > apiLimits.nodeSilenceMs)
      return null;
    return claim.nodeId;
  }

  return {
    ownerOf: (shard) => live(claims.get(shard)),
    nodes() {
      const nodes = new Set<string>();
      for (const claim of claims.values()) {
        const nodeId = live(claim);
        if (nodeId !== null) nodes.add(nodeId);
      }
      return [...nodes];
    },
    ownedCount: () => [...claims.values()].filter((claim) => live(claim) !== null).length,
    refresh() {
      if (read === null && performance.now() - readAtMs < apiLimits.ownersReadMs)
        return Promise.resolve();
      read ??= readRows().finally(() => {
        readAtMs = performance.now();
        read = null;
      });
      return read;
    },
    onLeave: (handler) => void leaveHandlers.push(handler),
    onLoss: (handler) => void lossHandlers.push(handler),
    stop: () => beats.close(),
  };
}
