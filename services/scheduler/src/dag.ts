/** A DAG of an owned shard. */

import type { OwnedDagRow } from "@millrace/db";
import type { ActiveRun, QueuedRun, Version } from "./run.ts";

export type OwnedDag = {
  readonly dagId: string;
  readonly shard: number;
  /** `dag_version.id` of the newest version, which new runs are pinned to. */
  versionId: number;
  /** That version; null until something needs it. */
  newest: Version | null;
  isPaused: boolean;
  isActive: boolean;
  hasSchedule: boolean;
  /** Ticks up to here are over. Milliseconds since 1970. */
  scheduledThrough: number;
  /** What the row says of the next tick, and the tick a timer is set for. */
  nextRunAt: number | null;
  changedSeq: number;
  /** Runs in state running. */
  readonly running: Set<ActiveRun>;
  /** Runs in state queued, oldest first. */
  readonly queued: Map<number, QueuedRun>;
  /** True while a tick is being made into a run. */
  isTicking: boolean;
  /** The name given last: two runs asked for in the same millisecond must differ. */
  lastRunName: string;
};

export function ownedDag(row: OwnedDagRow): OwnedDag {
  return {
    dagId: row.dag_id,
    shard: row.shard,
    newest: null,
    running: new Set(),
    queued: new Map(),
    isTicking: false,
    lastRunName: "",
    ...changeable(row),
  };
}

/** Takes over what a registration or a switch changed. The newest version is looked up when it is needed. */
export function refreshDag(dag: OwnedDag, row: OwnedDagRow): void {
  if (dag.versionId !== row.version_id) dag.newest = null;
  Object.assign(dag, changeable(row));
}

function changeable(row: OwnedDagRow) {
  return {
    versionId: row.version_id,
    isPaused: row.is_paused,
    isActive: row.is_active,
    hasSchedule: row.schedule !== "",
    scheduledThrough: row.scheduled_through.getTime(),
    nextRunAt: row.next_run_at?.getTime() ?? null,
    changedSeq: row.changed_seq,
  };
}
