/** Pools are never exceeded, counted over all shards from the rows as they become durable. */

import { defaultPool, type CompiledDag } from "@millrace/engine";
import type { Flushed } from "../database/flush.ts";
import type { InstanceRow, RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { ensure } from "./violation.ts";

/** Until then owners may not have heard that a pool was made smaller. */
const newsMs = 60_000;
const executing: readonly number[] = [4, 5];
const deferred = 13;

export class PoolWatch {
  readonly #tables: Tables;
  readonly #dagOf: (run: RunRow) => CompiledDag;
  readonly #used = new Map<string, number>();
  /** By pool: since when it has had so many slots. */
  readonly #slots = new Map<string, { readonly since: number; readonly slots: number }[]>();
  /** How often the last slot of a pool was taken. */
  full = 0;

  constructor(tables: Tables, dagOf: (run: RunRow) => CompiledDag) {
    this.#tables = tables;
    this.#dagOf = dagOf;
  }

  /** A person has changed a pool. */
  onSet(name: string, slots: number, at: number): void {
    const list = this.#slots.get(name) ?? [];
    this.#slots.set(name, list);
    list.push({ since: at, slots });
  }

  take({ instances, at }: Flushed): void {
    const grown = new Set<string>();
    for (const { before, after } of instances) {
      const run = this.#tables.runs.get(after.run_id)!;
      const task = this.#dagOf(run).tasks[after.ix];
      if (task === undefined) continue;
      const { pool, poolSlots } = task;
      const more = this.#slotsOf(after, pool, poolSlots) - this.#slotsOf(before, pool, poolSlots);
      this.#used.set(pool, (this.#used.get(pool) ?? 0) + more);
      if (more > 0 && after.state !== deferred) grown.add(pool);
    }
    for (const pool of grown) {
      const [used, slots] = [this.#used.get(pool) ?? 0, this.#mostSlots(pool, at)];
      ensure(used <= slots, "S12", () => `${used} slots of the pool ${pool} are used of ${slots}`);
      if (used === slots) this.full += 1;
    }
  }

  #slotsOf(row: InstanceRow | null, pool: string, slots: number): number {
    if (row === null) return 0;
    if (executing.includes(row.state)) return slots;
    return row.state === deferred && this.#tables.pools.get(pool)?.include_deferred === true
      ? slots
      : 0;
  }

  /** Of what the pool had lately: whoever has not heard of less may still start what it may start. */
  #mostSlots(pool: string, now: number): number {
    const list = this.#slots.get(pool) ?? [];
    const recent = list.filter((_, at) => (list[at + 1]?.since ?? now) > now - newsMs);
    const hadNoLimit = pool === defaultPool && (list[0]?.since ?? now) > now - newsMs;
    // Of a pool that does not exist nothing can be taken.
    return hadNoLimit ? Number.POSITIVE_INFINITY : Math.max(0, ...recent.map(({ slots }) => slots));
  }
}
