/** What each state looks like and is called: one table for the glyphs, the words and the order of severity. */
import { FailureKind, RunState, TaskState } from "@millrace/wire/v1";
import type { Attempt, DagRun, Failure } from "@millrace/wire/v1";

/** The looks of the palette; `app/states.css` gives each its colour and fill, `StateGlyph` its glyph. */
export type Look =
  | "pending"
  | "scheduled"
  | "skipped"
  | "queued"
  | "running"
  | "waiting"
  | "needs_input"
  | "retry_wait"
  | "success"
  | "failed"
  | "upstream_failed"
  | "cancelled";

export type StateFace = { readonly look: Look; readonly label: string };

/** From the worst to the quietest: the order of stacked bars and of counts. */
export const lookOrder: readonly Look[] = [
  "failed",
  "upstream_failed",
  "needs_input",
  "retry_wait",
  "cancelled",
  "running",
  "waiting",
  "queued",
  "scheduled",
  "success",
  "skipped",
  "pending",
];

const taskFaces: ReadonlyMap<TaskState, StateFace> = new Map([
  [TaskState.NONE, { look: "pending", label: "Not reached" }],
  [TaskState.SCHEDULED, { look: "scheduled", label: "Scheduled" }],
  [TaskState.QUEUED, { look: "queued", label: "Queued" }],
  [TaskState.RUNNING, { look: "running", label: "Running" }],
  [TaskState.RESTARTING, { look: "retry_wait", label: "Restarting" }],
  [TaskState.SUCCESS, { look: "success", label: "Success" }],
  [TaskState.FAILED, { look: "failed", label: "Failed" }],
  [TaskState.SKIPPED, { look: "skipped", label: "Skipped" }],
  [TaskState.UPSTREAM_FAILED, { look: "upstream_failed", label: "Upstream failed" }],
  [TaskState.REMOVED, { look: "pending", label: "Removed" }],
  [TaskState.UP_FOR_RETRY, { look: "retry_wait", label: "Up for retry" }],
  [TaskState.UP_FOR_RESCHEDULE, { look: "waiting", label: "Up for reschedule" }],
  [TaskState.DEFERRED, { look: "waiting", label: "Deferred" }],
  [TaskState.AWAITING_INPUT, { look: "needs_input", label: "Awaiting input" }],
]);

const runFaces: ReadonlyMap<RunState, StateFace> = new Map([
  [RunState.QUEUED, { look: "queued", label: "Queued" }],
  [RunState.RUNNING, { look: "running", label: "Running" }],
  [RunState.SUCCESS, { look: "success", label: "Success" }],
  [RunState.FAILED, { look: "failed", label: "Failed" }],
]);

/** A server may know states that this console does not: they are shown as such, and are not final. */
const unknown: StateFace = { look: "pending", label: "Unknown" };
const cancelled: StateFace = { look: "cancelled", label: "Cancelled" };

export function taskFace(state: TaskState, failure?: Failure): StateFace {
  if (state === TaskState.FAILED && failure?.kind === FailureKind.CANCELLED) return cancelled;
  return taskFaces.get(state) ?? unknown;
}

/** An attempt that gave its slot back is over: it deferred, or asked. */
export function attemptFace({ state, failure }: Pick<Attempt, "state" | "failure">): StateFace {
  if (state === TaskState.AWAITING_INPUT) return { look: "needs_input", label: "Asked" };
  return taskFace(state, failure);
}

/** A summary carries no failure, so a cancelled run is told from a failed one only where the run itself is at hand. */
export function runFace(
  run: Pick<DagRun, "state"> & { readonly failure?: Failure | undefined },
): StateFace {
  if (run.state === RunState.FAILED && run.failure?.kind === FailureKind.CANCELLED) {
    return cancelled;
  }
  return runFaces.get(run.state) ?? unknown;
}

const finalTaskStates: ReadonlySet<TaskState> = new Set([
  TaskState.SUCCESS,
  TaskState.FAILED,
  TaskState.SKIPPED,
  TaskState.UPSTREAM_FAILED,
  TaskState.REMOVED,
]);

export function isFinalTask(state: TaskState): boolean {
  return finalTaskStates.has(state);
}

export function isFinalRun(state: RunState): boolean {
  return state === RunState.SUCCESS || state === RunState.FAILED;
}

/** A task that a person must answer. */
export function isAsking(state: TaskState): boolean {
  return state === TaskState.AWAITING_INPUT;
}

/** A task that has not begun and is not final: the ones `explain` is about. */
export function isWaitingTask(state: TaskState): boolean {
  return !isFinalTask(state) && state !== TaskState.RUNNING && state !== TaskState.RESTARTING;
}
