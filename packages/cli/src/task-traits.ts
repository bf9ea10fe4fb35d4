/** What makes a DAG and its tasks special, in a few words. */
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  KeyBusy,
  SensorMode,
  TaskControl,
  TaskRole,
  TriggerRule,
  TriggerRuleSchema,
  type AssetOrAlias,
  type DagSpec,
  type GroupSpec,
  type TaskSpec,
} from "@millrace/wire/v1";
import { enumWord, showMilliseconds, showSome } from "./format.ts";

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
      ...limitsOf(task),
      ...neighboursOf(task),
      spec.resultTaskId === task.taskId && "the run's result",
    ].filter((word): word is string => word !== false && word !== "");
}

const keyBusyWords: Partial<Record<KeyBusy, string>> = {
  [KeyBusy.CANCEL_NEWEST]: "the newest is cancelled",
  [KeyBusy.CANCEL_OLDEST]: "the oldest is cancelled",
};

/** How much of a DAG goes on at a time: "16 runs, 16 tasks each, 8 tasks in all, one run for each params.customer". */
export function limitsText(spec: DagSpec): string {
  const { maxActiveRuns, maxActiveTasks, maxActiveTasksPerDag, concurrencyKey } = spec;
  const key = keyText(concurrencyKey);
  const busy = keyBusyWords[spec.whenKeyBusy] ?? "others wait";
  return [
    `${counted(maxActiveRuns, "run")} at a time`,
    `${counted(maxActiveTasks, "task")} each`,
    maxActiveTasksPerDag > 0 ? `${counted(maxActiveTasksPerDag, "task")} in all` : "",
    key === "" ? "" : `one run for each ${key} (${busy})`,
  ]
    .filter((word) => word !== "")
    .join(", ");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Of `{"$":"run","path":["params","customer"]}` "params.customer"; several are joined. Empty for none. */
function keyText(expression: Uint8Array): string {
  if (expression.length === 0) return "";
  const read: unknown = JSON.parse(new TextDecoder().decode(expression));
  const parts = (Array.isArray(read) ? read : [read]).map((one: unknown) =>
    typeof one === "object" && one !== null && "path" in one && Array.isArray(one.path)
      ? one.path.join(".")
      : JSON.stringify(one),
  );
  return parts.join(" and ");
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

const defaultPool = "default_pool";

/** What holds it back beside the tasks before it. */
function limitsOf(task: TaskSpec): string[] {
  const { pool, poolSlots, rateLimit, maxActiveTis, maxActiveTisPerRun } = task;
  const slots = poolSlots > 1 ? `, ${poolSlots} slots` : "";
  const hasPool = (pool !== "" && pool !== defaultPool) || slots !== "";
  const per = rateLimit?.per ? durationMs(rateLimit.per) : 0;
  return [
    hasPool ? `pool ${pool || defaultPool}${slots}` : "",
    maxActiveTis > 0 ? `${maxActiveTis} at a time` : "",
    maxActiveTisPerRun > 0 ? `${maxActiveTisPerRun} at a time in a run` : "",
    rateLimit ? `${rateLimit.limit} of ${rateLimit.key} in ${showMilliseconds(per)}` : "",
    task.dependsOnPast || task.waitForDownstream ? "depends on the past" : "",
    ...task.deadlines.map(({ name }) => `deadline ${name}`),
  ].filter((word) => word !== "");
}

/** What it has to do with assets and other DAGs. */
function neighboursOf({ outlets, inlets, triggersDagIds, waitsFor }: TaskSpec): string[] {
  const makes = outlets.map(assetName);
  const reads = inlets.map(assetName);
  const awaited = waitsFor.map(({ dagId }) => dagId);
  return [
    makes.length > 0 ? `makes ${showSome(makes)}` : "",
    reads.length > 0 ? `reads ${showSome(reads)}` : "",
    triggersDagIds.length > 0 ? `triggers ${showSome(triggersDagIds)}` : "",
    awaited.length > 0 ? `waits for ${showSome(awaited)}` : "",
  ].filter((word) => word !== "");
}

function assetName({ kind }: AssetOrAlias): string {
  if (kind.case === "asset") return kind.value.uri;
  return kind.case === "alias" ? `alias ${kind.value.name}` : "";
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
