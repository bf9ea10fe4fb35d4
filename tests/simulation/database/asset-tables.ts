/** The tables about assets. */

import type { AssetEventRow, AssetPendingRow, AssetUseRow, AssetWatcherRow } from "./rows.ts";

export class AssetTables {
  /** By uri. */
  readonly ids = new Map<string, number>();
  /** Assets that tasks named for an alias: by alias. */
  readonly aliases = new Map<string, Set<number>>();
  /** Schedules only. */
  readonly uses: AssetUseRow[] = [];
  readonly watchers = new Map<number, AssetWatcherRow>();
  watcherUses: { readonly dag_id: string; readonly watcher_id: number }[] = [];
  readonly events = new Map<number, AssetEventRow>();
  /** In the order of events. */
  pending: AssetPendingRow[] = [];
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
    const dagIds = this.consumersOf(event);
    for (const dagId of dagIds)
      this.pending.push({ dag_id: dagId, asset_id: event.asset_id, event_id: id });
    return dagIds;
  }

  /** Who waits for an event. */
  consumersOf(event: Omit<AssetEventRow, "id">): readonly string[] {
    const { asset_id: assetId } = event;
    const named = [...this.aliases].filter(([, ids]) => ids.has(assetId)).map(([alias]) => alias);
    const aliases = new Set([...named, ...event.aliases]);
    const consumers = this.uses
      .filter((use) => (use.alias === "" ? use.asset_id === assetId : aliases.has(use.alias)))
      .map((use) => use.dag_id);
    return [...new Set(consumers)];
  }
}
