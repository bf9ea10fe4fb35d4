/** The tables about assets. */

import type {
  AssetEventRow,
  AssetPartitionRow,
  AssetPendingRow,
  AssetUseRow,
  AssetWatcherRow,
} from "./rows.ts";

export class AssetTables {
  /** By uri. */
  readonly ids = new Map<string, number>();
  /** Assets that tasks named for an alias: by alias. */
  readonly aliases = new Map<string, Set<number>>();
  /** Of schedules and inputs. */
  readonly uses: AssetUseRow[] = [];
  readonly watchers = new Map<number, AssetWatcherRow>();
  watcherUses: { readonly dag_id: string; readonly watcher_id: number }[] = [];
  readonly events = new Map<number, AssetEventRow>();
  /** In the order of events. */
  pending: AssetPendingRow[] = [];
  /** Events that are sorted under keys. */
  partitions: AssetPartitionRow[] = [];
  /** Events that runs were made of. */
  readonly usedBy = new Map<number, readonly number[]>();

  idOf(uri: string): number {
    let id = this.ids.get(uri);
    if (id === undefined) this.ids.set(uri, (id = this.ids.size + 1));
    return id;
  }

  /** Assets that a name in a schedule stands for: one of the two is empty. */
  idsOf(uri: string, alias: string): readonly number[] {
    const id = this.ids.get(uri);
    return [...(id === undefined ? [] : [id]), ...(this.aliases.get(alias) ?? [])];
  }

  /** Writes an event, with what is pending of it. Answers who waits for it. */
  add(event: Omit<AssetEventRow, "id">): readonly string[] {
    const id = this.events.size + 1;
    this.events.set(id, { ...event, id });
    for (const dagId of this.#users(event, 3, event.partition_key !== null))
      this.pending.push({ dag_id: dagId, asset_id: event.asset_id, event_id: id });
    return this.consumersOf(event);
  }

  /** Who waits for an event; instances that runs wait for are events with a key. */
  consumersOf(event: Omit<AssetEventRow, "id">): readonly string[] {
    const isKeyed = event.partition_key !== null;
    const dagIds = [
      ...this.#users(event, 3, isKeyed),
      ...(isKeyed ? this.#users(event, 4, false) : []),
    ];
    return [...new Set(dagIds)];
  }

  #users(event: Omit<AssetEventRow, "id">, kind: AssetUseRow["kind"], byPartition: boolean) {
    const { asset_id: assetId } = event;
    const named = [...this.aliases].filter(([, ids]) => ids.has(assetId)).map(([alias]) => alias);
    const aliases = new Set([...named, ...event.aliases]);
    const users = this.uses
      .filter((use) => use.kind === kind && use.by_partition === byPartition)
      .filter((use) => (use.alias === "" ? use.asset_id === assetId : aliases.has(use.alias)))
      .map((use) => use.dag_id);
    return new Set(users);
  }
}
