/** What a scheduler holds in memory: its shards, their DAGs and active runs, and everything that waits or is due. */

import type { Bus } from "@millrace/bus";
import type { Database, ShardFence } from "@millrace/db";
import { MillraceError, type Effects, type Timer } from "@millrace/engine";
import type { Logger } from "@millrace/service";
import type { AssetWatchers } from "./assets/watcher.ts";
import type { Bindings } from "./runs/bindings.ts";
import type { Deliveries, Delivery } from "./callbacks/delivery.ts";
import type { Calls } from "./calls/call.ts";
import type { Clock, DbClock } from "./clock.ts";
import type { DagBook } from "./shards/dag-book.ts";
import type { DeadlineDue, Deadlines } from "./deadlines/deadline.ts";
import type { DemandTeller } from "./dispatch/demand.ts";
import type { Outbox } from "./dispatch/outbox.ts";
import type { ExternalWaits } from "./external/external-wait.ts";
import type { FlushLoop } from "./flush/flush-loop.ts";
import type { Past } from "./past/look.ts";
import type { PoolBook } from "./pools/pool-book.ts";
import type { PoolTender } from "./pools/tender.ts";
import type { Rates } from "./limits/rates.ts";
import type { Outputs } from "./dispatch/outputs.ts";
import type { InputDue, Inputs } from "./inputs/waiting.ts";
import type { LineKey, ReadyQueue } from "./dispatch/ready-queue.ts";
import type { ActiveRun, OwnedDag } from "./runs/run.ts";
import type { RunFeed } from "./runs/run-feed.ts";
import type { SchedulerSettings } from "./settings.ts";
import type { SideWork } from "./dispatch/side-work.ts";
import type { Slots } from "./dispatch/slots.ts";
import type { Grant } from "./flush/step.ts";
import type { Timers } from "./timers.ts";
import type { Watches } from "./waits/watch.ts";
import type { WorkerNames } from "./dispatch/worker-names.ts";

/** A shard whose lease this node holds. Decisions are made only once it is loaded. */
export type OwnedShard = ShardFence & {
  isLoaded: boolean;
  /** Whether all its pending callbacks are in memory. */
  hasCallbacks: boolean;
};

/** Something due at a time. */
export type Due =
  | { readonly kind: "run"; readonly run: ActiveRun; readonly timer: Timer }
  | { readonly kind: "tick"; readonly dagId: string; readonly shard: number; readonly at: number }
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  | DeadlineDue
  | InputDue;

export type Owner = {
  readonly nodeId: string;
  readonly settings: SchedulerSettings;
  readonly log: Logger;
  readonly db: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly dbClock: DbClock;
  readonly shards: Map<number, OwnedShard>;
  readonly runs: Map<number, ActiveRun>;
  /** Runs that left memory after a failed flush and are being read again, each until it is back, or nobody here has it. */
  readonly reloading: Map<number, Promise<void>>;
  /** Durable grants that were not sent yet when their run left memory to be read again: sent when it is back. By run. */
  readonly unsent: Map<number, Grant[]>;
  /** Failed flushes in a row, by run. */
  readonly failures: Map<number, number>;
  readonly dags: DagBook;
  readonly queue: ReadyQueue<ActiveRun>;
  readonly slots: Slots;
  readonly pools: PoolBook;
  readonly poolTender: PoolTender;
  readonly rates: Rates;
  readonly bindings: Bindings;
  readonly timers: Timers<Due>;
  readonly flushes: FlushLoop;
  readonly feed: RunFeed;
  readonly outputs: Outputs;
  readonly watches: Watches;
  readonly externals: ExternalWaits;
  readonly deliveries: Deliveries;
  readonly calls: Calls;
  readonly past: Past;
  readonly deadlines: Deadlines;
  readonly inputs: Inputs;
  readonly assetWatchers: AssetWatchers;
  /** What takes slots beside attempts. */
  readonly sideWork: readonly SideWork[];
  /** The line that had the last slot. */
  readonly turns: { last: LineKey | null };
  readonly names: WorkerNames;
  readonly outbox: Outbox;
  /** Nodes that workers may be attached to. */
  nodes(): Iterable<string>;
  readonly demand: DemandTeller;
  /** Scratch for `apply`, used within one call only. */
  readonly effects: Effects;
  /** Called whenever something may have become grantable. */
  pump(): void;
};

/** Whether a DAG is this node's as it is here: its shard may have been lost, and taken again, since it was looked up. */
export function ownsDag({ shards, dags }: Owner, dag: OwnedDag): boolean {
  return shards.has(dag.shard) && dags.get(dag.dagId) === dag;
}

/** The same, once all of its shard has been read. */
export function holdsDag(owner: Owner, dag: OwnedDag): boolean {
  return shardHolding(owner, dag) !== null;
}

/** The shard of a DAG that this node holds. */
export function shardHolding(owner: Owner, dag: OwnedDag): OwnedShard | null {
  return ownsDag(owner, dag) ? loadedShard(owner, dag.shard) : null;
}

/** @throws MillraceError NOT_OWNER unless this node owns the shard and has loaded it. */
export function requireShard(owner: Owner, shard: number): OwnedShard {
  const owned = loadedShard(owner, shard);
  if (owned === null) throw new MillraceError("NOT_OWNER");
  return owned;
}

/** The shard, if this node owns and has loaded it. */
export function loadedShard(owner: Owner, shard: number): OwnedShard | null {
  const owned = owner.shards.get(shard);
  return owned !== undefined && owned.isLoaded ? owned : null;
}
