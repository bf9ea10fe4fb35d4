/** States of task instances and runs, with the codes that rows, events and protobuf share (`proto/millrace/v1/dag.proto`). */

export const TaskState = {
  none: 1,
  scheduled: 2,
  queued: 3,
  running: 4,
  restarting: 5,
  success: 6,
  failed: 7,
  skipped: 8,
  upstream_failed: 9,
  removed: 10,
  up_for_retry: 11,
  up_for_reschedule: 12,
  deferred: 13,
  awaiting_input: 14,
} as const;
export type TaskStateName = keyof typeof TaskState;
export type TaskState = (typeof TaskState)[TaskStateName];

export const RunState = { queued: 1, running: 2, success: 3, failed: 4 } as const;
export type RunStateName = keyof typeof RunState;
export type RunState = (typeof RunState)[RunStateName];

const taskNames = Object.fromEntries(
  Object.entries(TaskState).map(([name, code]) => [code, name]),
) as Record<TaskState, TaskStateName>;
const runNames = Object.fromEntries(
  Object.entries(RunState).map(([name, code]) => [code, name]),
) as Record<RunState, RunStateName>;

export function taskStateName(state: TaskState): TaskStateName {
  return taskNames[state];
}

export function runStateName(state: RunState): RunStateName {
  return runNames[state];
}

/** Final states never change by themselves; only clearing, by a person, opens them again. */
export function isFinal(state: TaskState): boolean {
  return (
    state === TaskState.success ||
    state === TaskState.failed ||
    state === TaskState.skipped ||
    state === TaskState.upstream_failed ||
    state === TaskState.removed
  );
}
