/** What people changed of DAGs: when it was committed, and since when the owner of each DAG knows. */

import type { DagChange } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";

/** A DAG is paused, or gone, and its owner knows; until somebody changes that. */
export type Shut = { readonly from: number; readonly until: number };

type ReadRow = { readonly dag_id: string; readonly shard: number; readonly changed_seq: number };

const isPaused = (change: DagChange): boolean => change.isPaused;
/** No clock makes runs of it. */
export const isStill = (change: DagChange): boolean => change.isPaused || !change.isActive;

export class DagChanges {
  readonly #tables: Tables;
  readonly #now: () => number;
  /** By number of the change. */
  readonly #toldAt = new Map<number, number>();

  constructor(tables: Tables, now: () => number) {
    this.#tables = tables;
    this.#now = now;
  }

  /**
   * A node has read rows of DAGs. If it owns them, then whoever owns them from now on knows: who takes them over later reads
   * them later.
   */
  onRead(node: string, rows: readonly object[]): void {
    for (const row of rows as readonly ReadRow[]) {
      if (this.#tables.shards[row.shard]?.owner !== node) continue;
      for (const { seq } of this.of(row.dag_id))
        if (seq <= row.changed_seq && !this.#toldAt.has(seq)) this.#toldAt.set(seq, this.#now());
    }
  }

  /** In the order of their commits. */
  of(dagId: string): readonly DagChange[] {
    return this.#tables.dagChanges.filter((change) => change.dagId === dagId);
  }

  /** Never as long as its owner does not know. */
  toldAt({ seq }: DagChange): number {
    return this.#toldAt.get(seq) ?? Infinity;
  }

  /** The version that whoever owned a DAG then had as its newest, or a later one; null before the first. */
  versionToldBy(dagId: string, at: number): number | null {
    return this.of(dagId).findLast((change) => this.toldAt(change) < at)?.versionId ?? null;
  }

  /** Versions that may have been the newest to an owner of the DAG since then. */
  versionsSince(dagId: string, at: number): readonly number[] {
    const changes = this.of(dagId);
    const replaced = changes.findLastIndex((change) => this.toldAt(change) < at);
    return changes.slice(Math.max(0, replaced)).map(({ versionId }) => versionId);
  }

  /** `isShut`: default is paused. */
  shut(dagId: string, isShut = isPaused): readonly Shut[] {
    const all: Shut[] = [];
    let from = Infinity;
    for (const change of this.of(dagId)) {
      if (isShut(change)) from = Math.min(from, this.toldAt(change));
      else {
        if (from < change.at) all.push({ from, until: change.at });
        from = Infinity;
      }
    }
    if (from < Infinity) all.push({ from, until: Infinity });
    return all;
  }

  /** Since when it is paused with its owner's knowledge; null when it is not. */
  pausedSince(dagId: string): number | null {
    const last = this.shut(dagId).at(-1);
    return last?.until === Infinity ? last.from : null;
  }

  /** DAGs of which a change is not known to an owner. */
  untold(): readonly string[] {
    const changes = this.#tables.dagChanges.filter((change) => this.toldAt(change) === Infinity);
    return [...new Set(changes.map(({ dagId }) => dagId))];
  }
}
