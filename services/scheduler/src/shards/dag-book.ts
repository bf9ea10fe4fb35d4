/** The DAGs of owned shards, kept in step with their rows by doorbells and a poll. */

import { listOwnedDags, type Database } from "@millrace/db";
import { ownedDag, refreshDag } from "./dag.ts";
import type { OwnedDag } from "../runs/run.ts";
import type { SchedulerSettings } from "../settings.ts";
import type { Versions } from "./versions.ts";

export type DagBook = {
  get(dagId: string): OwnedDag | undefined;
  all(): Iterable<OwnedDag>;
  /** Reads the DAGs of shards that were taken over, with the newest versions of those that have a schedule. */
  loadShards(shards: readonly number[]): Promise<OwnedDag[]>;
  dropShard(shard: number): void;
  remove(dagId: string): void;
  /** Reads rows that changed; answers the DAGs concerned, those included that an earlier look read and could not answer. */
  refresh(shards: readonly number[]): Promise<OwnedDag[]>;
  /** One DAG, read from its row if it is new. */
  find(shard: number, dagId: string): Promise<OwnedDag | null>;
  /** Makes sure that `dag.newest` is its newest version. */
  loadNewest(dags: Iterable<OwnedDag>): Promise<void>;
};

/** Rows read in one statement. */
const pageMax = 2_000;

export function createDagBook(parts: {
  readonly db: Database;
  readonly versions: Versions;
  readonly settings: SchedulerSettings;
}): DagBook {
  const { db, versions, settings } = parts;
  const dags = new Map<string, OwnedDag>();
  /** Read and not answered yet: what had to be read besides may have failed. */
  const fresh = new Set<OwnedDag>();
  let seen = 0;

  type Query = {
    readonly shards: readonly number[];
    readonly changedAfter?: number;
    readonly dagId?: string;
  };

  /** `isTakeOver`: what is known of them may be from before somebody else owned them: ticks leave `changed_seq` as it is. */
  async function read(query: Query, isTakeOver = false): Promise<void> {
    let after = query.changedAfter;
    for (;;) {
      const page = { shards: query.shards, limit: pageMax };
      const rows = await listOwnedDags(db, {
        ...page,
        ...(query.dagId === undefined ? {} : { dagId: query.dagId }),
        ...(after === undefined ? {} : { changedAfter: after }),
      });
      for (const row of rows) {
        seen = Math.max(seen, row.changed_seq);
        const known = dags.get(row.dag_id);
        if (known?.changedSeq === row.changed_seq && !isTakeOver) continue;
        const dag = known ?? ownedDag(row);
        if (known !== undefined) refreshDag(known, row);
        dags.set(row.dag_id, dag);
        fresh.add(dag);
      }
      if (rows.length < pageMax) return;
      after = rows.at(-1)?.changed_seq ?? 0;
    }
  }

  async function loadNewest(wanted: Iterable<OwnedDag>): Promise<void> {
    const lacking = [...wanted].filter((dag) => dag.newest?.id !== dag.versionId);
    await versions.load(lacking.map((dag) => dag.versionId));
    for (const dag of lacking) dag.newest = versions.get(dag.versionId) ?? null;
  }

  function within(all: Iterable<OwnedDag>, shards: readonly number[]): OwnedDag[] {
    const wanted = new Set(shards);
    return [...all].filter((dag) => wanted.has(dag.shard));
  }

  function answer(answered: OwnedDag[]): OwnedDag[] {
    for (const dag of answered) fresh.delete(dag);
    return answered;
  }

  function forget(dag: OwnedDag): void {
    dags.delete(dag.dagId);
    fresh.delete(dag);
  }

  return {
    get: (dagId) => dags.get(dagId),
    all: () => dags.values(),
    async loadShards(shards) {
      await read({ shards }, true);
      const loaded = within(dags.values(), shards);
      await loadNewest(loaded.filter((dag) => dag.hasSchedule));
      return answer(loaded);
    },
    dropShard(shard) {
      for (const dag of dags.values()) if (dag.shard === shard) forget(dag);
    },
    remove(dagId) {
      const dag = dags.get(dagId);
      if (dag !== undefined) forget(dag);
    },
    async refresh(shards) {
      if (shards.length === 0) return [];
      await read({ shards, changedAfter: seen - settings.dagPollOverlap });
      const changed = within(fresh, shards);
      await loadNewest(
        changed.filter(
          (dag) =>
            dag.hasSchedule || dag.backfill !== null || dag.running.size > 0 || dag.queued.size > 0,
        ),
      );
      return answer(changed);
    },
    async find(shard, dagId) {
      if (!dags.has(dagId)) await read({ shards: [shard], dagId });
      return dags.get(dagId) ?? null;
    },
    loadNewest,
  };
}
