/** A DAG run in memory, what can happen to it, and what follows. Rules: `transition.ts`. */

import type { CompiledDag } from "./graph.ts";
import type { EpochMs } from "./spec.ts";
import { RunState, TaskState } from "./states.ts";

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
  /** Part of the seed of retry delays; null when the run has none. */
  readonly logicalDate: EpochMs | null;
  state: RunState;
  startedAt: EpochMs | null;
  cancelRequested: boolean;
  readonly taskState: Uint8Array;
  /** Grants so far: the number in the fence. */
  readonly attempt: Uint16Array;
  /** Grants that were lost or given back; `attempt - lost` are those that spend retries. */
  readonly lost: Uint16Array;
  /** 1 once the newest grant has had its outcome: nothing that is reported for it later counts. */
  readonly isSettled: Uint8Array;
  /** Upstream tasks that are not final yet. */
  readonly pending: Int32Array;
  /** Task instances by state code; index 0 is unused. */
  readonly counts: Int32Array;
};

/** Task indexes of tasks are those of `CompiledDag`; `mapIx` is -1 for a task that is not mapped. */
export type RunEvent =
  | { readonly kind: "runStarted"; readonly at: EpochMs }
  | {
      readonly kind: "taskGranted";
      readonly ix: number;
      readonly mapIx: number;
      readonly at: EpochMs;
    }
  | {
      readonly kind: "taskSucceeded";
      readonly ix: number;
      readonly mapIx: number;
      readonly attempt: number;
      readonly at: EpochMs;
    }
  | {
      readonly kind: "taskFailed";
      readonly ix: number;
      readonly mapIx: number;
      readonly attempt: number;
      readonly failure: Failure;
      readonly at: EpochMs;
    }
  | {
      readonly kind: "taskSkipped";
      readonly ix: number;
      readonly mapIx: number;
      readonly attempt: number;
      readonly at: EpochMs;
    }
  /** The worker gave it back unbegun. */
  | {
      readonly kind: "taskReturned";
      readonly ix: number;
      readonly mapIx: number;
      readonly attempt: number;
      readonly at: EpochMs;
    }
  /** The worker's session ended while it ran. */
  | {
      readonly kind: "leaseLost";
      readonly ix: number;
      readonly mapIx: number;
      readonly attempt: number;
      readonly at: EpochMs;
    }
  | {
      readonly kind: "retryDue";
      readonly ix: number;
      readonly mapIx: number;
      readonly attempt: number;
      readonly at: EpochMs;
    }
  | {
      readonly kind: "executionTimedOut";
      readonly ix: number;
      readonly mapIx: number;
      readonly attempt: number;
      readonly at: EpochMs;
    }
  | { readonly kind: "dagrunTimedOut"; readonly at: EpochMs }
  | { readonly kind: "cancelRequested"; readonly at: EpochMs }
  /** The worker did not stop a cancelled body in time. */
  | { readonly kind: "cancelForced"; readonly at: EpochMs };

/**
 * A row to write: the task instance is in this state now. A value that came with a success belongs into the row only
 * when the state is `success`: after a cancel a success ends the attempt as failed.
 */
export type Change = {
  readonly ix: number;
  readonly mapIx: number;
  readonly state: TaskState;
  readonly attempt: number;
  readonly lost: number;
  readonly retryAt: EpochMs | null;
  readonly failure: Failure | null;
};

/** An event to bring back at a time; `ix` is -1 for those of the run. Late, repeated and outdated ones do no harm. */
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

/**
 * What to tell whoever brought the event. Events without a teller (timers, commands) get one too; anything but `OK`
 * means that nothing changed, with one exception: a success that comes while its run is being cancelled is answered
 * `STALE CANCELLED` and ends the attempt as failed.
 *
 * `ALREADY` says that an outcome of the same kind was taken for this attempt. The engine keeps no values: whoever does
 * compares them, and answers `CONFLICT` where they differ.
 */
export type Verdict =
  | { readonly kind: "OK" }
  | { readonly kind: "ALREADY" }
  | { readonly kind: "CONFLICT" }
  | {
      readonly kind: "STALE";
      readonly reason: "EXPIRED_AND_REGRANTED" | "CANCELLED" | "CLEARED" | "EPOCH" | "FINISHED";
    };

/** What a take-over knows of a run. */
export type RunRow = {
  readonly state: RunState;
  readonly startedAt: EpochMs | null;
  readonly logicalDate: EpochMs | null;
  readonly cancelRequestedAt: EpochMs | null;
};

/** What a take-over knows of a task instance; those without a row have not started. */
export type TaskRow = {
  readonly ix: number;
  readonly mapIx: number;
  readonly state: TaskState;
  readonly attempt: number;
  readonly lost: number;
  readonly startedAt: EpochMs | null;
  readonly retryAt: EpochMs | null;
};

export function newEffects(): Effects {
  return { changes: [], ready: [], timers: [], stop: [], run: null };
}

export function clearEffects(effects: Effects): void {
  effects.changes.length = 0;
  effects.ready.length = 0;
  effects.timers.length = 0;
  effects.stop.length = 0;
  effects.run = null;
}

/** A run of which nothing has happened yet. 10 bytes a task. */
export function createRun(dag: CompiledDag, logicalDate: EpochMs | null = null): Run {
  const count = dag.tasks.length;
  const counts = new Int32Array(15);
  counts[TaskState.none] = count;
  return {
    dag,
    logicalDate,
    state: RunState.queued,
    startedAt: null,
    cancelRequested: false,
    taskState: new Uint8Array(count).fill(TaskState.none),
    attempt: new Uint16Array(count),
    lost: new Uint16Array(count),
    isSettled: new Uint8Array(count),
    pending: Int32Array.from(dag.inDegree),
    counts,
  };
}

export function taskStateOf(run: Run, ix: number): TaskState {
  return run.taskState[ix] as TaskState;
}

export function isRunFinal(run: Run): boolean {
  return run.state === RunState.success || run.state === RunState.failed;
}
