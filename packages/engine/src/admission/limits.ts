/** The world around a run, as far as it can hold a task back: what `admit` and `explain` are told. */

import type { ExternalFound } from "../external/wait.ts";
import type { InputsWait } from "../inputs/judge.ts";
import type { PastLook } from "../past/past.ts";
import type { InstanceRef } from "../run/run.ts";
import type { EpochMs, RateLimit } from "../spec/spec.ts";

/** What workers offer for a queue and a handler (null: any worker that runs bundles). */
export type Slots = {
  readonly state: "free" | "none_free" | "no_queue" | "no_handler";
  /** Live workers that could run it, and their slots in all. */
  readonly workers: number;
  readonly slots: number;
};

/** A pool, as seen from where a task is to start. */
export type PoolView = {
  readonly exists: boolean;
  /** Null for a pool without limit. */
  readonly slots: number | null;
  /** Slots that may be taken here and now; Infinity without limit. */
  readonly open: number;
  /** Slots that nobody uses, wherever they are now; null when not known. */
  readonly openInAll: number | null;
  /** Who uses slots, as "dag_id run_id task_id", the longest at it first, at most 20; known when it is explained. */
  readonly holders: readonly string[];
};

/** What a task sees that is in no pool, or in one without limit. */
export const unlimitedPool: PoolView = {
  exists: true,
  slots: null,
  open: Infinity,
  openInAll: null,
  holders: [],
};

/** Why no start is left of a rate limit, and until when. */
export type RateWait = { readonly started: number; readonly until: EpochMs | null };

/** The backfill that a run belongs to, while that is not over. */
export type BackfillLimits = {
  /** As callers know it. */
  readonly id: string;
  readonly isPaused: boolean;
  /** Its runs in state running, and how many it allows. */
  readonly activeRuns: number;
  readonly maxActiveRuns: number;
};

/** The world around a run, as far as it can hold a task back. */
export type Limits = {
  readonly now: EpochMs;
  readonly isPaused: boolean;
  /** Runs of the DAG in state running, those of an open backfill left out, and how many it allows now. */
  readonly activeRuns: number;
  readonly maxActiveRuns: number;
  /** Running task instances of the DAG, over all its runs. */
  readonly activeTasks: number;
  /** Instances of a task over all runs of the DAG that `max_active_tis` counts. */
  activeTis(taskId: string): number;
  pool(name: string): PoolView;
  /** Null when a start is left. */
  rate(limit: RateLimit): RateWait | null;
  /** Of a queued run: the runs that have its concurrency key now. */
  readonly keyHolders: readonly string[];
  /** Of a run of an open backfill: its limits hold instead of max_active_runs of the DAG. */
  readonly backfill?: BackfillLimits | null;
  /** Of a run that waited for the past, and gave its place to another: that one. */
  readonly gaveWayTo?: string | null;
  /** Of a queued run: what there is of the inputs that it waits for; null when it waits for none. */
  readonly inputs?: InputsWait | null;
  /** When the wait of an instance that is up for retry or for reschedule ends; null when not known. */
  waitUntilOf(ref: InstanceRef): EpochMs | null;
  /** The worker that watches what a deferred instance waits for; null when none does yet. */
  triggererOf(ref: InstanceRef): string | null;
  /** What was found last of the runs of another DAG that a deferred instance waits for; null before the first look. */
  externalOf(ref: InstanceRef): ExternalFound | null;
  /** What holds back a task that depends on the past. */
  pastOf(ref: InstanceRef): PastLook;
  slots(queue: string, handler: string | null): Slots;
};

/** For runs by themselves: nothing beside them holds their tasks back. */
export const nothingElse = {
  activeTasks: 0,
  activeTis: () => 0,
  pool: () => unlimitedPool,
  rate: () => null,
  keyHolders: [],
} as const satisfies Partial<Limits>;
