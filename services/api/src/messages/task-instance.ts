/** Task instances as callers see them. */

import { create } from "@bufbuild/protobuf";
import type { AttemptRow, TaskInstanceView } from "@millrace/db";
import { TaskState, type CompiledDag } from "@millrace/engine";
import { runIdOf } from "@millrace/wire";
import {
  AttemptSchema,
  TaskInstanceSchema,
  type Attempt,
  type TaskInstance,
} from "@millrace/wire/v1";
import { dateOf } from "./dag.ts";
import { failureOf } from "./run.ts";

/** A task instance that has a row. */
export function taskInstanceMessage(
  dag: CompiledDag,
  runKey: number,
  row: TaskInstanceView,
): TaskInstance {
  const task = dag.tasks[row.ix];
  return create(TaskInstanceSchema, {
    runId: runIdOf(runKey),
    taskId: task?.id ?? "",
    mapIndex: row.map_ix,
    state: row.state,
    tryNumber: row.attempt,
    maxTries: (task?.retries ?? 0) + 1 + row.lost,
    startedAt: dateOf(row.started_at),
    endedAt: dateOf(row.ended_at),
    retryAt: dateOf(row.retry_at),
    worker: row.worker_name ?? "",
    failure: failureOf(row.failure),
    queue: task?.queue ?? "",
    lostCount: row.lost,
    readyAt: dateOf(row.ready_at),
  });
}

/** A task instance that has none yet. */
export function unstartedTaskInstance(
  dag: CompiledDag,
  runKey: number,
  {
    ix,
    state,
    readyAt,
  }: { readonly ix: number; readonly state: TaskState; readonly readyAt: Date | null },
): TaskInstance {
  const task = dag.tasks[ix];
  return create(TaskInstanceSchema, {
    runId: runIdOf(runKey),
    taskId: task?.id ?? "",
    mapIndex: -1,
    state,
    maxTries: (task?.retries ?? 0) + 1,
    queue: task?.queue ?? "",
    readyAt: dateOf(readyAt),
  });
}

/** The newest attempt stands in the task instance's own row. */
export function attemptMessage(row: AttemptRow): Attempt {
  return create(AttemptSchema, {
    tryNumber: row.attempt,
    // A task instance that waits for its next attempt had one that failed.
    state: isBetweenAttempts(row.state) ? TaskState.failed : row.state,
    startedAt: dateOf(row.started_at),
    endedAt: dateOf(row.ended_at),
    worker: row.worker_name ?? "",
    failure: failureOf(row.failure),
  });
}

function isBetweenAttempts(state: TaskState): boolean {
  return state === TaskState.up_for_retry || state === TaskState.scheduled;
}
