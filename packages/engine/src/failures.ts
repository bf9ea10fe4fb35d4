/** The failures that the control plane itself writes, in its own words. */

import { spanText } from "./span-text.ts";
import type { Failure, Run } from "./run.ts";
import { TaskState } from "./states.ts";

/** Losing this many grants fails a task: one that keeps killing its workers must not take the next one down. */
export const lossesMax = 3;

/** Task ids that a sentence shows before it counts the rest. */
const shownTasks = 5;

export const cancelledRun: Failure = failure("cancelled", "Cancelled", "The run was cancelled.");
export const cancelledAttempt: Failure = failure(
  "cancelled",
  "Cancelled",
  "The run was cancelled while the task ran.",
);
export const discardedSuccess: Failure = failure(
  "cancelled",
  "Cancelled",
  "The run was cancelled while the task ran; its later success was dropped.",
);
export const ignoredCancel: Failure = failure(
  "cancelled",
  "Cancelled",
  "The run was cancelled, and the worker did not report within 60 s that the task had stopped.",
);
export const lostOnce: Failure = {
  ...failure(
    "lost",
    "WorkerLost",
    "The worker's session ended while the task ran; another worker gets it.",
  ),
  retryable: true,
};
export const lostTooOften: Failure = failure(
  "lost",
  "WorkerLost",
  `The task lost its worker or was given back ${lossesMax} times, which is the limit; it is not tried again. ` +
    "Look for what ends its workers, such as memory, then trigger a new run.",
);

export function executionTimeout(limitMs: number): Failure {
  const message = `Ran longer than its execution timeout of ${spanText(limitMs)}; the server stopped waiting.`;
  return { ...failure("timeout", "ExecutionTimeout", message), retryable: true };
}

export function dagrunTimeout(limitMs: number): Failure {
  return failure(
    "timeout",
    "DagrunTimeout",
    `The run took longer than its dagrun timeout of ${spanText(limitMs)}.`,
  );
}

/** Why a run whose tasks are all final has failed: names the tasks that failed themselves. */
export function failedTasks(run: Run): Failure {
  const ids: string[] = [];
  for (let ix = 0; ix < run.taskState.length && ids.length < shownTasks; ix += 1)
    if (run.taskState[ix] === TaskState.failed) ids.push(run.dag.taskIds[ix] ?? "");
  const more = (run.counts[TaskState.failed] ?? 0) - ids.length;
  const names = `${ids.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  const notRun = run.counts[TaskState.upstream_failed] ?? 0;
  const rest =
    notRun > 0 ? `; ${notRun} ${notRun === 1 ? "task" : "tasks"} after it did not run` : "";
  return failure(
    "application",
    "TaskFailed",
    `${ids.length + more === 1 ? "Task" : "Tasks"} ${names} failed${rest}.`,
  );
}

function failure(kind: Failure["kind"], type: string, message: string): Failure {
  return { kind, type, message, stack: "", retryable: false };
}
