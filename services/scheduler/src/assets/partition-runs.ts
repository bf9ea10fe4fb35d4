/** Makes the runs of DAGs that wait for assets by partition: one for a key when what came for it suffices. */

import {
  countPartitions,
  listPartitionKeys,
  readUnsortedEvents,
  sortPendingEvents,
  type SortedEvent,
  type UnsortedEvent,
} from "@millrace/db";
import {
  mapperOf,
  mapPartition,
  partitionHolds,
  type PartitionedAssetSchedule,
} from "@millrace/engine";
import { roomForRuns } from "../backfills/limits.ts";
import { defaultParams } from "../runs/default-params.ts";
import { holdsDag, shardHolding, type Owner } from "../owner.ts";
import { failuresOf, untilSettled } from "../runs/run-made.ts";
import type { RunMaker } from "../runs/run-maker.ts";
import { assetTriggered, type OwnedDag } from "../runs/run.ts";

export type PartitionRuns = {
  /** Sorts what came for a DAG, and makes the runs that it suffices for. True when there is more to do at once. */
  look(dag: OwnedDag): Promise<boolean>;
  /** Whether keys of the DAG may make runs that nobody has looked at yet. */
  isBehind(dag: OwnedDag): boolean;
};

/** What may make a run: keys that something has come for, and those of an owner before that were not looked at yet. */
type Keys = {
  readonly versionId: number;
  readonly touched: Set<string>;
  /** All up to here are touched, or do not hold; null for all there are. */
  scannedTo: string | null;
};

/** Pending events that are sorted, and rows that are written of them, in one transaction. */
const eventsPerSort = 500;
const rowsPerSort = 20_000;
/** Keys whose events are counted in one statement. */
const keysPerLook = 200;
/** Statements for one DAG before the others have their turn. */
const roundsMax = 20;

/** What a DAG waits for by partition; null when it does not, or its version is not known yet. */
export function partitionedOf({ newest, versionId }: OwnedDag): PartitionedAssetSchedule | null {
  const schedule = newest?.id === versionId ? newest.compiled.spec.schedule : null;
  return schedule?.kind === "partitioned_assets" ? schedule : null;
}

/**
 * A pending event is sorted under the keys that it is mapped to, by the DAG's owner and for good: rows that say under which
 * version. A key is looked at when something comes for it, and all keys are once by each new owner. A run is born with all that
 * is sorted under its key, in one transaction; nobody but the owner takes rows away, so that what was counted is there.
 */
export function createPartitionRuns(parts: {
  readonly owner: Owner;
  readonly maker: RunMaker;
  touchLater(dag: OwnedDag): void;
}): PartitionRuns {
  const { owner, maker, touchLater } = parts;
  const known = new WeakMap<OwnedDag, Keys>();

  function keysOf(dag: OwnedDag): Keys {
    const before = known.get(dag);
    if (before?.versionId === dag.versionId) return before;
    const keys: Keys = { versionId: dag.versionId, touched: new Set(), scannedTo: "" };
    known.set(dag, keys);
    return keys;
  }

  /** True when more events wait to be sorted. */
  async function sort(dag: OwnedDag, schedule: PartitionedAssetSchedule): Promise<boolean> {
    const shard = shardHolding(owner, dag);
    if (shard === null) return false;
    const { versionId } = dag;
    const keys = keysOf(dag);
    const events = await readUnsortedEvents(owner.db, dag.dagId, eventsPerSort);
    if (events.length === 0) return false;
    const sorted: UnsortedEvent[] = [];
    const rows: SortedEvent[] = [];
    for (const event of events) {
      if (rows.length >= rowsPerSort) break;
      sorted.push(event);
      rows.push(...rowsOf(schedule, event));
    }
    // Before it is written: without an answer it may be all the same, and is not read again then.
    for (const { targetKey } of rows) if (targetKey !== "") keys.touched.add(targetKey);
    await sortPendingEvents(owner.db, shard, { dagId: dag.dagId, versionId }, sorted, rows);
    const problem = rows.find((row) => row.problem !== "")?.problem;
    if (problem !== undefined)
      owner.log.warn({ dag_id: dag.dagId, problem }, "assets.partition_unmapped");
    return sorted.length < events.length || events.length === eventsPerSort;
  }

  /** Touches the next page of keys that were there before this owner; false when there are no more. */
  async function scan(dag: OwnedDag, keys: Keys): Promise<boolean> {
    const { scannedTo } = keys;
    if (scannedTo === null) return false;
    const page = await listPartitionKeys(owner.db, dag.dagId, {
      ...{ afterKey: scannedTo, limit: keysPerLook },
    });
    for (const key of page) keys.touched.add(key);
    keys.scannedTo = page.length < keysPerLook ? null : page.at(-1)!;
    return true;
  }

  /** Those of the touched keys, some of them, that make a run now; the others need not be looked at until something comes. */
  async function holding(
    dag: OwnedDag,
    schedule: PartitionedAssetSchedule,
    { touched }: Keys,
  ): Promise<string[]> {
    const some = [...touched].slice(0, keysPerLook);
    const counts = await countPartitions(owner.db, dag.dagId, some);
    const byKey = Map.groupBy(counts, (count) => count.target_key);
    return some.filter((key) => {
      const ofKey = new Map((byKey.get(key) ?? []).map((count) => [count.uri, count]));
      const holds = partitionHolds(schedule, key, (uri) => ofKey.get(uri) ?? nothing);
      if (!holds) touched.delete(key);
      return holds;
    });
  }

  /** False when some were not made; they are tried again later. */
  async function fire(dag: OwnedDag, keys: readonly string[]): Promise<boolean> {
    dag.assets.isMaking = true;
    const params = defaultParams(dag.newest?.compiled.spec.paramsSchema ?? null);
    const made = await Promise.allSettled(
      keys.map((partitionKey) =>
        maker.make({
          ...{ dag, runType: assetTriggered, logicalAt: null, intervalStartAt: null },
          ...{ intervalEndAt: null, runAfter: owner.dbClock.now(), params, note: "" },
          ...{ triggeredBy: "assets", request: null, backfill: null },
          ...{ partitionKey, usesPartition: true },
        }),
      ),
    );
    const failures = failuresOf(made);
    for (const error of failures)
      owner.log.warn({ dag_id: dag.dagId, err: error }, "assets.run_failed");
    owner.log.info({ dag_id: dag.dagId, runs: made.length - failures.length }, "assets.runs_made");
    if (failures.length === 0) {
      dag.assets.isMaking = false;
      return true;
    }
    // What may have been made has used its events: that is found out before they are counted again. Other DAGs go on.
    void untilSettled(failures).then(() => {
      dag.assets.isMaking = false;
      touchLater(dag);
    });
    return false;
  }

  return {
    isBehind(dag) {
      if (partitionedOf(dag) === null) return false;
      const { touched, scannedTo } = keysOf(dag);
      return touched.size > 0 || scannedTo !== null;
    },
    async look(dag) {
      for (let round = 0; round < roundsMax; round += 1) {
        const schedule = partitionedOf(dag);
        if (schedule === null || !holdsDag(owner, dag) || dag.assets.isMaking) return false;
        if (await sort(dag, schedule)) continue;
        // Of a paused DAG events are sorted, so that people see them.
        if (dag.isPaused) return false;
        const keys = keysOf(dag);
        if (keys.touched.size === 0 && !(await scan(dag, keys))) return false;
        const ready = await holding(dag, schedule, keys);
        if (ready.length === 0) continue;
        const room = roomForRuns(dag);
        if (room <= 0) {
          dag.assets.isFull = true;
          return false;
        }
        // Who looked meanwhile may have found another version.
        if (partitionedOf(dag) !== schedule || !holdsDag(owner, dag) || dag.isPaused) continue;
        if (!(await fire(dag, ready.slice(0, room)))) return false;
      }
      return true;
    },
  };
}

const nothing = { events: 0, parts: 0 };

/** Where an event belongs: under keys, or under none with a reason. One without a key came while the schedule was changed. */
function rowsOf(
  schedule: PartitionedAssetSchedule,
  { assetId, uri, eventId, partitionKey }: UnsortedEvent,
): SortedEvent[] {
  if (partitionKey === "") return [];
  const mapped = mapPartition(mapperOf(schedule, { uri, name: "" }), partitionKey);
  if (mapped.problem !== null)
    return [{ assetId, eventId, targetKey: "", part: "", problem: mapped.problem }];
  return mapped.targets.map(({ key, part }) => ({
    ...{ assetId, eventId, targetKey: key, part, problem: "" },
  }));
}
