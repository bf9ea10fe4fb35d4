/** What a drawing needs to know of a DAG beside its layout; the same for all runs of a version. */
import type { DagSpec, TaskSpec } from "@millrace/wire/v1";
import type { GraphSource } from "../../lib/graph-layout.ts";
import { mappedGroupsOf, mappedTasksOf, marksOf } from "../../lib/map-shape.ts";
import type { TaskMark } from "../../lib/map-shape.ts";
import { edgeLabels } from "../../lib/paths.ts";

export type Shape = {
  readonly taskOf: ReadonlyMap<string, TaskSpec>;
  readonly marks: ReadonlyMap<string, readonly TaskMark[]>;
  readonly mappedTasks: ReadonlySet<string>;
  readonly mappedGroups: ReadonlySet<string>;
  /** The tasks in each group, those of inner groups included. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  /** What groups are about, in a line. */
  readonly tooltips: ReadonlyMap<string, string>;
};

/** Room for a mark, and for how often a mapped task is there, in px. */
const markWidth = 24;
const timesWidth = 62;

/** The DAG as its layout wants it: with the words on its arrows, and room for what stands beside names. */
export function sourceOf(spec: DagSpec): GraphSource {
  const labels = edgeLabels(spec);
  const mapped = mappedTasksOf(spec);
  return {
    groups: spec.groups,
    tasks: spec.tasks.map((task) => ({
      taskId: task.taskId,
      groupId: task.groupId,
      beside: marksOf(task).length * markWidth + (mapped.has(task.taskId) ? timesWidth : 0),
    })),
    edges: spec.edges.map(({ fromTaskId, toTaskId }) => ({
      ...{ fromTaskId, toTaskId },
      label: labels.get(`${fromTaskId}→${toTaskId}`) ?? "",
    })),
  };
}

export function shapeOf(spec: DagSpec): Shape {
  return {
    taskOf: new Map(spec.tasks.map((task) => [task.taskId, task])),
    marks: new Map(spec.tasks.map((task) => [task.taskId, marksOf(task)])),
    mappedTasks: mappedTasksOf(spec),
    mappedGroups: mappedGroupsOf(spec),
    members: membersOf(spec),
    tooltips: new Map(spec.groups.map(({ groupId, tooltip }) => [groupId, tooltip])),
  };
}

function membersOf(spec: DagSpec): ReadonlyMap<string, readonly string[]> {
  const parentOf = new Map(spec.groups.map((group) => [group.groupId, group.parentGroupId]));
  const members = new Map<string, string[]>();
  for (const task of spec.tasks) {
    for (let id = task.groupId; id !== ""; id = parentOf.get(id) ?? "") {
      const known = members.get(id);
      if (known === undefined) members.set(id, [task.taskId]);
      else known.push(task.taskId);
    }
  }
  return members;
}
