/** What of a DAG is mapped, and how its tasks differ from plain ones: read from the spec, for nodes, rows and panels. */
import { TaskControl, TaskRole, TriggerRule } from "@millrace/wire/v1";
import type { DagSpec, TaskSpec } from "@millrace/wire/v1";

/** Tasks that are mapped, by themselves or with a group around them. */
export function mappedTasksOf(spec: DagSpec): ReadonlySet<string> {
  const groups = mappedGroupsOf(spec);
  const parentOf = new Map(spec.groups.map((group) => [group.groupId, group.parentGroupId]));
  const isInside = (groupId: string): boolean =>
    groupId !== "" && (groups.has(groupId) || isInside(parentOf.get(groupId) ?? ""));
  return new Set(
    spec.tasks
      .filter((task) => task.each.length > 0 || isInside(task.groupId))
      .map((task) => task.taskId),
  );
}

export function mappedGroupsOf(spec: DagSpec): ReadonlySet<string> {
  return new Set(spec.groups.filter((one) => one.each.length > 0).map((one) => one.groupId));
}

/** A mark beside a task's name: something about it is not as usual. */
export type TaskMark = {
  readonly kind: "setup" | "teardown" | "sensor" | "branch" | "short_circuit";
  readonly title: string;
};

export function marksOf(task: TaskSpec): readonly TaskMark[] {
  const marks: TaskMark[] = [];
  if (task.role === TaskRole.SETUP) {
    marks.push({ kind: "setup", title: "Setup: makes what the tasks after it need" });
  }
  if (task.role === TaskRole.TEARDOWN) {
    marks.push({ kind: "teardown", title: "Teardown: cleans up, whatever became of its scope" });
  }
  if (task.sensor !== undefined) {
    marks.push({ kind: "sensor", title: "Sensor: looks until something is there" });
  }
  if (task.control === TaskControl.BRANCH) {
    marks.push({ kind: "branch", title: "Branch: chooses which cases go on" });
  }
  if (task.control === TaskControl.SHORT_CIRCUIT) {
    marks.push({
      kind: "short_circuit",
      title: "Short circuit: lets everything after it go on, or nothing",
    });
  }
  return marks;
}

/** The trigger rule in words, where it is not the usual one of such a task; null where it is. */
export function unusualRule(task: TaskSpec): string | null {
  const { triggerRule: rule, role } = task;
  if (rule === TriggerRule.UNSPECIFIED) return null;
  const usual =
    role === TaskRole.TEARDOWN ? TriggerRule.ALL_DONE_SETUP_SUCCESS : TriggerRule.ALL_SUCCESS;
  return rule === usual ? null : ruleName(rule);
}

/** `none_failed_min_one_success`, as it is written in code. */
export function ruleName(rule: TriggerRule): string {
  return ruleNames.get(rule) ?? "a rule this console does not know";
}

const ruleNames: ReadonlyMap<TriggerRule, string> = new Map([
  [TriggerRule.UNSPECIFIED, "all_success"],
  [TriggerRule.ALL_SUCCESS, "all_success"],
  [TriggerRule.ALL_FAILED, "all_failed"],
  [TriggerRule.ALL_DONE, "all_done"],
  [TriggerRule.ALL_DONE_MIN_ONE_SUCCESS, "all_done_min_one_success"],
  [TriggerRule.ALL_DONE_SETUP_SUCCESS, "all_done_setup_success"],
  [TriggerRule.ONE_SUCCESS, "one_success"],
  [TriggerRule.ONE_FAILED, "one_failed"],
  [TriggerRule.ONE_DONE, "one_done"],
  [TriggerRule.NONE_FAILED, "none_failed"],
  [TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, "none_failed_min_one_success"],
  [TriggerRule.NONE_SKIPPED, "none_skipped"],
  [TriggerRule.ALL_SKIPPED, "all_skipped"],
  [TriggerRule.ALWAYS, "always"],
]);
