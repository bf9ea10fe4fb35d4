/** Reads runs from their rows into memory: at take-over, and after a flush that failed. */

import { listActiveRuns, listOwnedBackfills, type ActiveRunRow } from "@millrace/db";
import { RunState } from "@millrace/engine";
import { ownedBackfill } from "../backfills/limits.ts";
import { loadAllDeliveries } from "../callbacks/load.ts";
import type { Owner, OwnedShard } from "../owner.ts";
import { refreshPools } from "../pools/pool-changes.ts";
import { readRunRows, restoreInto } from "./restore-run.ts";
import { factsOf, type OwnedBackfill, type OwnedDag, type QueuedRun } from "./run.ts";
import type { RunLife } from "./run-life.ts";
import type { Versions } from "../shards/versions.ts";

export type LoadParts = {
  readonly owner: Owner;
  readonly life: RunLife;
  readonly versions: Versions;
};

/**
 * Loads shards that were taken over. Their DAGs are answered; queued runs have not been started yet. What was lost
 * meanwhile is passed over.
 */
export async function loadShards(
  parts: LoadParts,
  shards: readonly OwnedShard[],
): Promise<OwnedDag[]> {
  const { owner } = parts;
  const ids = shards.map((each) => each.shard);
  // What has changed concerns the runs of shards held before, too: nobody else is told of it.
  await refreshPools(owner);
  const pools = await owner.pools.loadShards(ids);
  const dags = await owner.dags.loadShards(ids);
  for (const dag of dags) owner.queue.setDagParked(dag.dagId, dag.isPaused);
  // Before the runs: they have a line of their own.
  for (const row of await listOwnedBackfills(owner.db, ids)) {
    const dag = owner.dags.get(row.dagId);
    if (dag !== undefined) dag.backfill = ownedBackfill(row);
  }
  let afterId = 0;
  let count = 0;
  for (;;) {
    const limit = owner.settings.loadRunsMax;
    const rows = await listActiveRuns(owner.db, { shards: ids, afterId, limit });
    await takeRows(parts, rows, (row) => shards.includes(owner.shards.get(row.shard) ?? none));
    count += rows.length;
    if (rows.length < limit) break;
    afterId = rows.at(-1)?.id ?? afterId;
  }
  for (const dag of dags) sortQueued(dag);
  for (const shard of shards) if (owner.shards.get(shard.shard) === shard) shard.isLoaded = true;
  if (pools.length > 0) owner.poolTender.onNews(pools);
  void loadAllDeliveries(parts, shards);
  void owner.deadlines.loadShards(shards);
  if (count > 0)
    owner.log.info({ shards: ids.length, dags: dags.length, runs: count }, "shards.loaded");
  return dags;
}

const none: OwnedShard = { shard: -1, epoch: -1, isLoaded: false, hasCallbacks: false };

/** Rows come by their ids; a run that was opened again has been waiting for less long than its id tells. */
function sortQueued({ queued, backfill }: OwnedDag): void {
  if (backfill !== null) sortByOrdinal(backfill);
  const runs = [...queued.entries()];
  if (runs.every(([, run]) => run.seq === 0)) return;
  queued.clear();
  const sorted = runs.toSorted(([, a], [, b]) => a.facts.queuedAt - b.facts.queuedAt);
  for (const [key, run] of sorted) queued.set(key, run);
}

function sortByOrdinal({ queued }: OwnedBackfill): void {
  const place = (run: QueuedRun) => run.facts.backfill?.ordinal ?? 0;
  const sorted = [...queued.entries()].toSorted(([, a], [, b]) => place(a) - place(b));
  queued.clear();
  for (const [key, run] of sorted) queued.set(key, run);
}

/** Reads runs again; those that are final by now stay out. */
export async function loadRuns(
  parts: LoadParts,
  runs: readonly { readonly key: number; readonly shard: number }[],
): Promise<void> {
  const { owner } = parts;
  const shards = [...new Set(runs.map((run) => run.shard))];
  const epochs = new Map(shards.map((shard) => [shard, owner.shards.get(shard)?.epoch]));
  for (let at = 0; at < runs.length; at += owner.settings.loadRunsMax) {
    const ids = runs.slice(at, at + owner.settings.loadRunsMax).map((run) => run.key);
    const rows = await listActiveRuns(owner.db, { shards, ids, limit: ids.length });
    await takeRows(
      parts,
      rows,
      (row) => owner.shards.get(row.shard)?.epoch === epochs.get(row.shard),
    );
  }
}

async function takeRows(
  parts: LoadParts,
  rows: readonly ActiveRunRow[],
  isHeld: (row: ActiveRunRow) => boolean,
): Promise<void> {
  const { owner, life } = parts;
  // A run that waits to be started is read when it is; but a cancel that was cut short goes on.
  const isWaiting = (row: ActiveRunRow) =>
    row.state === RunState.queued && row.cancelRequestedAt === null;
  const read = await readRunRows(
    parts,
    rows.filter((row) => !isWaiting(row)),
  );
  const byRun = new Map(read.map((rowsOfRun) => [rowsOfRun.row.id, rowsOfRun]));
  for (const row of rows) {
    const dag = owner.dags.get(row.dagId);
    if (dag === undefined || !isHeld(row) || owner.runs.has(row.id)) continue;
    const rowsOfRun = byRun.get(row.id);
    if (isWaiting(row))
      life.enqueue(dag, { facts: factsOf(row), params: row.params, seq: row.seq });
    else if (rowsOfRun !== undefined) restoreInto(owner, dag, rowsOfRun, life.adopt);
  }
}
