/** The other nodes, as far as they say something of themselves. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import { NodeBeatSchema } from "@millrace/wire/internal";
import type { Clock } from "../clock.ts";

export type Peers = {
  /** Schedulers heard of lately, this one left out. */
  schedulers(): Set<string>;
  /** All nodes heard of lately, and this one. */
  nodes(): Set<string>;
  /** Says who this node is. */
  beat(shards: readonly number[], isLeaving?: boolean): void;
  stop(): void;
};

export type PeersOptions = {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly silenceMs: number;
  /** A scheduler came, left, or owns other shards than before: there may be some to take or to hand over. */
  onChange(): void;
  /** A node has left or is silent: workers cannot be reached through it. */
  onGone(nodeId: string): void;
};

type Heard = { readonly atMs: number; readonly hasScheduler: boolean; readonly shards: string };

export function createPeers({ bus, clock, silenceMs, onChange, onGone }: PeersOptions): Peers {
  const heard = new Map<string, Heard>();

  const subscription = bus.subscribe("nodes", (data) => {
    const beat = fromBinary(NodeBeatSchema, data);
    const { nodeId } = beat;
    if (nodeId === bus.nodeId) return;
    const known = heard.get(nodeId);
    if (beat.isLeaving) {
      heard.delete(nodeId);
      onGone(nodeId);
      return onChange();
    }
    // The api of a node sends beats of its own, which say nothing about shards.
    const hasScheduler = beat.hasScheduler || known?.hasScheduler === true;
    const shards = beat.hasScheduler ? beat.shards.join() : (known?.shards ?? "");
    heard.set(nodeId, { atMs: clock.monotonicMs(), hasScheduler, shards });
    if (hasScheduler && known?.shards !== shards) onChange();
  });

  function dropSilent(): void {
    const since = clock.monotonicMs() - silenceMs;
    for (const [nodeId, { atMs }] of heard) {
      if (atMs >= since) continue;
      heard.delete(nodeId);
      onGone(nodeId);
    }
  }

  return {
    schedulers() {
      dropSilent();
      return new Set(
        [...heard].filter(([, { hasScheduler }]) => hasScheduler).map(([nodeId]) => nodeId),
      );
    },
    nodes() {
      dropSilent();
      return new Set([bus.nodeId, ...heard.keys()]);
    },
    beat(shards, isLeaving = false) {
      const message = { nodeId: bus.nodeId, shards: [...shards], hasScheduler: true, isLeaving };
      bus.publish("nodes", toBinary(NodeBeatSchema, create(NodeBeatSchema, message)));
    },
    stop: () => subscription.close(),
  };
}
