/** A DAG on the wire and as the engine knows it. */

import { create } from "@bufbuild/protobuf";
import type { DagSpec, GroupSpec } from "@millrace/engine";
import { specDefaults } from "./defaults.ts";
import { callbackFromProto, callbackToProto } from "./callback.ts";
import { deadlineFromProto, deadlineToProto } from "./deadline.ts";
import { concurrencyKeyFromProto, concurrencyKeyToProto } from "./concurrency-key.ts";
import { axesFromProto, axesToProto } from "./expression.ts";
import type {
  DagSpec as DagSpecMessage,
  GroupSpec as GroupSpecMessage,
} from "./gen/millrace/v1/dag_pb.ts";
import { DagSpecSchema } from "./gen/millrace/v1/dag_pb.ts";
import { inputsFromProto, inputsToProto } from "./inputs.ts";
import { overlapFromProto, overlaps, scheduleFromProto, scheduleToProto } from "./schedule.ts";
import { taskSpecFromProto, taskSpecToProto } from "./task-spec.ts";
import { durationOf, epochMsOf, msOf, timestampOf } from "./time.ts";

export function dagSpecToProto(spec: DagSpec): DagSpecMessage {
  return create(DagSpecSchema, {
    dagId: spec.dagId,
    tasks: spec.tasks.map(taskSpecToProto),
    edges: spec.edges.map(({ from, to, label }) => ({ fromTaskId: from, toTaskId: to, label })),
    groups: spec.groups.map(({ id, parentId, tooltip, each }) => ({
      groupId: id,
      parentGroupId: parentId ?? "",
      tooltip,
      each: axesToProto(each),
    })),
    schedule: spec.schedule === null ? undefined : scheduleToProto(spec.schedule),
    description: spec.description,
    docs: spec.docs,
    tags: [...spec.tags],
    owner: spec.owner,
    paramsSchema: spec.paramsSchema ?? "",
    maxActiveRuns: spec.maxActiveRuns,
    maxActiveTasks: spec.maxActiveTasks,
    maxActiveTasksPerDag: spec.maxActiveTasksPerDag ?? 0,
    ...concurrencyKeyToProto(spec.concurrencyKey),
    dagrunTimeout: durationOf(spec.dagrunTimeoutMs),
    failFast: spec.failFast,
    resultTaskId: spec.resultTaskId ?? "",
    callbacks: spec.callbacks.map(callbackToProto),
    callbackQueue: spec.callbackQueue,
    deadlines: spec.deadlines.map(deadlineToProto),
    ...inputsToProto(spec.inputs),
    startDate: timestampOf(spec.startDate),
    endDate: timestampOf(spec.endDate),
    catchup: spec.catchup,
    overlap: overlaps[spec.overlap],
    startingDeadline: durationOf(spec.startingDeadlineMs),
    maxConsecutiveFailedRuns: spec.maxConsecutiveFailedRuns,
    ...(spec.keptSuccessfulRuns !== null && { keptSuccessfulRuns: spec.keptSuccessfulRuns }),
    ...(spec.keptFailedRuns !== null && { keptFailedRuns: spec.keptFailedRuns }),
    startPaused: spec.startPaused,
    file: spec.file,
    source: spec.source,
    bundleDigest: spec.bundleDigest ?? "",
  });
}

/**
 * Reads a spec, with the defaults of unset fields filled in. Whether it makes sense is for `validateDagSpec` to say.
 *
 * @throws MillraceError DAG_INVALID for what the engine has no words for: an unknown kind of task, schedule or rule
 */
export function dagSpecFromProto(message: DagSpecMessage): DagSpec {
  return {
    dagId: message.dagId,
    tasks: message.tasks.map((task) => taskSpecFromProto(task, message.owner)),
    edges: message.edges.map(({ fromTaskId, toTaskId, label }) => ({
      from: fromTaskId,
      to: toTaskId,
      label,
    })),
    groups: message.groups.map(groupFromProto),
    schedule: message.schedule ? scheduleFromProto(message.schedule) : null,
    description: message.description,
    docs: message.docs,
    tags: message.tags,
    owner: message.owner,
    paramsSchema: message.paramsSchema || null,
    maxActiveRuns: message.maxActiveRuns || specDefaults.maxActiveRuns,
    maxActiveTasks: message.maxActiveTasks || specDefaults.maxActiveTasks,
    maxActiveTasksPerDag: message.maxActiveTasksPerDag || null,
    concurrencyKey: concurrencyKeyFromProto(message),
    dagrunTimeoutMs: msOf(message.dagrunTimeout),
    failFast: message.failFast,
    resultTaskId: message.resultTaskId || null,
    callbacks: message.callbacks.map((callback) => callbackFromProto(callback, "dag")),
    callbackQueue: message.callbackQueue || specDefaults.queue,
    deadlines: message.deadlines.map((deadline) => deadlineFromProto(deadline, "dag")),
    inputs: inputsFromProto(message),
    startDate: epochMsOf(message.startDate),
    endDate: epochMsOf(message.endDate),
    catchup: message.catchup,
    overlap: overlapFromProto(message.overlap),
    startingDeadlineMs: msOf(message.startingDeadline),
    maxConsecutiveFailedRuns: message.maxConsecutiveFailedRuns,
    keptSuccessfulRuns: message.keptSuccessfulRuns ?? null,
    keptFailedRuns: message.keptFailedRuns ?? null,
    startPaused: message.startPaused,
    file: message.file,
    source: message.source,
    bundleDigest: message.bundleDigest || null,
  };
}

function groupFromProto({ groupId, parentGroupId, tooltip, each }: GroupSpecMessage): GroupSpec {
  return {
    id: groupId,
    parentId: parentGroupId || null,
    tooltip,
    each: axesFromProto(each, `groups["${groupId}"]`),
  };
}
