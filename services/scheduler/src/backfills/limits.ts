/** The backfill of a DAG as its owner holds it, and which runs are counted with it. */

import { BackfillState, type OwnedBackfillRow } from "@millrace/db";
import type { BackfillLimits } from "@millrace/engine";
import { backfillIdOf } from "@millrace/wire";
import { createRunLine, type RunLine } from "../run-line.ts";
import type { OwnedBackfill, OwnedDag, QueuedRun, RunFacts } from "../run.ts";

export function ownedBackfill(row: OwnedBackfillRow): OwnedBackfill {
  return { ...row, running: new Set(), queued: createRunLine(), isDriven: false, isKicked: false };
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

/** Running runs that max_active_runs of the DAG counts. */
export function ordinaryRuns({ running, backfill }: OwnedDag): number {
  return running.size - (backfill?.running.size ?? 0);
}

export function limitsOfBackfill(backfill: OwnedBackfill): BackfillLimits {
  return {
    id: backfillIdOf(backfill.id),
    isPaused: backfill.state !== BackfillState.running,
    activeRuns: backfill.running.size,
    maxActiveRuns: backfill.maxActiveRuns,
  };
}

/** Null for a run that counts with its DAG. */
export function backfillLimitsOf(dag: OwnedDag, facts: RunFacts): BackfillLimits | null {
  return dag.backfill !== null && isOfBackfill(dag, facts) ? limitsOfBackfill(dag.backfill) : null;
}
