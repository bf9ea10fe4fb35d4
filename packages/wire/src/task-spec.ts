/** A task on the wire and as the engine knows it. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TaskSpec } from "@millrace/engine";
import { assetOrAliasFromProto, assetOrAliasToProto } from "./asset.ts";
import { specDefaults } from "./defaults.ts";
import { externalRefFromProto, externalRefToProto } from "./external.ts";
import { callbackFromProto, callbackToProto } from "./callback.ts";
import { deadlineFromProto, deadlineToProto } from "./deadline.ts";
import {
  axesFromProto,
  axesToProto,
  expressionFromProto,
  expressionToProto,
} from "./expression.ts";
import type { TaskSpec as TaskSpecMessage, TaskSpecSchema } from "./gen/millrace/v1/dag_pb.ts";
import { limitsFromProto, limitsToProto } from "./task-limits.ts";
import { sensorFromProto, sensorToProto } from "./sensor.ts";
import {
  controlFromProto,
  isolationFromProto,
  isolations,
  kindFromProto,
  roleFromProto,
  ruleFromProto,
  taskControls,
  taskKinds,
  taskRoles,
  triggerRuleNumbers,
} from "./task-words.ts";
import { durationOf, msOf } from "./time.ts";

const noArgs = "[]";

export function taskSpecToProto(task: TaskSpec): MessageInitShape<typeof TaskSpecSchema> {
  return {
    taskId: task.id,
    groupId: task.groupId ?? "",
    handler: task.handler,
    kind: taskKinds[task.kind],
    args: expressionToProto(task.args),
    retries: task.retries,
    retryDelay: durationOf(task.retryDelayMs),
    retryBackoff: task.retryBackoff,
    maxRetryDelay: durationOf(task.maxRetryDelayMs),
    executionTimeout: durationOf(task.executionTimeoutMs),
    triggerRule: triggerRuleNumbers[task.triggerRule],
    role: taskRoles[task.role],
    failsRun: task.failsRun,
    control: taskControls[task.control],
    cases: task.cases.map(({ name, taskIds }) => ({ name, taskIds: [...taskIds] })),
    skipsDirectOnly: task.skipsDirectOnly,
    each: axesToProto(task.each),
    mapIndexTemplate: task.mapIndexTemplate,
    sensor: task.sensor === null ? undefined : sensorToProto(task.sensor),
    queue: task.queue,
    priorityWeight: task.priorityWeight,
    ...limitsToProto(task),
    isolation: isolations[task.isolation],
    env: { ...task.env },
    docs: task.docs,
    owner: task.owner,
    callbacks: task.callbacks.map(callbackToProto),
    triggersDagIds: [...task.triggersDagIds],
    waitsFor: task.waitsFor.map(externalRefToProto),
    marks: task.marks.map(externalRefToProto),
    dependsOnPast: task.dependsOnPast,
    waitForDownstream: task.waitForDownstream,
    ignoreFirstDependsOnPast: task.ignoreFirstDependsOnPast,
    pastDecider: task.pastDecider ?? "",
    deadlines: task.deadlines.map(deadlineToProto),
    outlets: task.outlets.map(assetOrAliasToProto),
    inlets: task.inlets.map(assetOrAliasToProto),
    resultSchema: task.resultSchema ?? "",
    argSchemas: task.argSchemas.map((schema) => schema ?? ""),
  };
}

/**
 * Fills in defaults, the DAG's owner among them.
 *
 * @throws MillraceError DAG_INVALID for words that this version does not know, and for expressions that are not UTF-8
 */
export function taskSpecFromProto(message: TaskSpecMessage, dagOwner: string): TaskSpec {
  const at = `tasks["${message.taskId}"]`;
  const args = expressionFromProto(message.args, `${at}.args`);
  return {
    id: message.taskId,
    groupId: message.groupId || null,
    kind: kindFromProto(message),
    handler: message.handler,
    args: args || noArgs,
    retries: message.retries,
    retryDelayMs: msOf(message.retryDelay) ?? specDefaults.retryDelayMs,
    retryBackoff: message.retryBackoff || specDefaults.retryBackoff,
    maxRetryDelayMs: msOf(message.maxRetryDelay) ?? specDefaults.maxRetryDelayMs,
    executionTimeoutMs: msOf(message.executionTimeout),
    triggerRule: ruleFromProto(message),
    role: roleFromProto(message),
    failsRun: message.failsRun,
    control: controlFromProto(message),
    cases: message.cases.map(({ name, taskIds }) => ({ name, taskIds })),
    skipsDirectOnly: message.skipsDirectOnly,
    each: axesFromProto(message.each, at),
    mapIndexTemplate: message.mapIndexTemplate,
    sensor: message.sensor ? sensorFromProto(message.sensor, message.taskId) : null,
    queue: message.queue || specDefaults.queue,
    priorityWeight: message.priorityWeight || specDefaults.priorityWeight,
    ...limitsFromProto(message),
    isolation: isolationFromProto(message),
    env: { ...message.env },
    docs: message.docs,
    owner: message.owner || dagOwner,
    callbacks: message.callbacks.map((callback) => callbackFromProto(callback, at)),
    triggersDagIds: [...message.triggersDagIds],
    waitsFor: message.waitsFor.map(externalRefFromProto),
    marks: message.marks.map(externalRefFromProto),
    dependsOnPast: message.dependsOnPast || message.waitForDownstream,
    waitForDownstream: message.waitForDownstream,
    ignoreFirstDependsOnPast: message.ignoreFirstDependsOnPast,
    pastDecider: message.pastDecider || null,
    deadlines: message.deadlines.map((deadline) => deadlineFromProto(deadline, at)),
    outlets: message.outlets.map((of) => assetOrAliasFromProto(of, `${at}.outlets`)),
    inlets: message.inlets.map((of) => assetOrAliasFromProto(of, `${at}.inlets`)),
    resultSchema: message.resultSchema || null,
    argSchemas: message.argSchemas.map((schema) => schema || null),
  };
}
