/** What makes a task of a DAG special, in a few words for a table. */
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  SensorMode,
  TaskControl,
  TaskRole,
  TriggerRule,
  TriggerRuleSchema,
  type DagSpec,
  type GroupSpec,
  type TaskSpec,
} from "@millrace/wire/v1";
import { enumWord, showMilliseconds } from "./format.ts";

/** Looks every 60 s by itself: what the wire leaves unset. */
const usualIntervalMs = 60_000;

/** In the order of what matters first; empty for an ordinary task. */
export function traitsOf(spec: DagSpec): (task: TaskSpec) => string[] {
  const groups = new Map(spec.groups.map((group) => [group.groupId, group]));
  return (task) =>
    [
      roleOf(task),
      controlOf(task),
      sensorOf(task),
      task.each.length > 0 && "mapped",
      ...mappedGroupsAround(groups, task).map((groupId) => `mapped by ${groupId}`),
      ruleOf(task),
      spec.resultTaskId === task.taskId && "the run's result",
    ].filter((word): word is string => word !== false && word !== "");
}

function roleOf({ role, failsRun }: TaskSpec): string {
  if (role === TaskRole.SETUP) return "setup";
  if (role !== TaskRole.TEARDOWN) return "";
  return failsRun ? "teardown that may fail the run" : "teardown";
}

function controlOf({ control, cases }: TaskSpec): string {
  if (control === TaskControl.SHORT_CIRCUIT) return "short circuit";
  if (control !== TaskControl.BRANCH) return "";
  return `branch: ${cases.map(({ name }) => name).join(" | ")}`;
}

function sensorOf({ sensor }: TaskSpec): string {
  if (!sensor) return "";
  const every = sensor.interval ? durationMs(sensor.interval) : usualIntervalMs;
  const mode = sensor.mode === SensorMode.RESCHEDULE ? ", slot free between" : "";
  return `sensor, every ${showMilliseconds(every)}${mode}`;
}

function ruleOf({ triggerRule, role }: TaskSpec): string {
  const usual =
    role === TaskRole.TEARDOWN ? TriggerRule.ALL_DONE_SETUP_SUCCESS : TriggerRule.ALL_SUCCESS;
  const isUsual = triggerRule === usual || triggerRule === TriggerRule.UNSPECIFIED;
  return isUsual ? "" : enumWord(TriggerRuleSchema, triggerRule);
}

function mappedGroupsAround(
  groups: ReadonlyMap<string, GroupSpec>,
  { groupId }: TaskSpec,
): string[] {
  const around: string[] = [];
  for (let group = groups.get(groupId); group; group = groups.get(group.parentGroupId))
    if (group.each.length > 0) around.push(group.groupId);
  return around;
}
