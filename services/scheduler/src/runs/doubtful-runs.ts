/** Runs that may have been made: the connection broke before the answer came. */

import { createRuns, listActiveRuns, type RunToCreate, type ShardFence } from "@millrace/db";
import { isMillraceError, RunState } from "@millrace/engine";
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

/** What whoever asked for a run gets when the answer was lost. Others that failed were not made. */
export class RunInDoubt extends Error {
  /** Resolves once it is known whether it was made: then it is in its DAG's line, or will never be there. */
  readonly settled: Promise<void>;

  constructor(settled: Promise<void>, cause: unknown) {
    super(`Nobody knows yet whether the run was made; ask again: ${String(cause)}`, { cause });
    this.name = "RunInDoubt";
    this.settled = settled;
  }
}

/** Resolves once nothing is in doubt any more of what failed so. */
export async function untilSettled(failures: readonly unknown[]): Promise<void> {
  for (const error of failures) if (error instanceof RunInDoubt) await error.settled;
}

/**
 * Makes the same runs again until there is an answer: after that the first attempt can do nothing any more, however late
 * it arrives. Then puts those that exist into their DAG's line. Nobody else would: a request that comes again is answered,
 * and a tick finds its date taken, but neither starts a run.
 */
export async function settleRuns(parts: Parts, doubtful: DoubtfulRuns): Promise<void> {
  const { clock, settings, log } = parts.owner;
  const { fences, runs } = doubtful;
  let delayMs = settings.reloadDelayMs.first;
  while (isHeld(parts.owner, doubtful)) {
    await pause(clock, delayMs);
    delayMs = Math.min(delayMs * 2, settings.reloadDelayMs.max);
    try {
      await createRuns(parts.owner.db, fences, runs);
      const shards = fences.map(({ shard }) => shard);
      const ids = runs.map(({ id }) => id);
      take(
        parts,
        doubtful,
        await listActiveRuns(parts.owner.db, { shards, ids, limit: ids.length }),
      );
      return;
    } catch (error) {
      // Whoever owns the shard now has read every run that was made, and no later one can be.
      if (isMillraceError(error) && error.reason === "NOT_OWNER") return;
      log.warn({ runs: runs.length, err: error }, "runs.doubtful");
    }
  }
}

/** Of shards that were lost and taken again, too, the rows have been read since. */
function isHeld(owner: Owner, { dags }: DoubtfulRuns): boolean {
  return [...dags].some((dag) => isOwned(owner, dag));
}

function isOwned(owner: Owner, dag: OwnedDag | undefined): boolean {
  return dag !== undefined && holdsDag(owner, dag);
}

function take(
  { owner, life }: Parts,
  { dags }: DoubtfulRuns,
  rows: Awaited<ReturnType<typeof listActiveRuns>>,
): void {
  for (const row of rows) {
    const dag = [...dags].find(({ dagId }) => dagId === row.dagId);
    if (dag === undefined || !isOwned(owner, dag) || row.state !== RunState.queued) continue;
    // A command may have brought it into memory already.
    if (owner.runs.has(row.id) || isQueued(dag, row.id) || dag.opened.has(row.id)) continue;
    life.enqueue(dag, { facts: factsOf(row), params: row.params, seq: row.seq });
  }
  for (const dag of dags) if (isOwned(owner, dag)) life.startQueued(dag);
}
