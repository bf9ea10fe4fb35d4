/** Makes DAGs of owned shards out of their rows. */

import { lastIntervalOf, type OwnedDagRow } from "@millrace/db";
import { noDagInputs } from "../inputs/dag-inputs.ts";
import { newDagLoad } from "../limits/load.ts";
import { createRunLine } from "../runs/run-line.ts";
import type { OwnedDag } from "../runs/run.ts";

export function ownedDag(row: OwnedDagRow): OwnedDag {
  return {
    dagId: row.dag_id,
    shard: row.shard,
    newest: null,
    backfill: null,
    running: new Set(),
    gaveWay: new Map(),
    load: newDagLoad(),
    gates: new Map(),
    queued: createRunLine(),
    keys: new Map(),
    opened: new Set(),
    isTicking: false,
    leaving: new Set(),
    isHistoryWanted: false,
    historyAtMs: -Infinity,
    planned: null,
    assets: { isMaking: false, isFull: false, versionId: 0 },
    inputs: noDagInputs(),
    lastRunName: "",
    ...changeable(row),
  };
}

/** Takes over what a registration or a switch changed. The newest version is looked up when it is needed, and plans anew. */
export function refreshDag(dag: OwnedDag, row: OwnedDagRow): void {
  if (dag.versionId !== row.version_id) Object.assign(dag, { newest: null, planned: null });
  Object.assign(dag, changeable(row));
}

function changeable(row: OwnedDagRow) {
  return {
    versionId: row.version_id,
    isPaused: row.is_paused,
    isActive: row.is_active,
    hasSchedule: row.schedule !== "",
    scheduledThrough: row.scheduled_through.getTime(),
    lastInterval: lastIntervalOf(row),
    nextRunAt: row.next_run_at?.getTime() ?? null,
    scheduleProblem: row.schedule_problem,
    changedSeq: row.changed_seq,
  };
}
