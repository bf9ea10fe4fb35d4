/** Makes the runs of DAGs that wait for assets: one when their events suffice, with all events that are there. */

import {
  countPendingEvents,
  forgetPendingEvents,
  listPendingDags,
  type AssetRef,
  type PendingQuestion,
} from "@millrace/db";
import {
  assetKey,
  assetNeeds,
  assetsOf,
  assetsHold,
  type AssetExpression,
  type AssetNeed,
  type AssetOrAlias,
} from "@millrace/engine";
import { hasRoomForRun } from "../backfills/limits.ts";
import { defaultParams } from "../runs/default-params.ts";
import { holdsDag, shardHolding, type Owner } from "../owner.ts";
import { untilSettled } from "../runs/run-made.ts";
import type { RunMaker } from "../runs/run-maker.ts";
import { assetTriggered, type OwnedDag } from "../runs/run.ts";
import { createPartitionRuns, partitionedOf } from "./partition-runs.ts";

export type AssetRuns = {
  /** Events of what these DAGs wait for may have come, or what held their next run may be gone. Others are passed over. */
  touch(dagIds: Iterable<string>): void;
  /** A run of the DAG has ended: one that had no room may have some. */
  onRunEnded(dag: OwnedDag): void;
  /** Looks for events whose doorbell was lost. */
  sweep(): Promise<void>;
};

/**
 * A pending event is a row for each DAG that waits for its asset, written with the event. Doorbells only say when to look.
 * The expression is evaluated on how many rows there are; the run is born, and the rows are its own, in one transaction of
 * the shard's owner, who alone deletes them: whatever crashes in between, each event is used by exactly one run of a DAG.
 * Events that come between the look and the birth are used as well. Of a paused DAG, and of one with max_active_runs runs
 * under way, events wait; then one run uses them all.
 */
export function createAssetRuns(parts: {
  readonly owner: Owner;
  readonly maker: RunMaker;
}): AssetRuns {
  const { owner, maker } = parts;
  const partitions = createPartitionRuns({
    ...{ owner, maker },
    touchLater: (dag) => touchLater([dag.dagId]),
  });
  const touched = new Set<string>();
  let isLooking = false;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || isLooking || touched.size === 0) return;
    isScheduled = true;
    // What is touched in one turn of the event loop is asked about in one statement.
    setImmediate(() => {
      isScheduled = false;
      void drain();
    });
  }

  async function drain(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      while (touched.size > 0) {
        const ids = [...touched].slice(0, owner.settings.assetDagsPerLookMax);
        for (const id of ids) touched.delete(id);
        await look(ids);
      }
    } finally {
      isLooking = false;
    }
  }

  async function look(ids: readonly string[]): Promise<void> {
    const known = ids.flatMap((id) => owner.dags.get(id) ?? []).filter(isWaiting);
    try {
      await owner.dags.loadNewest(known);
      const dags = known.filter((dag) => !dag.isPaused || partitionedOf(dag) !== null);
      await forgetOthers(dags);
      const waiting = dags.flatMap((dag) => waitOf(dag) ?? []);
      const counts = await countPendingEvents(owner.db, waiting.flatMap(questionsOf));
      let at = 0;
      for (const wait of waiting) {
        const own = counts.slice(at, (at += wait.needs.length));
        if (holds(wait, own)) fire(wait);
      }
      // Each to its end, whatever becomes of the others: two looks at one DAG would both make its runs.
      const looks = await Promise.allSettled(
        dags.map(async (dag) => {
          if (partitionedOf(dag) !== null && (await partitions.look(dag))) touched.add(dag.dagId);
        }),
      );
      const failed = looks.find((look) => look.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    } catch (error) {
      owner.log.warn({ dags: known.length, err: error }, "assets.look_failed");
      touchLater(ids);
    }
  }

  function touchLater(ids: readonly string[]): void {
    owner.clock.after(owner.settings.reloadDelayMs.max, () => touch(ids));
  }

  /** Whether a run of it may be made, once it is not paused. */
  function isWaiting(dag: OwnedDag): boolean {
    if (!holdsDag(owner, dag) || !dag.isActive || !dag.hasSchedule) return false;
    // While one is being made it is looked at afterwards anyway.
    return !dag.assets.isMaking;
  }

  function waitOf(dag: OwnedDag): Wait[] {
    const expression = expressionOf(dag);
    if (expression === null || !holdsDag(owner, dag) || partitionedOf(dag) !== null) return [];
    if (!hasRoomForRun(dag)) {
      dag.assets.isFull = true;
      return [];
    }
    return [{ dag, expression, needs: assetNeeds(expression) }];
  }

  /** Once for each version, before its first run: what the DAG does not wait for any more makes no run of it. */
  async function forgetOthers(dags: readonly OwnedDag[]): Promise<void> {
    for (const dag of dags) {
      const expression = expressionOf(dag);
      const shard = shardHolding(owner, dag);
      if (expression === null || shard === null || dag.assets.versionId === dag.versionId) continue;
      const { dagId, versionId } = dag;
      const refs = assetNeeds(expression).map(({ of }) => refOf(of));
      const isByPartition = partitionedOf(dag) !== null;
      await forgetPendingEvents(owner.db, shard, { dagId, versionId, isByPartition, refs });
      dag.assets.versionId = versionId;
    }
  }

  function fire({ dag, expression, needs }: Wait): void {
    if (!holdsDag(owner, dag) || dag.assets.isMaking) return;
    // Paused, or another version, since its events were asked about: what changed it has touched it.
    if (dag.isPaused || expressionOf(dag) !== expression) return;
    const { assets } = dag;
    assets.isMaking = true;
    const params = defaultParams(dag.newest?.compiled.spec.paramsSchema ?? null);
    const made = maker.make({
      ...{ dag, runType: assetTriggered, logicalAt: null, intervalStartAt: null },
      ...{ intervalEndAt: null, runAfter: owner.dbClock.now(), params, note: "" },
      ...{ triggeredBy: "assets", request: null, backfill: null },
      partitionKey: null,
      assets: needs.map(({ of }) => refOf(of)),
    });
    made.then(
      () => {
        assets.isMaking = false;
        owner.log.info({ dag_id: dag.dagId }, "assets.run_made");
        // What came meanwhile, or was more than one run may use.
        touch([dag.dagId]);
      },
      async (error: unknown) => {
        owner.log.warn({ dag_id: dag.dagId, err: error }, "assets.run_failed");
        // What may have been made has used its events: that is found out before they are counted again.
        await untilSettled([error]);
        assets.isMaking = false;
        touchLater([dag.dagId]);
      },
    );
  }

  function touch(dagIds: Iterable<string>): void {
    for (const dagId of dagIds) {
      const dag = owner.dags.get(dagId);
      if (dag !== undefined && dag.hasSchedule) touched.add(dagId);
    }
    schedule();
  }

  return {
    touch,
    onRunEnded(dag) {
      if (!dag.assets.isFull) return;
      dag.assets.isFull = false;
      touch([dag.dagId]);
    },
    async sweep() {
      const shards = [...owner.shards.values()].filter((shard) => shard.isLoaded);
      const waits = [...owner.dags.all()].some((dag) => expressionOf(dag) !== null);
      if (!waits || shards.length === 0) return;
      const ids = shards.map((shard) => shard.shard);
      touch(await listPendingDags(owner.db, ids));
      touch([...owner.dags.all()].filter(partitions.isBehind).map((dag) => dag.dagId));
    },
  };
}

type Wait = {
  readonly dag: OwnedDag;
  readonly expression: AssetExpression;
  readonly needs: readonly AssetNeed[];
};

/** What a DAG waits for; null when that is no asset, or its version is not known yet. */
export function expressionOf({ newest, versionId }: OwnedDag): AssetExpression | null {
  return newest?.id === versionId ? assetsOf(newest.compiled.spec.schedule) : null;
}

function questionsOf({ dag: { dagId }, needs }: Wait): PendingQuestion[] {
  return needs.map(({ of, count }) => ({ dagId, ...refOf(of), needed: count }));
}

function holds({ expression, needs }: Wait, counts: readonly number[]): boolean {
  const byKey = new Map(needs.map(({ of }, n) => [assetKey(of), counts[n] ?? 0]));
  return assetsHold(expression, (of) => byKey.get(assetKey(of)) ?? 0);
}

function refOf(of: AssetOrAlias): AssetRef {
  return of.kind === "asset" ? { uri: of.uri, alias: "" } : { uri: "", alias: of.name };
}
