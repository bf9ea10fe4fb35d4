/** The words of a task spec on the wire and as the engine knows them. Numbers that this version does not know are refused by name. */

import type { TaskSpec, TriggerRule, WeightRule } from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import type { TaskSpec as TaskSpecMessage } from "./gen/millrace/v1/dag_pb.ts";
import {
  Isolation,
  SensorMode,
  TaskControl,
  TaskKind,
  TaskRole,
  TriggerRule as Rule,
  WeightRule as Weighing,
} from "./gen/millrace/v1/dag_pb.ts";

export const taskKinds = { bundle: TaskKind.BUNDLE, external: TaskKind.EXTERNAL } as const;

export const isolations = { thread: Isolation.THREAD, process: Isolation.PROCESS } as const;

export const taskRoles = {
  work: TaskRole.WORK,
  setup: TaskRole.SETUP,
  teardown: TaskRole.TEARDOWN,
} as const satisfies Record<TaskSpec["role"], TaskRole>;

export const taskControls = {
  none: TaskControl.NONE,
  branch: TaskControl.BRANCH,
  short_circuit: TaskControl.SHORT_CIRCUIT,
} as const satisfies Record<TaskSpec["control"], TaskControl>;

export const sensorModes = {
  poke: SensorMode.POKE,
  reschedule: SensorMode.RESCHEDULE,
} as const;

export const triggerRuleNumbers = {
  all_success: Rule.ALL_SUCCESS,
  all_failed: Rule.ALL_FAILED,
  all_done: Rule.ALL_DONE,
  all_done_min_one_success: Rule.ALL_DONE_MIN_ONE_SUCCESS,
  all_done_setup_success: Rule.ALL_DONE_SETUP_SUCCESS,
  one_success: Rule.ONE_SUCCESS,
  one_failed: Rule.ONE_FAILED,
  one_done: Rule.ONE_DONE,
  none_failed: Rule.NONE_FAILED,
  none_failed_min_one_success: Rule.NONE_FAILED_MIN_ONE_SUCCESS,
  none_skipped: Rule.NONE_SKIPPED,
  all_skipped: Rule.ALL_SKIPPED,
  always: Rule.ALWAYS,
} as const satisfies Record<TriggerRule, Rule>;

export const weightRuleNumbers = {
  downstream: Weighing.DOWNSTREAM,
  upstream: Weighing.UPSTREAM,
  absolute: Weighing.ABSOLUTE,
} as const satisfies Record<WeightRule, Weighing>;

export function ruleOfWeightFromProto({ taskId, weightRule }: TaskSpecMessage): WeightRule {
  if (weightRule === Weighing.UNSPECIFIED) return "downstream";
  return (
    wordOf(weightRuleNumbers, weightRule) ??
    refuse(taskId, "weight_rule", weightRule, Object.keys(weightRuleNumbers))
  );
}

export function kindFromProto({ taskId, kind }: TaskSpecMessage): TaskSpec["kind"] {
  return wordOf(taskKinds, kind) ?? refuse(taskId, "kind", kind, Object.keys(taskKinds));
}

export function isolationFromProto({ taskId, isolation }: TaskSpecMessage): TaskSpec["isolation"] {
  if (isolation === Isolation.UNSPECIFIED) return "thread";
  return (
    wordOf(isolations, isolation) ?? refuse(taskId, "isolation", isolation, Object.keys(isolations))
  );
}

export function roleFromProto({ taskId, role }: TaskSpecMessage): TaskSpec["role"] {
  if (role === TaskRole.UNSPECIFIED) return "work";
  return wordOf(taskRoles, role) ?? refuse(taskId, "role", role, Object.keys(taskRoles));
}

export function controlFromProto({ taskId, control }: TaskSpecMessage): TaskSpec["control"] {
  if (control === TaskControl.UNSPECIFIED) return "none";
  return (
    wordOf(taskControls, control) ?? refuse(taskId, "control", control, Object.keys(taskControls))
  );
}

export function modeFromProto(taskId: string, mode: SensorMode): keyof typeof sensorModes {
  if (mode === SensorMode.UNSPECIFIED) return "poke";
  return wordOf(sensorModes, mode) ?? refuse(taskId, "sensor.mode", mode, Object.keys(sensorModes));
}

/** Unset means the rule of the task's role: a teardown has one of its own. */
export function ruleFromProto({ taskId, role, triggerRule }: TaskSpecMessage): TriggerRule {
  if (triggerRule === Rule.UNSPECIFIED)
    return role === TaskRole.TEARDOWN ? "all_done_setup_success" : "all_success";
  return (
    wordOf(triggerRuleNumbers, triggerRule) ??
    refuse(taskId, "trigger_rule", triggerRule, Object.keys(triggerRuleNumbers))
  );
}

/** What makes a task unreadable: the field, its value, and what may stand there. */
export function unreadable(
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

function wordOf<Word extends string>(
  numbers: Readonly<Record<Word, number>>,
  number: number,
): Word | undefined {
  return (Object.keys(numbers) as Word[]).find((word) => numbers[word] === number);
}

function refuse(taskId: string, name: string, value: number, words: readonly string[]): never {
  const known = words.map((word) => word.toUpperCase()).join(", ");
  throw unreadable(taskId, name, value, `this version knows ${known}`);
}
