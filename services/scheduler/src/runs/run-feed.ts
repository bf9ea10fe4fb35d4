/** Tells whoever watches a run what has changed in it, after it is durable and at most some times a second. */

import { create, toBinary } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import { isFinal, RunState, taskStateName, TaskState, type Failure } from "@millrace/engine";
import { failureToProto, runIdOf, timestampOf, waitingOf } from "@millrace/wire";
import { RunChangedSchema } from "@millrace/wire/internal";
import { TaskInstanceSchema, type TaskInstance } from "@millrace/wire/v1";
import type { Clock } from "../clock.ts";
import type { ActiveRun } from "./run.ts";
import type { SchedulerSettings } from "../settings.ts";
import type { Recorded, Step } from "../flush/step.ts";
import type { WorkerNames } from "../dispatch/worker-names.ts";

export type RunFeed = {
  /** Takes what a durable step changed. */
  note(step: Step): void;
  /** Forgets a run that has left memory without an end. */
  forget(run: ActiveRun): void;
  stop(): void;
};

export type RunFeedOptions = {
  readonly settings: SchedulerSettings;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly names: WorkerNames;
  /** Called once things are quiet and the summary in the row is behind. */
  onQuiet(run: ActiveRun): void;
};

type Pending = {
  readonly records: Map<number, Recorded>;
  state: RunState;
  failure: Failure | null;
  seq: number;
  toldAtMs: number;
  cancel: (() => void) | null;
};

export function createRunFeed(options: RunFeedOptions): RunFeed {
  const { settings, clock, bus } = options;
  const runs = new Map<ActiveRun, Pending>();

  function tell(run: ActiveRun, pending: Pending): void {
    pending.cancel = null;
    pending.toldAtMs = clock.monotonicMs();
    const records = [...pending.records.values()];
    pending.records.clear();
    do {
      const part = records.splice(0, settings.runFeedTasksMax);
      const message = create(RunChangedSchema, {
        runKey: BigInt(run.key),
        revision: BigInt(pending.seq),
        taskInstances: part.map((record) => taskInstanceOf(run, record, options.names)),
        state: pending.state,
        ...(pending.failure === null ? {} : { failure: failureToProto(pending.failure) }),
      });
      bus.publish(`runs.${run.key}`, toBinary(RunChangedSchema, message));
    } while (records.length > 0);
    if (pending.state !== RunState.running) runs.delete(run);
    else pending.cancel = clock.after(settings.runFeedMs, () => rest(run, pending));
  }

  /** The pause after a message is over: tells what came meanwhile, or forgets a run of which nothing did. */
  function rest(run: ActiveRun, pending: Pending): void {
    pending.cancel = null;
    if (pending.records.size > 0) return tell(run, pending);
    runs.delete(run);
    if (run.summarySeq < run.seq && !run.isGone) options.onQuiet(run);
  }

  return {
    note(step) {
      let pending = runs.get(step.run);
      if (pending === undefined) {
        pending = {
          records: new Map(),
          state: step.state,
          failure: null,
          seq: 0,
          toldAtMs: -Infinity,
          cancel: null,
        };
        runs.set(step.run, pending);
      }
      const told = pending;
      for (const [key, record] of step.records) told.records.set(key, record);
      told.state = step.state;
      told.failure = step.failure;
      told.seq = step.seq;
      // It is about to leave memory: final, or waiting to be started again.
      if (step.state !== RunState.running) {
        told.cancel?.();
        tell(step.run, told);
      } else {
        told.cancel ??= clock.after(settings.runFeedFirstMs, () => tell(step.run, told));
      }
    },
    forget(run) {
      runs.get(run)?.cancel?.();
      runs.delete(run);
    },
    stop() {
      for (const pending of runs.values()) pending.cancel?.();
      runs.clear();
    },
  };
}

function taskInstanceOf(run: ActiveRun, record: Recorded, names: WorkerNames): TaskInstance {
  const { ix, attempt, uncounted, state, waitUntil } = record;
  const task = run.version.compiled.tasks[ix];
  const orUnset = (at: number) => timestampOf(at === 0 ? null : at);
  const isOver = isFinal(state) || betweenAttempts.has(state);
  return create(TaskInstanceSchema, {
    runId: runIdOf(BigInt(run.key)),
    taskId: task?.id ?? "",
    mapIndex: record.mapIx,
    state: TaskState[taskStateName(state)],
    tryNumber: attempt,
    maxTries: (task?.retries ?? 0) + 1 + uncounted,
    startedAt: orUnset(record.startedAt),
    endedAt: orUnset(isOver ? record.at : 0),
    retryAt: timestampOf(state === TaskState.up_for_retry ? waitUntil : null),
    rescheduleAt: timestampOf(state === TaskState.up_for_reschedule ? waitUntil : null),
    worker: names.get(record.sessionKey),
    ...(record.failure === null ? {} : { failure: failureToProto(record.failure) }),
    queue: task?.queue ?? "",
    lostCount: record.losses,
    readyAt: orUnset(record.readyAt),
    mapIndexLabel: record.mapIndexLabel,
    chosenCases: [...(record.choice ?? [])],
    ...(record.waiting === null ? {} : { waiting: waitingOf(record.waiting) }),
  });
}

/** States of which the newest attempt is over, besides final ones. */
const betweenAttempts: ReadonlySet<TaskState> = new Set([
  TaskState.scheduled,
  TaskState.up_for_retry,
  TaskState.up_for_reschedule,
  TaskState.deferred,
  TaskState.awaiting_input,
]);
