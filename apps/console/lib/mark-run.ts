/** What marking a run would do, in numbers: there is no dry run of it, and its rule is simple. */
import { RunState, TaskState } from "@millrace/wire/v1";
import type { StateCountLike } from "./counts.ts";
import { isFinalTask } from "./states.ts";

export type RunMarkEffect = {
  readonly count: number;
  /** The state these are in, and the one they get. */
  readonly from: TaskState;
  readonly to: TaskState;
};

/** What has begun and is not over, with a slot or without. */
const begun: ReadonlySet<TaskState> = new Set([
  TaskState.QUEUED,
  TaskState.RUNNING,
  TaskState.RESTARTING,
  TaskState.UP_FOR_RESCHEDULE,
  TaskState.DEFERRED,
  TaskState.AWAITING_INPUT,
]);

/** Teardowns that are open are left out: they still run. */
export function runMarkEffects(
  counts: readonly StateCountLike[],
  state: RunState,
): readonly RunMarkEffect[] {
  return counts
    .filter(({ state: from, count }) => count > 0 && from !== TaskState.REMOVED)
    .map(({ state: from, count }) => ({ from, count, to: afterMark(from, state) }))
    .filter(({ from, to }) => from !== to);
}

function afterMark(from: TaskState, state: RunState): TaskState {
  if (state === RunState.SUCCESS) return TaskState.SUCCESS;
  if (isFinalTask(from)) return from;
  return begun.has(from) ? TaskState.FAILED : TaskState.SKIPPED;
}
