/** A task on the wire and as the engine knows it. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TaskSpec } from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import { specDefaults } from "./defaults.ts";
import type { TaskSpec as TaskSpecMessage, TaskSpecSchema } from "./gen/millrace/v1/dag_pb.ts";
import { Isolation, TaskKind, TriggerRule } from "./gen/millrace/v1/dag_pb.ts";
import { durationOf, msOf } from "./time.ts";

export const taskKinds = { bundle: TaskKind.BUNDLE, external: TaskKind.EXTERNAL } as const;
export const isolations = { thread: Isolation.THREAD, process: Isolation.PROCESS } as const;
const noArgs = "[]";

export function taskSpecToProto(task: TaskSpec): MessageInitShape<typeof TaskSpecSchema> {
  return {
    taskId: task.id,
    groupId: task.groupId ?? "",
    handler: task.handler,
    kind: taskKinds[task.kind],
    args: new TextEncoder().encode(task.args),
    retries: task.retries,
    retryDelay: durationOf(task.retryDelayMs),
    retryBackoff: task.retryBackoff,
    maxRetryDelay: durationOf(task.maxRetryDelayMs),
    executionTimeout: durationOf(task.executionTimeoutMs),
    triggerRule: TriggerRule.ALL_SUCCESS,
    queue: task.queue,
    priorityWeight: task.priorityWeight,
    isolation: isolations[task.isolation],
    env: { ...task.env },
    docs: task.docs,
    owner: task.owner,
    resultSchema: task.resultSchema ?? "",
    argSchemas: task.argSchemas.map((schema) => schema ?? ""),
  };
}

/** Fills in defaults, the DAG's owner among them. */
export function taskSpecFromProto(message: TaskSpecMessage, dagOwner: string): TaskSpec {
  return {
    id: message.taskId,
    groupId: message.groupId || null,
    kind: kindFromProto(message),
    handler: message.handler,
    args: argsFromProto(message),
    retries: message.retries,
    retryDelayMs: msOf(message.retryDelay) ?? specDefaults.retryDelayMs,
    retryBackoff: message.retryBackoff || specDefaults.retryBackoff,
    maxRetryDelayMs: msOf(message.maxRetryDelay) ?? specDefaults.maxRetryDelayMs,
    executionTimeoutMs: msOf(message.executionTimeout),
    triggerRule: ruleFromProto(message),
    queue: message.queue || specDefaults.queue,
    priorityWeight: message.priorityWeight || specDefaults.priorityWeight,
    isolation: isolationFromProto(message),
    env: { ...message.env },
    docs: message.docs,
    owner: message.owner || dagOwner,
    resultSchema: message.resultSchema || null,
    argSchemas: message.argSchemas.map((schema) => schema || null),
  };
}

function kindFromProto({ taskId, kind }: TaskSpecMessage): TaskSpec["kind"] {
  if (kind === TaskKind.BUNDLE) return "bundle";
  if (kind === TaskKind.EXTERNAL) return "external";
  throw unknown(taskId, "kind", kind, "send TASK_KIND_BUNDLE or TASK_KIND_EXTERNAL");
}

function ruleFromProto({ taskId, triggerRule }: TaskSpecMessage): TaskSpec["triggerRule"] {
  if (triggerRule === TriggerRule.UNSPECIFIED || triggerRule === TriggerRule.ALL_SUCCESS)
    return "all_success";
  throw unknown(taskId, "trigger_rule", triggerRule, "this version knows ALL_SUCCESS only");
}

function isolationFromProto({ taskId, isolation }: TaskSpecMessage): TaskSpec["isolation"] {
  if (isolation === Isolation.UNSPECIFIED || isolation === Isolation.THREAD) return "thread";
  if (isolation === Isolation.PROCESS) return "process";
  throw unknown(taskId, "isolation", isolation, "send ISOLATION_THREAD or ISOLATION_PROCESS");
}

function argsFromProto({ taskId, args }: TaskSpecMessage): string {
  if (args.length === 0) return noArgs;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw unknown(taskId, "args", `${args.length} bytes`, "send a JSON array as UTF-8");
  }
}

function unknown(
  taskId: string,
  name: string,
  value: number | string,
  remedy: string,
): MillraceError {
  const field = `tasks["${taskId}"].${name}`;
  return new MillraceError("DAG_INVALID", `${field} is ${value}: ${remedy}.`, {
    metadata: { field, value: String(value) },
  });
}
