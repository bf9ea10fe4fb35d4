/** Runs that may have been made: the connection broke before the answer came. */

import {
  createRuns,
  readOwnedRuns,
  type ActiveRunRow,
  type RunCreation,
  type RunToCreate,
  type ShardFence,
} from "@millrace/db";
import { isMillraceError, MillraceError, RunState } from "@millrace/engine";
import { isQueued } from "../backfills/limits.ts";
import { holdsDag, type Owner } from "../owner.ts";
import type { RunLife } from "./run-life.ts";
import { factsOf, type OwnedDag } from "./run.ts";
import { pause } from "../clock.ts";

type Parts = { readonly owner: Owner; readonly life: RunLife };

/** What was sent, and got no answer. */
export type DoubtfulRuns = {
  readonly fences: readonly ShardFence[];
  readonly runs: readonly RunToCreate[];
  readonly dags: ReadonlySet<OwnedDag>;
};

export type SettledRuns = {
  /** Ids of those that exist. */
  readonly born: ReadonlySet<number>;
  /** What the second attempt said of each; nothing when a shard was lost. */
  readonly creations: ReadonlyMap<number, RunCreation>;
};

/**
 * Makes the same runs again until there is an answer: after that the first attempt can do nothing any more, however late
 * it arrives. Then puts those that exist into their DAG's line. Nobody else would: a request that comes again is answered,
 * but starts no run.
 *
 * @throws MillraceError NOT_OWNER when all shards were lost: whoever owns them has read every run that was made.
 */
export async function settleRuns(parts: Parts, doubtful: DoubtfulRuns): Promise<SettledRuns> {
  const { owner } = parts;
  const { clock, settings, log, db } = owner;
  const { fences, runs, dags } = doubtful;
  let delayMs = settings.reloadDelayMs.first;
  // Of shards that were lost and taken again, too, the rows have been read since.
  while ([...dags].some((dag) => holdsDag(owner, dag))) {
    await pause(clock, delayMs);
    delayMs = Math.min(delayMs * 2, settings.reloadDelayMs.max);
    try {
      const creations = await createRuns(db, fences, runs).catch(noneOfLostShards);
      const shards = fences.map(({ shard }) => shard);
      const rows = await readOwnedRuns(db, { shards, ids: runs.map(({ id }) => id) });
      take(parts, doubtful, rows);
      return { born: new Set(rows.map(({ id }) => id)), creations };
    } catch (error) {
      log.warn({ runs: runs.length, err: error }, "runs.doubtful");
    }
  }
  throw new MillraceError("NOT_OWNER");
}

/** One lost shard keeps all of them from being made, by either attempt; those of the first that exist are there to stay. */
function noneOfLostShards(error: unknown): ReadonlyMap<number, RunCreation> {
  if (isMillraceError(error) && error.reason === "NOT_OWNER") return new Map();
  throw error;
}

function take({ owner, life }: Parts, { dags }: DoubtfulRuns, rows: readonly ActiveRunRow[]): void {
  for (const row of rows) {
    const dag = [...dags].find(({ dagId }) => dagId === row.dagId);
    if (dag === undefined || !holdsDag(owner, dag) || row.state !== RunState.queued) continue;
    // A command may have brought it into memory already.
    if (owner.runs.has(row.id) || isQueued(dag, row.id) || dag.opened.has(row.id)) continue;
    life.enqueue(dag, { facts: factsOf(row), params: row.params, seq: row.seq });
  }
  for (const dag of dags) if (holdsDag(owner, dag)) life.startQueued(dag);
}
