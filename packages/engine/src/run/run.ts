/** A DAG run in memory, what can happen to it, and what follows. Rules: `transition.ts`. */

import type { ExternalWait } from "../external/wait.ts";
import type { CompiledDag } from "../graph/graph.ts";
import type { Agenda, Instances, MapLengths, Tallies } from "./run-data.ts";
import type { EpochMs } from "../spec/spec.ts";
import { RunState } from "../spec/states.ts";
import type { TaskState } from "../spec/states.ts";

export type Failure = {
  readonly kind: "application" | "timeout" | "cancelled" | "lost" | "exited" | "setup";
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly retryable: boolean;
  /** Overrides the task's retry delay; null keeps it. */
  readonly retryAfterMs: number | null;
};

/**
 * One run. What is known of its task instances is in typed arrays by slot (`instances.ts`); everything else derives
 * from the graph.
 */
export type Run = {
  readonly dag: CompiledDag;
  readonly facts: RunInputs;
  state: RunState;
  startedAt: EpochMs | null;
  cancelRequested: boolean;
  /** A person has ended the run as failed, and its teardowns still have to run. */
  isMarkedFailed: boolean;
  readonly instances: Instances;
  /** Task instances by state code; index 0 counts mapped tasks that have given way to their instances. */
  readonly counts: Int32Array;
  /** By task: instances that `max_active_tis` counts; null when no task of the DAG has such a limit. */
  readonly occupied: Int32Array | null;
  /** How many of what comes before an instance are in which final state. */
  tallies: Tallies;
  /** What is known of the lengths of mappings. */
  readonly lengths: MapLengths;
  /** Of instances that gave their slot back; null until the first one does (`waits.ts`). */
  waits: Map<number, Wait> | null;
  /** What branches and short circuits that succeeded chose: by task, then by map index. */
  readonly choices: Map<number, Map<number, readonly string[]>>;
  /** What the event at hand has still to judge; empty between events. */
  readonly agenda: Agenda;
};

/** What the engine is told of a run when it is made. */
export type RunInputs = {
  /** Part of the seed of retry delays; null when the run has none. */
  readonly logicalDate: EpochMs | null;
  /** The length of the list that a run reference gives (`["params", "tables"]`); null when it is no list. */
  lengthOf(path: readonly (string | number)[]): number | null;
};

/** `ix` is that of `CompiledDag`; `mapIx` is -1 for a task that is not mapped, or not expanded yet. */
export type InstanceRef = { readonly ix: number; readonly mapIx: number };

type OnAttempt = InstanceRef & { readonly attempt: number; readonly at: EpochMs };

/**
 * What a task instance that gave its slot back waits for. `until` is set for a moment, `handler` and `summary` for what a
 * triggerer watches, `heartbeatMs` for a token whose holder must show that they are at it.
 */
export type Deferral = {
  readonly kind: "time" | "token" | "input" | "watch" | "runs";
  readonly since: EpochMs;
  readonly until: EpochMs | null;
  /** Null for no limit. */
  readonly timeoutAt: EpochMs | null;
  readonly onTimeout: "fail" | "fail_for_good" | "skip" | "fulfil";
  readonly heartbeatMs: number | null;
  readonly handler: string | null;
  /** For people: what is waited for; of an input what they are asked. */
  readonly summary: string;
  /** Of an input: who may answer; empty for everybody who may trigger the DAG. */
  readonly assignees: readonly string[];
  /** Of runs of another DAG: which. */
  readonly external: ExternalWait | null;
  /** Whether the body goes on with what comes; otherwise that is the task's value. */
  readonly resumes: boolean;
};

/** A deferral and what has become of it; kept only while it is waited for. */
export type Wait = {
  readonly deferral: Deferral;
  /** When whoever holds its token counts as gone; null where no heartbeat is expected. */
  beatDue: EpochMs | null;
  /** After a wait for a moment has failed: when the next try is due, which is not when that moment comes. */
  readonly retryAt: EpochMs | null;
};

export type RunEvent =
  | { readonly kind: "runStarted"; readonly at: EpochMs }
  /** What it waited for did not come in time. */
  | { readonly kind: "inputsTimedOut"; readonly waitedMs: number; readonly at: EpochMs }
  /** A run of its DAG that is about a later date goes in its stead. */
  | { readonly kind: "runLeftOut"; readonly at: EpochMs }
  | (InstanceRef & { readonly kind: "taskGranted"; readonly at: EpochMs })
  | (OnAttempt & {
      readonly kind: "taskSucceeded";
      /** Whether the body returned something: only such instances count for a task that maps over them. */
      readonly hasValue: boolean;
      /** Lengths at the paths that `CompiledDag.measures` asks of this task, in that order; -1 for what is no list. */
      readonly lengths: readonly number[];
      /** Of a branch: the names of the cases it chose. Of a short circuit: none to skip what follows, else any. Else null. */
      readonly choice: readonly string[] | null;
    })
  | (OnAttempt & { readonly kind: "taskFailed"; readonly failure: Failure })
  | (OnAttempt & { readonly kind: "taskSkipped" })
  /** A sensor has looked in vain and wants to look again. */
  | (OnAttempt & { readonly kind: "taskRescheduled"; readonly until: EpochMs })
  /** The body gave its slot back and waits for something. */
  | (OnAttempt & { readonly kind: "taskDeferred"; readonly deferral: Deferral })
  /** What it waited for has come. `hasValue` and `lengths` as of a success; they count when the wait does not resume. */
  | (OnAttempt & {
      readonly kind: "waitFulfilled";
      readonly hasValue: boolean;
      readonly lengths: readonly number[];
    })
  /** What it waited for will not come. */
  | (OnAttempt & { readonly kind: "waitFailed"; readonly failure: Failure })
  /** What it waited for has come to something for which the task is to be skipped. */
  | (OnAttempt & { readonly kind: "waitSkipped" })
  /** Whoever holds its token is at it. */
  | (OnAttempt & { readonly kind: "waitBeat" })
  /** The wait took too long, or its token had no heartbeat. */
  | (OnAttempt & { readonly kind: "waitTimedOut" })
  /** The worker gave it back unbegun. */
  | (OnAttempt & { readonly kind: "taskReturned" })
  /** The worker's session ended while it ran. */
  | (OnAttempt & { readonly kind: "leaseLost" })
  /** The wait of `up_for_retry` or `up_for_reschedule` is over, or the moment has come that a deferral names. */
  | (OnAttempt & { readonly kind: "waitDue" })
  | (OnAttempt & { readonly kind: "executionTimedOut" })
  /** The worker did not stop a cleared attempt in time. */
  | (OnAttempt & { readonly kind: "restartForced" })
  /** The function that decides whether the past holds a task has failed, as often as it may. */
  | {
      readonly kind: "pastUndecided";
      readonly taskIx: number;
      readonly failure: Failure;
      readonly at: EpochMs;
    }
  | { readonly kind: "dagrunTimedOut"; readonly at: EpochMs }
  | { readonly kind: "cancelRequested"; readonly at: EpochMs }
  /** The workers did not stop the bodies of a cancelled run in time. */
  | { readonly kind: "cancelForced"; readonly at: EpochMs }
  /** A person wants these to run again (`selectInstances` finds them). A final run becomes queued. */
  | { readonly kind: "cleared"; readonly refs: readonly InstanceRef[]; readonly at: EpochMs }
  /** A person says what the outcome of these is, whatever they did (semantics 11.3). */
  | {
      readonly kind: "marked";
      readonly refs: readonly InstanceRef[];
      readonly state: typeof TaskState.success | typeof TaskState.failed | typeof TaskState.skipped;
      readonly at: EpochMs;
    }
  /** A person ends the run. */
  | {
      readonly kind: "runMarked";
      readonly state: typeof RunState.success | typeof RunState.failed;
      readonly at: EpochMs;
    };

/**
 * A row to write: the task instance is in this state now. A value that came with a success belongs into the row only
 * when the state is `success`: after a cancel a success ends the attempt as failed.
 */
export type Change = InstanceRef & {
  readonly state: TaskState;
  /** Grants so far: the number in the fence. */
  readonly attempt: number;
  /** Of these, the ones that spend no retry: lost, given back, rescheduled, or before it was cleared. */
  readonly uncounted: number;
  /** Of these, the ones whose worker was lost since it was cleared last. */
  readonly losses: number;
  /** With `up_for_retry` and `up_for_reschedule` only. */
  readonly waitUntil: EpochMs | null;
  readonly failure: Failure | null;
  /** With `success`, of a task that others map over: `RunEvent.lengths`. Else empty. */
  readonly lengths: readonly number[];
  /** With `success`, of a branch or a short circuit: `RunEvent.choice`. Else null. */
  readonly choice: readonly string[] | null;
  /** With `deferred` and `awaiting_input` only. */
  readonly deferral: Deferral | null;
};

/** An event to bring back at a time; `ix` is -1 for those of the run. Late, repeated and outdated ones do no harm. */
export type Timer = InstanceRef & {
  readonly kind:
    | "waitDue"
    | "waitTimedOut"
    | "executionTimedOut"
    | "restartForced"
    | "dagrunTimedOut"
    | "cancelForced";
  readonly attempt: number;
  readonly at: EpochMs;
};

/** Instances of a task that may be granted: `mapIx` from `from` up to, without, `to`. Not mapped: -1 to 0. */
export type ReadySpan = { readonly ix: number; readonly from: number; readonly to: number };

/** How many instances a mapped task has. Those that it had before and has no more are `removed`, and not counted. */
export type Expansion = { readonly ix: number; readonly count: number };

/** What follows from events; the caller owns it, clears it and acts on it. */
export type Effects = {
  changes: Change[];
  /** Instances that became `scheduled`: candidates for admission. */
  ready: ReadySpan[];
  timers: Timer[];
  /** Running attempts whose bodies must stop. */
  stop: (InstanceRef & { readonly attempt: number })[];
  /** Tasks that were expanded, or whose number of instances changed. */
  expanded: Expansion[];
  /** Set when the run's state changed, or the failure that it will end with is known. */
  run: { readonly state: RunState; readonly failure: Failure | null } | null;
};

/**
 * What to tell whoever brought the event. Events without a teller (timers, commands) get one too; anything but `OK`
 * means that nothing changed, with two exceptions: a success that comes while its run is being cancelled is answered
 * `STALE CANCELLED` and ends the attempt as failed; whatever ends an attempt that was cleared while it ran is answered
 * `STALE CLEARED` and lets the task instance run again.
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
  readonly cancelRequestedAt: EpochMs | null;
  /** Whether a person has ended it as failed and teardowns still run: the row is running and has a failure. */
  readonly isMarkedFailed: boolean;
  /** The expansions that were written: `Effects.expanded`, the last of each task. */
  readonly expansions: readonly Expansion[];
  /** The moment of the take-over: server-side time limits of what runs begin anew. */
  readonly now: EpochMs;
};

/** What a take-over knows of a task instance; those without a row have not started. */
export type TaskRow = InstanceRef & {
  readonly state: TaskState;
  readonly attempt: number;
  readonly uncounted: number;
  readonly losses: number;
  readonly startedAt: EpochMs | null;
  readonly waitUntil: EpochMs | null;
  readonly hasValue: boolean;
  readonly lengths: readonly number[];
  readonly choice: readonly string[] | null;
  /**
   * What the newest attempt deferred for: with `deferred` and `awaiting_input`, and with `scheduled` when that wait is over
   * and nobody was granted the task since. Null for an attempt that goes on after a wait, in whatever state.
   */
  readonly deferral: Deferral | null;
};

export function newEffects(): Effects {
  return { changes: [], ready: [], timers: [], stop: [], expanded: [], run: null };
}

export function clearEffects(effects: Effects): void {
  empty(effects.changes);
  empty(effects.ready);
  empty(effects.timers);
  empty(effects.stop);
  empty(effects.expanded);
  effects.run = null;
}

/** Setting the length of an array that is empty costs more than looking whether it is, and most of them are. */
function empty(list: unknown[]): void {
  if (list.length > 0) list.length = 0;
}

export function isRunFinal(run: Run): boolean {
  return run.state === RunState.success || run.state === RunState.failed;
}
