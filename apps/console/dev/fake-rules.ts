/** When a task of the test double may run: the trigger rules that its DAGs use. */
import { TaskState, TriggerRule } from "@millrace/wire/v1";

export type Judged = "wait" | "run" | "skip" | "fail";

export const finalStates: ReadonlySet<TaskState> = new Set([
  TaskState.SUCCESS,
  TaskState.FAILED,
  TaskState.SKIPPED,
  TaskState.UPSTREAM_FAILED,
]);

/** `states` of the tasks directly before it; one that goes on counts as NONE. */
export function judge(rule: TriggerRule, states: readonly TaskState[]): Judged {
  const isOver = states.every((state) => finalStates.has(state));
  const isFailed = states.some(
    (state) => state === TaskState.FAILED || state === TaskState.UPSTREAM_FAILED,
  );
  const isSkipped = states.includes(TaskState.SKIPPED);
  const isSucceeded = states.includes(TaskState.SUCCESS);
  if (rule === TriggerRule.ALL_DONE || rule === TriggerRule.ALL_DONE_SETUP_SUCCESS) {
    return isOver ? "run" : "wait";
  }
  if (isFailed) return "fail";
  if (rule !== TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS && isSkipped) return "skip";
  if (!isOver) return "wait";
  return rule === TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS && !isSucceeded ? "skip" : "run";
}
