/** What an owner knows of pools: their definitions, what its shards may use of them, and who of its tasks uses what. */

import {
  listPoolGrants,
  listPools,
  readPoolVersion,
  type Database,
  type PoolRow,
} from "@millrace/db";
import {
  defaultPool,
  TaskState,
  unlimitedPool,
  type InstanceRef,
  type PoolView,
} from "@millrace/engine";
import { instanceKey } from "../runs/instance-key.ts";
import type { Gate } from "../dispatch/ready-queue.ts";
import type { ActiveRun } from "../runs/run.ts";

/** A shard's part of a pool. */
export type PoolShard = {
  readonly pool: string;
  readonly shard: number;
  /** Slots that it may use, as its row says. */
  granted: number;
  /** Slots of instances that run, or whose end is not durable yet. */
  running: number;
  deferred: number;
  /** When it was given slots last, on the monotonic clock, and whether it has used any since. */
  givenAtMs: number;
  hasUsed: boolean;
  /** It did not use what it was given: it asks for nothing until then. */
  mutedUntilMs: number;
  muteMs: number;
  /** Slots came free since its row was written. */
  hasFreed: boolean;
  /** What its row says that it lacks, and what it said of its use. */
  lacking: number;
  /** When others were told of that last, on the monotonic clock. */
  askedAtMs: number;
  told: string;
  /** While its row is being written nothing is taken of it. */
  isSettling: boolean;
};

/** Tasks of a shard that take so many slots of a pool, behind one gate. */
export type PoolGate = Gate & {
  readonly pool: string;
  readonly shard: number;
  readonly slots: number;
  /** Slots that went to smaller ones while tasks waited here for want of slots. */
  passed: number;
};

type Use = { readonly part: PoolShard; readonly slots: number; isDeferred: boolean };

export type PoolBook = {
  /** Reads definitions if they have changed. Answers the names of pools that did. */
  refresh(): Promise<readonly string[]>;
  /** Reads what shards hold, before anything of them is granted. Answers of which pools: those are to be settled. */
  loadShards(shards: readonly number[]): Promise<readonly string[]>;
  dropShards(shards: ReadonlySet<number>): void;
  get(name: string): PoolRow | undefined;
  /** The part of a shard; made when it is first asked for. */
  part(pool: string, shard: number): PoolShard;
  parts(): Iterable<PoolShard>;
  used(part: PoolShard): number;
  /** What the gate of a task, or `admit`, sees. */
  view(pool: string, shard: number): PoolView;
  /** Null for tasks that no pool can hold back: nothing is counted for them. */
  gate(pool: string, slots: number, shard: number): PoolGate | null;
  gates(): Iterable<PoolGate>;
  /** The one that smaller ones have passed so often that all others must wait for it. */
  owed(pool: string, shard: number): PoolGate | null;
  /** Whether tasks of a pool are counted. */
  isCounted(pool: string): boolean;
  /** Pools of which shards hold more than there is, or may: of what was taken over that is not known before it is settled. */
  readonly overdrawn: Set<string>;
  /** A grant of an instance: its slots are in use from now on. */
  hold(run: ActiveRun, ref: InstanceRef, attempt: number): void;
  /** An attempt is in another state, durably: what it does not use any more is free. */
  settle(run: ActiveRun, ref: InstanceRef, attempt: number, state: TaskState): void;
  /** What rows say of a run replaces what was believed. */
  replace(
    run: ActiveRun,
    held: readonly (InstanceRef & { attempt: number; state: TaskState })[],
  ): void;
  forget(runKey: number): void;
  /** Whether tasks of a run use slots that are counted. */
  isUsing(runKey: number): boolean;
  /** Up to so many of who uses a pool's slots here, as "dag_id run_key task_id", the first that took them first. */
  holders(pool: string, max: number): { readonly run: ActiveRun; readonly ref: InstanceRef }[];
};

type RunUse = { run: ActiveRun; readonly uses: Map<string, Use & { readonly ref: InstanceRef }> };

const missing: PoolView = { exists: false, slots: 0, open: 0, openInAll: null, holders: [] };

export function createPoolBook(parts: {
  readonly db: Database;
  isShardLoaded(shard: number): boolean;
}): PoolBook {
  const { db } = parts;
  let pools = new Map<string, PoolRow>();
  let version = "";
  const byShard = new Map<string, PoolShard>();
  const gates = new Map<string, PoolGate>();
  const runs = new Map<number, RunUse>();
  const overdrawn = new Set<string>();

  function part(pool: string, shard: number): PoolShard {
    const name = `${shard} ${pool}`;
    let known = byShard.get(name);
    if (known === undefined) {
      known = {
        ...{ pool, shard, granted: 0, running: 0, deferred: 0, givenAtMs: -Infinity },
        ...{
          hasUsed: true,
          mutedUntilMs: -Infinity,
          muteMs: 0,
          lacking: 0,
          askedAtMs: -Infinity,
          hasFreed: false,
          told: "",
          isSettling: false,
        },
      };
      byShard.set(name, known);
    }
    return known;
  }

  function used({ pool, running, deferred }: PoolShard): number {
    return running + (pools.get(pool)?.include_deferred === true ? deferred : 0);
  }

  function openOf(pool: string, shard: number): number {
    const row = pools.get(pool);
    if (row === undefined) return 0;
    if (row.slots === null) return Infinity;
    const own = part(pool, shard);
    // A pool that was made smaller than what shards hold of it admits nobody until it fits.
    if (own.isSettling || overdrawn.has(pool) || !parts.isShardLoaded(shard)) return 0;
    return Math.max(0, own.granted - used(own));
  }

  function owed(pool: string, shard: number): PoolGate | null {
    const total = pools.get(pool)?.slots ?? Infinity;
    let most: PoolGate | null = null;
    for (const gate of gates.values()) {
      if (gate.pool !== pool || gate.shard !== shard || gate.passed < total) continue;
      // Nobody waits for one that the pool is too small for.
      if (gate.slots > total) continue;
      if (most === null || gate.passed > most.passed) most = gate;
    }
    return most;
  }

  function isCounted(pool: string): boolean {
    return pool !== defaultPool || (pools.get(defaultPool)?.slots ?? null) !== null;
  }

  function release(use: Use): void {
    if (use.isDeferred) use.part.deferred -= use.slots;
    else use.part.running -= use.slots;
    use.part.hasFreed = true;
  }

  function takeUse(run: ActiveRun, ref: InstanceRef, attempt: number, isDeferred: boolean): void {
    const task = run.version.compiled.tasks[ref.ix];
    if (task === undefined || !isCounted(task.pool)) return;
    let known = runs.get(run.key);
    if (known === undefined) {
      known = { run, uses: new Map() };
      runs.set(run.key, known);
    }
    const own = part(task.pool, run.shard);
    const use = { part: own, slots: task.poolSlots, isDeferred, ref };
    known.uses.set(`${instanceKey(ref)} ${attempt}`, use);
    if (isDeferred) own.deferred += use.slots;
    else own.running += use.slots;
  }

  return {
    async refresh() {
      const now = await readPoolVersion(db);
      if (now === version) return [];
      const read = new Map((await listPools(db)).map((row) => [row.name, row]));
      const names = new Set([...read.keys(), ...pools.keys()]);
      const changed = [...names].filter(
        (name) => read.get(name)?.changed_seq !== pools.get(name)?.changed_seq,
      );
      pools = read;
      version = now;
      return changed;
    },
    async loadShards(shards) {
      const grants = await listPoolGrants(db, shards);
      for (const { pool, shard, slots } of grants) {
        part(pool, shard).granted = slots;
        // It may have been made smaller while nobody here looked.
        overdrawn.add(pool);
      }
      return [...new Set(grants.map(({ pool }) => pool))];
    },
    dropShards(shards) {
      for (const [name, { shard }] of byShard) if (shards.has(shard)) byShard.delete(name);
      for (const [name, { shard }] of gates) if (shards.has(shard)) gates.delete(name);
      for (const [key, { run }] of runs) if (shards.has(run.shard)) runs.delete(key);
    },
    get: (name) => pools.get(name),
    part,
    parts: () => byShard.values(),
    used,
    view(pool, shard) {
      const row = pools.get(pool);
      if (row === undefined) return missing;
      if (row.slots === null) return unlimitedPool;
      return {
        exists: true,
        slots: row.slots,
        open: openOf(pool, shard),
        openInAll: null,
        holders: [],
      };
    },
    gate(pool, slots, shard) {
      if (pool === defaultPool && !isCounted(pool)) return null;
      const name = `${shard} ${slots} ${pool}`;
      let gate = gates.get(name);
      if (gate === undefined) {
        gate = {
          ...{ pool, slots, shard, passed: 0 },
          room() {
            const open = openOf(pool, shard);
            if (open < slots) return 0;
            const first = owed(pool, shard);
            return first === null || first === gate ? Math.floor(open / slots) : 0;
          },
        };
        gates.set(name, gate);
      }
      return gate;
    },
    gates: () => gates.values(),
    owed,
    isCounted,
    overdrawn,
    hold(run, ref, attempt) {
      const task = run.version.compiled.tasks[ref.ix];
      if (task === undefined || !isCounted(task.pool)) return;
      takeUse(run, ref, attempt, false);
      const own = part(task.pool, run.shard);
      own.hasUsed = true;
      own.muteMs = 0;
      for (const gate of gates.values()) {
        if (gate.pool !== task.pool || gate.shard !== run.shard) continue;
        if (gate.slots === task.poolSlots) gate.passed = 0;
        else if (gate.slots > task.poolSlots) gate.passed += task.poolSlots;
      }
    },
    settle(run, ref, attempt, state) {
      const known = runs.get(run.key);
      const key = `${instanceKey(ref)} ${attempt}`;
      const use = known?.uses.get(key);
      if (known === undefined || use === undefined) return;
      if (state === TaskState.running || state === TaskState.restarting) return;
      release(use);
      if (state === TaskState.deferred) {
        use.isDeferred = true;
        use.part.deferred += use.slots;
        return;
      }
      known.uses.delete(key);
      if (known.uses.size === 0) runs.delete(run.key);
    },
    replace(run, held) {
      for (const use of runs.get(run.key)?.uses.values() ?? []) release(use);
      runs.delete(run.key);
      for (const { attempt, state, ...ref } of held)
        takeUse(run, ref, attempt, state === TaskState.deferred);
    },
    forget(runKey) {
      for (const use of runs.get(runKey)?.uses.values() ?? []) release(use);
      runs.delete(runKey);
    },
    isUsing: (runKey) => runs.has(runKey),
    holders(pool, max) {
      const found: { run: ActiveRun; ref: InstanceRef }[] = [];
      for (const { run, uses } of runs.values())
        for (const use of uses.values()) {
          if (use.part.pool === pool) found.push({ run, ref: use.ref });
          if (found.length === max) return found;
        }
      return found;
    },
  };
}
