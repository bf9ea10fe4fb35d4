/** The failures that the control plane itself writes, in its own words. */

import { dagLimits } from "../spec/dag-limits.ts";
import { eachOf, instanceState, stateAt } from "./instances.ts";
import { lengthStatus } from "./lengths.ts";
import type { Deferral, Failure, InstanceRef, Run } from "./run.ts";
import { spanText } from "../admission/span-text.ts";
import type { EpochMs } from "../spec/spec.ts";
import { isFinal, TaskState } from "../spec/states.ts";

/** Losing this many workers since it was cleared last fails a task: it must not take the next one down. */
export const lossesMax = 3;
/** How long a task waits before it gets the worker that could be its last. */
export const lossWaitMs = 60_000;

/** Task ids that a sentence shows before it counts the rest. */
const shownTasks = 5;
/** The type of the failure of a task that keeps losing its workers. */
const quarantined = "Quarantined";

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
  quarantined,
  `${lossesMax} workers were lost while they ran the task, which is the limit; it is quarantined and not tried again. ` +
    "Look for what ends its workers, such as memory, then clear the task.",
);
export const markedFailed: Failure = failure(
  "cancelled",
  "Marked",
  "A person marked the task as failed.",
);
export const markedFailedRun: Failure = failure(
  "cancelled",
  "Marked",
  "A person marked the run as failed.",
);

export function executionTimeout(limitMs: number): Failure {
  const message = `Ran longer than its execution timeout of ${spanText(limitMs)}; the server stopped waiting.`;
  return { ...failure("timeout", "ExecutionTimeout", message), retryable: true };
}

/** A wait was given up; whether it is tried again, its body has said. */
export function waitTimeout({ since, onTimeout, summary }: Deferral, timeoutAt: EpochMs): Failure {
  const limit = spanText(timeoutAt - since);
  const message = `Waited longer than its timeout of ${limit}${aboutWait(summary)}.`;
  return { ...failure("timeout", "WaitTimeout", message), retryable: onTimeout === "fail" };
}

export function noHeartbeat({ heartbeatMs, summary }: Deferral): Failure {
  const message = `Whoever has its task token sent no heartbeat for ${spanText(heartbeatMs ?? 0)}${aboutWait(summary)}.`;
  return { ...failure("timeout", "HeartbeatTimeout", message), retryable: true };
}

function aboutWait(summary: string): string {
  return summary === "" ? "" : `; it waited for: ${summary}`;
}

export function dagrunTimeout(limitMs: number): Failure {
  return failure(
    "timeout",
    "DagrunTimeout",
    `The run took longer than its dagrun timeout of ${spanText(limitMs)}.`,
  );
}

export function inputsTimeout(waitedMs: number): Failure {
  return failure(
    "timeout",
    "InputsTimeout",
    `Its inputs did not come within its input timeout: it waited for ${spanText(waitedMs)}.`,
  );
}

export function mapTooLong(length: number): Failure {
  const { mapLength } = dagLimits;
  return failure(
    "setup",
    "MapTooLong",
    `It is mapped over ${length} elements, and a task has at most ${mapLength} instances; let each work on more than one element.`,
  );
}

/** Names the first source that is no list. */
export function notAList(run: Run, ix: number): Failure {
  const { units, frameOf, outerFrame, ownUnit } = run.dag.mapping;
  let unit = ownUnit[ix]!;
  let frame = frameOf[ix]!;
  while (frame >= 0 && (unit < 0 || run.lengths.known[unit] !== lengthStatus.noList)) {
    unit = frame;
    frame = outerFrame[frame]!;
  }
  const names = (units[unit]?.axes.flat() ?? []).flatMap((source) => {
    if (source.kind === "list") return [];
    const of = source.kind === "run" ? "run" : run.dag.taskIds[source.ix]!;
    return [[of, ...source.path].join(".")];
  });
  const message = `It is mapped over ${names.join(" and ")}, which is no list; give it a list.`;
  return failure("setup", "NotAList", message);
}

/** A branch chose something that it does not have. */
export function unknownCase(chosen: readonly string[], known: readonly string[]): Failure {
  const what = chosen.map((name) => JSON.stringify(name)).join(", ");
  const cases = known.map((name) => JSON.stringify(name)).join(", ");
  return failure(
    "application",
    "UnknownCase",
    `The branch chose ${what}, which is none of its cases; it has ${cases}.`,
  );
}

export function stoppedByFailFast(taskId: string): Failure {
  return failure(
    "cancelled",
    "FailFast",
    `Stopped because ${taskId} failed, and the DAG fails fast.`,
  );
}

/** Why a run whose tasks are all final has failed: names the tasks that failed themselves. */
export function failedTasks(run: Run): Failure {
  const { counts, dag } = run;
  const failed: number[] = [];
  for (let ix = 0; ix < dag.tasks.length && failed.length < shownTasks; ix += 1) {
    let hasFailed = false;
    eachOf(run, ix, (slot) => {
      hasFailed ||= stateAt(run, slot) === TaskState.failed;
    });
    if (hasFailed) failed.push(ix);
  }
  const notRun = counts[TaskState.upstream_failed]!;
  const rest =
    notRun > 0 ? `; ${notRun} ${notRun === 1 ? "task" : "tasks"} after it did not run` : "";
  if (failed.length === 0)
    return failure("application", "TaskFailed", `${notRun} tasks could not run.`);
  const all = Math.max(failed.length, counts[TaskState.failed]!);
  const more = all - failed.length;
  const names = `${failed.map((ix) => dag.taskIds[ix]).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return failure(
    "application",
    "TaskFailed",
    `${all === 1 ? "Task" : "Tasks"} ${names} failed${rest}.`,
  );
}

/** Nothing runs and nothing can: says which tasks wait for what. */
export function deadlockedRun(run: Run, left: readonly InstanceRef[]): Failure {
  const { dag } = run;
  const shown = left.slice(0, shownTasks).map(({ ix }) => {
    const waitsFor = dag.parents
      .subarray(dag.parentOffsets[ix], dag.parentOffsets[ix + 1])
      .filter((parent) => !isFinal(instanceState(run, parent, -1)));
    const ids = [...waitsFor.subarray(0, shownTasks)].map((parent) => dag.taskIds[parent]);
    return `${dag.taskIds[ix]} (${dag.tasks[ix]!.triggerRule}${ids.length > 0 ? `, for ${ids.join(", ")}` : ""})`;
  });
  const more = left.length > shown.length ? ` and ${left.length - shown.length} more` : "";
  return failure(
    "application",
    "Deadlock",
    `Nothing runs any more, and these tasks wait for what will never be: ${shown.join(", ")}${more}.`,
  );
}

function failure(kind: Failure["kind"], type: string, message: string): Failure {
  return { kind, type, message, stack: "", retryable: false, retryAfterMs: null };
}
