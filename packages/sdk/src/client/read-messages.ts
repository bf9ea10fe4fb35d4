/** From messages of the api to what the client gives its users. */

import { runStateName, taskStateName } from "@millrace/engine";
import type { RunState, RunStateName, TaskState, TaskStateName } from "@millrace/engine";
import { epochMsOf, failureFromProto } from "@millrace/wire";
import { RunType, type Dag, type DagRun, type TaskInstance } from "@millrace/wire/v1";
import { decodeValue } from "../codec.ts";
import type { DagSnapshot, RunSnapshot, TaskSnapshot } from "./snapshots.ts";

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
    params: run.params === undefined ? {} : decodeValue(run.params.data, "the run's params"),
    queuedAt: dateOf(run.queuedAt),
    startedAt: dateOf(run.startedAt),
    endedAt: dateOf(run.endedAt),
    failure: run.failure === undefined ? null : failureFromProto(run.failure),
    counts: Object.fromEntries(run.counts.map(({ state, count }) => [stateOfTask(state), count])),
    note: run.note,
  };
}

export function readTask(task: TaskInstance): TaskSnapshot {
  return {
    taskId: task.taskId,
    mapIndex: task.mapIndex < 0 ? null : task.mapIndex,
    state: stateOfTask(task.state),
    tryNumber: task.tryNumber,
    maxTries: task.maxTries,
    startedAt: dateOf(task.startedAt),
    endedAt: dateOf(task.endedAt),
    retryAt: dateOf(task.retryAt),
    worker: task.worker,
    failure: task.failure === undefined ? null : failureFromProto(task.failure),
  };
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
  if (type === RunType.SCHEDULED) return "scheduled";
  return type === RunType.MANUAL ? "manual" : "unknown";
}

function dateOf(at: Parameters<typeof epochMsOf>[0]): Date | null {
  const ms = epochMsOf(at);
  return ms === null ? null : new Date(ms);
}
