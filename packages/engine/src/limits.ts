/** The world around a run, as far as it can hold a task back: what `admit` and `explain` are told. */

import type { PastLook } from "./past/past.ts";
import type { InstanceRef } from "./run.ts";
import type { EpochMs } from "./spec.ts";

/** What workers offer for a queue and a handler (null: any worker that runs bundles). */
export type Slots = {
  readonly state: "free" | "none_free" | "no_queue" | "no_handler";
  /** Live workers that could run it, and their slots in all. */
  readonly workers: number;
  readonly slots: number;
};

/** The world around a run, as far as it can hold a task back. */
export type Limits = {
  readonly now: EpochMs;
  readonly isPaused: boolean;
  /** Runs of the DAG in state running, and how many it allows now. */
  readonly activeRuns: number;
  readonly maxActiveRuns: number;
  /** When the wait of an instance that is up for retry or for reschedule ends; null when not known. */
  waitUntilOf(ref: InstanceRef): EpochMs | null;
  /** The worker that watches what a deferred instance waits for; null when none does yet. */
  triggererOf(ref: InstanceRef): string | null;
  /** What holds back a task that depends on the past. */
  pastOf(ref: InstanceRef): PastLook;
  slots(queue: string, handler: string | null): Slots;
};
