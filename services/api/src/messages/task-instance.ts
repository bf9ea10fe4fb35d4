/** Task instances as callers see them. */

import { create, fromBinary } from "@bufbuild/protobuf";
import type { AttemptRow, TaskInstanceView } from "@millrace/db";
import { isFinal, TaskState, type CompiledDag } from "@millrace/engine";
import { runIdOf, waitingOf } from "@millrace/wire";
import { DeferralRowSchema } from "@millrace/wire/internal";
import {
  AttemptSchema,
  TaskInstanceSchema,
  type Attempt,
  type TaskInstance,
} from "@millrace/wire/v1";
import type { MappedStates } from "../task-instances.ts";
import { dateOf } from "./dag.ts";
import { failureOf } from "./run.ts";

/** An instance that only waits: what its row, if it has one, cannot know. */
export type Waiting = { readonly state: TaskState; readonly readyAt: Date | null };

/** A task instance that has a row. `waiting` is given for one that was cleared. */
export function taskInstanceMessage(
  dag: CompiledDag,
  runKey: number,
  row: TaskInstanceView,
  waiting: Waiting | null = null,
): TaskInstance {
  const task = dag.tasks[row.ix];
  const waitUntil = dateOf(row.wait_until);
  return create(TaskInstanceSchema, {
    runId: runIdOf(runKey),
    taskId: task?.id ?? "",
    mapIndex: row.map_ix,
    state: waiting?.state ?? row.state,
    tryNumber: row.attempt,
    maxTries: (task?.retries ?? 0) + 1 + row.uncounted,
    startedAt: dateOf(row.started_at),
    endedAt: dateOf(waiting === null ? row.ended_at : null),
    retryAt: row.state === TaskState.up_for_retry ? waitUntil : undefined,
    rescheduleAt: row.state === TaskState.up_for_reschedule ? waitUntil : undefined,
    worker: row.worker_name ?? "",
    failure: failureOf(row.failure),
    queue: task?.queue ?? "",
    lostCount: row.losses,
    readyAt: dateOf(waiting?.readyAt ?? row.ready_at),
    mapIndexLabel: row.map_index_label ?? "",
    chosenCases: [...(row.choice ?? [])],
    ...(row.deferral && { waiting: waitingOf(fromBinary(DeferralRowSchema, row.deferral)) }),
  });
}

/** A task instance that has none yet. */
export function unstartedTaskInstance(
  dag: CompiledDag,
  runKey: number,
  { ix, mapIx, state, readyAt }: Waiting & { readonly ix: number; readonly mapIx: number },
): TaskInstance {
  const task = dag.tasks[ix];
  return create(TaskInstanceSchema, {
    runId: runIdOf(runKey),
    taskId: task?.id ?? "",
    mapIndex: mapIx,
    state,
    maxTries: (task?.retries ?? 0) + 1,
    queue: task?.queue ?? "",
    readyAt: dateOf(readyAt),
  });
}

/** One entry for all instances of a mapped task. */
export function mappedTaskMessage(
  dag: CompiledDag,
  runKey: number,
  ix: number,
  { state, mapped }: { readonly state: TaskState; readonly mapped: MappedStates },
): TaskInstance {
  const task = dag.tasks[ix];
  const counts = [...mapped.counts]
    .map((count, code) => ({ state: code as TaskState, count }))
    .filter(({ count }) => count > 0);
  return create(TaskInstanceSchema, {
    runId: runIdOf(runKey),
    taskId: task?.id ?? "",
    mapIndex: -1,
    state,
    maxTries: (task?.retries ?? 0) + 1,
    startedAt: dateOf(mapped.startedAt),
    endedAt: counts.every((each) => isFinal(each.state)) ? dateOf(mapped.endedAt) : undefined,
    queue: task?.queue ?? "",
    mapped: { ...(mapped.length === null ? {} : { length: mapped.length }), counts },
  });
}

/** The newest attempt stands in the task instance's own row. */
export function attemptMessage(row: AttemptRow): Attempt {
  const isOver = row.ended_at !== null && row.state !== TaskState.up_for_reschedule;
  return create(AttemptSchema, {
    tryNumber: row.attempt,
    state: isOver ? outcomeOf(row.state) : TaskState.running,
    startedAt: dateOf(row.started_at),
    endedAt: isOver ? dateOf(row.ended_at) : undefined,
    worker: row.worker_name ?? "",
    failure: failureOf(row.failure),
  });
}

/** An attempt that was lost, cleared while it ran, or is followed by another after a failure, has not succeeded. */
function outcomeOf(state: TaskState): TaskState {
  const gaveItsSlotBack = state === TaskState.deferred || state === TaskState.awaiting_input;
  return isFinal(state) || gaveItsSlotBack ? state : TaskState.failed;
}
