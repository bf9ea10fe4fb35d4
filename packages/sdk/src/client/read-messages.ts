/** From messages of the api to what the client gives its users. */

import { runStateName, taskStateName } from "@millrace/engine";
import type { RunState, RunStateName, TaskState, TaskStateName } from "@millrace/engine";
import { epochMsOf, failureFromProto } from "@millrace/wire";
import {
  RunType,
  type AffectedInstance,
  type Dag,
  type DagRun,
  type StateCount,
  type TaskInstance,
} from "@millrace/wire/v1";
import { decodeValue } from "../codec/codec.ts";
import { readWait } from "./read-waits.ts";
import type {
  DagSnapshot,
  RunSnapshot,
  StateCounts,
  TaskChanges,
  TaskSnapshot,
} from "./snapshots.ts";

export function readDag(dag: Dag): DagSnapshot {
  const { dagId, version, description, tags, owner, isPaused, isActive, schedule } = dag;
  return {
    id: dagId,
    version,
    description,
    tags,
    owner,
    isPaused,
    isActive,
    schedule: schedule === "" ? null : schedule,
    nextRunAt: dateOf(dag.nextRunAt),
  };
}

export function readRun(run: DagRun): RunSnapshot {
  return {
    id: run.runId,
    dagId: run.dagId,
    dagVersion: run.dagVersion,
    name: run.runName,
    state: stateOfRun(run.state),
    type: typeOfRun(run.runType),
    logicalDate: dateOf(run.logicalDate),
    partitionKey: run.partitionKey || null,
    params: run.params === undefined ? {} : decodeValue(run.params.data, "the run's params"),
    queuedAt: dateOf(run.queuedAt),
    startedAt: dateOf(run.startedAt),
    endedAt: dateOf(run.endedAt),
    failure: run.failure === undefined ? null : failureFromProto(run.failure),
    counts: countsOf(run.counts),
    note: run.note,
  };
}

export function readTask(task: TaskInstance): TaskSnapshot {
  const { mapped } = task;
  return {
    taskId: task.taskId,
    mapIndex: mapIndexOf(task),
    state: stateOfTask(task.state),
    tryNumber: task.tryNumber,
    maxTries: task.maxTries,
    startedAt: dateOf(task.startedAt),
    endedAt: dateOf(task.endedAt),
    retryAt: dateOf(task.retryAt),
    worker: task.worker,
    failure: task.failure === undefined ? null : failureFromProto(task.failure),
    rescheduleAt: dateOf(task.rescheduleAt),
    waiting: task.waiting === undefined ? null : readWait(task.waiting),
    mapIndexLabel: task.mapIndexLabel === "" ? null : task.mapIndexLabel,
    chosenCases: task.chosenCases,
    mapped: mapped ? { length: mapped.length ?? null, counts: countsOf(mapped.counts) } : null,
  };
}

export function readChanges(answer: {
  readonly affected: readonly AffectedInstance[];
  readonly affectedCount: number;
}): TaskChanges {
  return {
    count: answer.affectedCount,
    tasks: answer.affected.map((each) => ({
      runId: each.runId,
      taskId: each.taskId,
      mapIndex: mapIndexOf(each),
      state: stateOfTask(each.state),
      isImplied: each.isImplied,
    })),
  };
}

function mapIndexOf({ mapIndex }: { readonly mapIndex: number }): number | null {
  return mapIndex < 0 ? null : mapIndex;
}

function countsOf(counts: readonly StateCount[]): StateCounts {
  return Object.fromEntries(counts.map(({ state, count }) => [stateOfTask(state), count]));
}

/** Codes of the wire and of the engine are the same; those of a newer server have no name here. */
function stateOfRun(code: number): RunSnapshot["state"] {
  const name: RunStateName | undefined = runStateName(code as RunState);
  return name ?? "unknown";
}

function stateOfTask(code: number): TaskSnapshot["state"] {
  const name: TaskStateName | undefined = taskStateName(code as TaskState);
  return name ?? "unknown";
}

function typeOfRun(type: RunType): RunSnapshot["type"] {
  return runTypes[type] ?? "unknown";
}

const runTypes: Readonly<Record<number, RunSnapshot["type"]>> = {
  [RunType.SCHEDULED]: "scheduled",
  [RunType.MANUAL]: "manual",
  [RunType.BACKFILL]: "backfill",
  [RunType.ASSET_TRIGGERED]: "asset_triggered",
  [RunType.ASSET_MATERIALIZATION]: "asset_materialization",
};

export function dateOf(at: Parameters<typeof epochMsOf>[0]): Date | null {
  const ms = epochMsOf(at);
  return ms === null ? null : new Date(ms);
}
