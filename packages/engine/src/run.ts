/** A DAG run in memory, what can happen to it, and what follows. Rules: `transition.ts`. */

import type { CompiledDag } from "./graph.ts";
import type { EpochMs } from "./spec.ts";
import type { RunState, TaskState } from "./states.ts";

export type Failure = {
  readonly kind: "application" | "timeout" | "cancelled" | "lost" | "exited" | "setup";
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly retryable: boolean;
};

/** One run. Typed arrays by task index (`CompiledDag` order); everything else derives from the graph. */
export type Run = {
  readonly dag: CompiledDag;
  state: RunState;
  startedAt: EpochMs | null;
  cancelRequested: boolean;
  readonly taskState: Uint8Array;
  /** Grants so far: the number in the fence. */
  readonly attempt: Uint16Array;
  /** Grants that were lost or given back; `attempt - lost` are those that spend retries. */
  readonly lost: Uint16Array;
  /** Upstream tasks that are not final yet. */
  readonly pending: Int32Array;
  /** Task instances by state code; index 0 is unused. */
  readonly counts: Int32Array;
};

/** Task indexes of tasks are those of `CompiledDag`; `mapIx` is -1 for a task that is not mapped. */
export type RunEvent =
  | { readonly kind: "runStarted"; readonly at: EpochMs }
  | { readonly kind: "taskGranted"; readonly ix: number; readonly mapIx: number; readonly at: EpochMs }
  | { readonly kind: "taskSucceeded"; readonly ix: number; readonly mapIx: number; readonly attempt: number; readonly at: EpochMs }
  | { readonly kind: "taskFailed"; readonly ix: number; readonly mapIx: number; readonly attempt: number; readonly failure: Failure; readonly at: EpochMs }
  | { readonly kind: "taskSkipped"; readonly ix: number; readonly mapIx: number; readonly attempt: number; readonly at: EpochMs }
  /** The worker gave it back unbegun. */
  | { readonly kind: "taskReturned"; readonly ix: number; readonly mapIx: number; readonly attempt: number; readonly at: EpochMs }
  /** The worker's session ended while it ran. */
  | { readonly kind: "leaseLost"; readonly ix: number; readonly mapIx: number; readonly attempt: number; readonly at: EpochMs }
  | { readonly kind: "retryDue"; readonly ix: number; readonly mapIx: number; readonly attempt: number; readonly at: EpochMs }
  | { readonly kind: "executionTimedOut"; readonly ix: number; readonly mapIx: number; readonly attempt: number; readonly at: EpochMs }
  | { readonly kind: "dagrunTimedOut"; readonly at: EpochMs }
  | { readonly kind: "cancelRequested"; readonly at: EpochMs }
  /** The worker did not stop a cancelled body in time. */
  | { readonly kind: "cancelForced"; readonly at: EpochMs };

/** A row to write: the task instance is in this state now. */
export type Change = {
  readonly ix: number;
  readonly mapIx: number;
  readonly state: TaskState;
  readonly attempt: number;
  readonly lost: number;
  readonly retryAt: EpochMs | null;
  readonly failure: Failure | null;
};

export type Timer = {
  readonly kind: "retryDue" | "executionTimedOut" | "dagrunTimedOut" | "cancelForced";
  readonly ix: number;
  readonly mapIx: number;
  readonly attempt: number;
  readonly at: EpochMs;
};

/** What follows from events; the caller owns it, clears it and acts on it. */
export type Effects = {
  changes: Change[];
  /** Tasks that became `scheduled`: candidates for admission. */
  ready: number[];
  timers: Timer[];
  /** Running attempts whose bodies must stop. */
  stop: { readonly ix: number; readonly mapIx: number; readonly attempt: number }[];
  /** Set when the run's state changed. */
  run: { readonly state: RunState; readonly failure: Failure | null } | null;
};

/** What to tell whoever brought the event. Events without a teller (timers, commands) get `OK` or `STALE` too. */
export type Verdict =
  | { readonly kind: "OK" }
  | { readonly kind: "ALREADY" }
  | { readonly kind: "CONFLICT" }
  | { readonly kind: "STALE"; readonly reason: "EXPIRED_AND_REGRANTED" | "CANCELLED" | "CLEARED" | "EPOCH" | "FINISHED" };
