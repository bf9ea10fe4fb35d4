/** The backfill of a DAG as its owner holds it, and which runs are counted with it. */

import { BackfillState, type OwnedBackfillRow } from "@millrace/db";
import type { BackfillLimits } from "@millrace/engine";
import { backfillIdOf } from "@millrace/wire";
import { waitingRuns } from "../inputs/waiting.ts";
import { createRunLine, type RunLine } from "../runs/run-line.ts";
import type { OwnedBackfill, OwnedDag, QueuedRun, RunFacts } from "../runs/run.ts";

export function ownedBackfill(row: OwnedBackfillRow): OwnedBackfill {
  const idle = { isDriven: false, isKicked: false, isDoubtful: false };
  return { ...row, ...idle, running: new Set(), queued: createRunLine() };
}

/** Whether a run counts with its DAG's backfill. One whose backfill is over counts with the DAG like any other. */
export function isOfBackfill(
  { backfill }: Pick<OwnedDag, "backfill">,
  facts: Pick<RunFacts, "backfill">,
): boolean {
  return backfill !== null && facts.backfill?.id === backfill.id;
}

/** The line that a queued run waits in. */
export function lineOf(
  dag: Pick<OwnedDag, "backfill" | "queued">,
  facts: Pick<RunFacts, "backfill">,
): RunLine<QueuedRun> {
  return dag.backfill !== null && isOfBackfill(dag, facts) ? dag.backfill.queued : dag.queued;
}

export function isQueued({ queued, backfill }: OwnedDag, runKey: number): boolean {
  return queued.has(runKey) || (backfill?.queued.has(runKey) ?? false);
}

/** Running runs that max_active_runs of the DAG counts: not those that gave way to others (`limits/places.ts`). */
export function ordinaryRuns(dag: OwnedDag): number {
  const { running, backfill, gaveWay } = dag;
  const ofBackfill = backfill === null ? 0 : placedRuns(dag, backfill);
  return running.size - gaveWay.size - ofBackfill;
}

/** How many more runs may be made, in so far as max_active_runs of the DAG says; none while that is not known. */
export function roomForRuns(dag: OwnedDag): number {
  const max = dag.newest?.compiled.spec.maxActiveRuns ?? 0;
  return max - ordinaryRuns(dag) - (dag.queued.size - waitingRuns(dag));
}

export function hasRoomForRun(dag: OwnedDag): boolean {
  return roomForRuns(dag) > 0;
}

/** Running runs that max_active_runs of a backfill counts. */
export function placedRuns({ gaveWay }: OwnedDag, { running }: OwnedBackfill): number {
  let count = running.size;
  for (const run of gaveWay.keys()) if (running.has(run)) count -= 1;
  return count;
}

export function limitsOfBackfill(dag: OwnedDag, backfill: OwnedBackfill): BackfillLimits {
  return {
    id: backfillIdOf(backfill.id),
    isPaused: backfill.state !== BackfillState.running,
    activeRuns: placedRuns(dag, backfill),
    maxActiveRuns: backfill.maxActiveRuns,
  };
}

/** Null for a run that counts with its DAG. */
export function backfillLimitsOf(dag: OwnedDag, facts: RunFacts): BackfillLimits | null {
  return dag.backfill !== null && isOfBackfill(dag, facts)
    ? limitsOfBackfill(dag, dag.backfill)
    : null;
}
