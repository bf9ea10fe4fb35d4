/** The sentences of `explain` about the run before. */

import type { Reason } from "../admission/reasons.ts";
import { plain } from "../admission/reasons.ts";
import { TaskState, taskStateName } from "../spec/states.ts";
import type { PastLook } from "./past.ts";

export function dependsOnPast(look: NonNullable<PastLook>): Reason {
  if (look === "asked") {
    const message =
      "The run before would hold it, and its function that decides whether that matters is being asked.";
    return plain("past_question", message);
  }
  if (look === "unread") {
    const message =
      "It depends on the past, and what became of it in the run before is being read.";
    return plain("depends_on_past", message);
  }
  const { runId, runName, taskId, isDownstream, instance } = look;
  const evidence = {
    run_id: runId,
    run_name: runName,
    task_id: taskId,
    ...(instance === null ? {} : { state: taskStateName(instance.state) }),
    ...(instance !== null && instance.mapIx >= 0 ? { map_index: String(instance.mapIx) } : {}),
  };
  if (instance === null) {
    const message = `It depends on the past, and the run before, ${runName}, was made without it; ignoreFirstDependsOnPast lets it begin.`;
    return plain("depends_on_past", message, evidence);
  }
  const index = instance.mapIx < 0 ? "" : `[${instance.mapIx}]`;
  const what = isDownstream ? `${taskId}${index}, which comes after it,` : `${taskId}${index}`;
  const message = `It depends on the past, and in the run before, ${runName}, ${what} ${stateText(instance.state)}.`;
  return plain("depends_on_past", message, evidence);
}

/** Of all tasks of a run that gave way to `runId`. */
export function gaveWay(runId: string): Reason {
  const message = `Its run waited for the past, and gave its place to ${runId}, of an earlier date; it goes on when there is a place again.`;
  return plain("max_active_runs", message, { run_id: runId });
}

function stateText(state: TaskState): string {
  if (state === TaskState.failed || state === TaskState.upstream_failed)
    return `is ${taskStateName(state)}: clear it, or mark it as success or skipped`;
  if (state === TaskState.none) return "has not started";
  // What succeeded in memory only may still be taken back by a crash.
  if (state === TaskState.success || state === TaskState.skipped)
    return `is ${taskStateName(state)}, which is being written`;
  return `is ${taskStateName(state)}`;
}
