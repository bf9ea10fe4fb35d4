/** What a statement needs of what transactions of several statements may hold until they end. */

export type Needs = {
  /** Shards that nobody may take meanwhile. */
  readonly shards: readonly number[];
  /** Whether it takes them itself, and nobody else may hold them at all. */
  readonly isTaking: boolean;
  /** Things that one transaction at a time may have, such as the row of a pool. */
  readonly things: readonly string[];
};

const nothing: Needs = { shards: [], isTaking: false, things: [] };

export function needsOfFlush(shards: readonly number[], things: readonly string[] = []): Needs {
  return { ...nothing, shards, things };
}

/** By the name of the statement: what its text locks. */
export function needsOf(name: string, values: readonly unknown[]): Needs {
  switch (name) {
    case "shard_lock":
    case "shard_claim":
      return { ...nothing, shards: values[1] as number[], isTaking: true };
    case "flush_fence":
      return needsOfFlush(values[1] as number[]);
    case "pool_lock":
      return { ...nothing, things: (values[0] as string[]).map(poolThing) };
    case "rate_lock":
      return { ...nothing, things: [`rate ${String(values[1])} ${String(values[0])}`] };
    case "backfill_set_state":
    case "backfill_advance":
      return { ...nothing, things: [`backfill ${String(values[0])}`] };
    case "dag_set_paused":
    case "dag_skip_tick":
      return { ...nothing, things: [dagThing(String(values[0]))] };
    case "dag_set_next_runs":
      return { ...nothing, things: (values[0] as string[]).map(dagThing) };
    // Unique indexes: who inserts the same waits for the end of whoever was first.
    case "backfill_create":
      return { ...nothing, things: [`backfill of ${String(values[0])}`] };
    case "asset_watcher_fire":
      return { ...nothing, things: [`asset watcher ${String(values[0])}`] };
    case "request_keep":
      return { ...nothing, things: [`request ${values.slice(0, 3).join(" ")}`] };
    default:
      return nothing;
  }
}

/** What statements without a name lock: by their text. */
export function needsOfText(text: string, values: readonly unknown[]): Needs {
  if (text.startsWith("SELECT 1 FROM dag "))
    return { ...nothing, things: (values[0] as string[]).map(dagThing) };
  if (text.startsWith("SELECT pg_advisory_xact_lock"))
    return { ...nothing, things: [`lock ${String(values[0])}`] };
  return nothing;
}

export function dagThing(dagId: string): string {
  return `dag ${dagId}`;
}

export function poolThing(name: string): string {
  return `pool ${name}`;
}

/** What a transaction holds. */
export class Holding {
  readonly #taken = new Set<number>();
  readonly #shared = new Set<number>();
  readonly #things = new Set<string>();

  add({ shards, isTaking, things }: Needs): void {
    for (const shard of shards) (isTaking ? this.#taken : this.#shared).add(shard);
    for (const thing of things) this.#things.add(thing);
  }

  holdsUp({ shards, isTaking, things }: Needs): boolean {
    return (
      shards.some((shard) => this.#taken.has(shard) || (isTaking && this.#shared.has(shard))) ||
      things.some((thing) => this.#things.has(thing))
    );
  }
}
