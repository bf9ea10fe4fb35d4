import type { Node } from "@xyflow/react";
import { Position } from "@xyflow/react";
import type { TaskInstance } from "@millrace/wire/v1";
import { countsOfTasks, looksOfCounts } from "../../lib/counts.ts";
import type { LookCount } from "../../lib/counts.ts";
import type { Direction } from "../../lib/graph-geometry.ts";
import type { GraphItem, GraphLayout } from "../../lib/graph-layout.ts";
import { unusualRule } from "../../lib/map-shape.ts";
import type { TaskMark } from "../../lib/map-shape.ts";
import { taskFace } from "../../lib/states.ts";
import type { Times } from "../task-marks.tsx";
import type { Shape } from "./flow-shape.ts";

export type TaskNodeData = {
  readonly label: string;
  /** On the pointer: what a group is about, or the whole id. */
  readonly tooltip: string;
  readonly direction: Direction;
  readonly isSelected: boolean;
  /** Among those that a change is to be made to. */
  readonly isChosen: boolean;
  /** Null in the definition's graph. */
  readonly task: TaskInstance | null;
  readonly hasStates: boolean;
  /** For a folded group or a mapped task: its instances by look. */
  readonly counts: readonly LookCount[] | null;
  /** Null for what is not mapped. */
  readonly mapped: Times | null;
  readonly marks: readonly TaskMark[];
  /** A trigger rule that is not the usual one. */
  readonly rule: string | null;
  /** For a group: its tasks. */
  readonly members: readonly string[];
  readonly color: string;
};
export type FlowNode = Node<TaskNodeData>;

type Look = {
  readonly direction: Direction;
  readonly tasks: ReadonlyMap<string, TaskInstance> | null;
  readonly selected: string | null;
  readonly chosen: ReadonlySet<string>;
  readonly shape: Shape;
};

/** Nodes of which nothing changed are the same objects as before, so that they do not render again. */
export function nodesOf(
  layout: GraphLayout,
  look: Look,
  kept: ReadonlyMap<string, FlowNode>,
): FlowNode[] {
  return layout.items.map((item) => {
    const data = item.kind === "task" ? taskData(item, look) : groupData(item, look);
    const known = kept.get(item.id);
    return known !== undefined && isSame(known, item, data) ? known : nodeOf(item, data);
  });
}

function taskData(item: GraphItem, look: Look): TaskNodeData {
  const { tasks, shape, selected, chosen } = look;
  const task = tasks?.get(item.id) ?? null;
  const spec = shape.taskOf.get(item.id);
  const isMapped = shape.mappedTasks.has(item.id);
  const looks = task === null ? "pending" : taskFace(task.state, task.failure).look;
  return {
    ...base(item, look),
    isSelected: item.id === selected,
    isChosen: chosen.has(item.id),
    task,
    counts: isMapped && task?.mapped !== undefined ? looksOfCounts(task.mapped.counts) : null,
    mapped: isMapped ? { length: task?.mapped?.length ?? null } : null,
    marks: shape.marks.get(item.id) ?? [],
    rule: spec === undefined ? null : unusualRule(spec),
    members: [],
    color: mapColors[looks] ?? "var(--line-strong)",
  };
}

function groupData(item: GraphItem, look: Look): TaskNodeData {
  const { tasks, shape, chosen } = look;
  const members = shape.members.get(item.id) ?? [];
  return {
    ...base(item, look),
    isSelected: false,
    isChosen: members.length > 0 && members.every((id) => chosen.has(id)),
    task: null,
    counts: tasks === null ? null : looksOfCounts(countsOfTasks(members, tasks)),
    mapped: shape.mappedGroups.has(item.id) ? { length: groupLength(item.id, look) } : null,
    marks: [],
    rule: null,
    members,
    color: "var(--line-strong)",
  };
}

function base(item: GraphItem, { direction, tasks, shape }: Look) {
  const tooltip = shape.tooltips.get(item.id) || item.id;
  return { label: item.label, tooltip, direction, hasStates: tasks !== null };
}

/** As many as a task directly in it has, one that is not mapped further. */
function groupLength(groupId: string, { tasks, shape }: Look): number | null {
  for (const id of shape.members.get(groupId) ?? []) {
    const spec = shape.taskOf.get(id);
    if (spec?.groupId !== groupId || spec.each.length > 0) continue;
    const length = tasks?.get(id)?.mapped?.length;
    if (length !== undefined) return length;
  }
  return null;
}

function nodeOf(item: GraphItem, data: TaskNodeData): FlowNode {
  const isDown = data.direction === "down";
  return {
    id: item.id,
    type: flowType(item.kind),
    position: { x: item.x, y: item.y },
    width: item.width,
    height: item.height,
    // Sizes are given, so nothing waits for measuring.
    measured: { width: item.width, height: item.height },
    zIndex: item.kind === "group" ? -1 : 1,
    sourcePosition: isDown ? Position.Bottom : Position.Right,
    targetPosition: isDown ? Position.Top : Position.Left,
    data,
  };
}

const mapColors: Readonly<Record<string, string>> = {
  running: "var(--state-running)",
  waiting: "var(--state-waiting)",
  needs_input: "var(--state-input)",
  success: "var(--state-success)",
  failed: "var(--state-failed)",
  upstream_failed: "var(--state-upstream)",
  retry_wait: "var(--state-retry)",
  queued: "var(--state-queued)",
};

/** "group" is a type of the library's own, with looks of its own. */
function flowType(kind: GraphItem["kind"]): string {
  return kind === "group" ? "open" : kind;
}

function isSame(known: FlowNode, item: GraphItem, data: TaskNodeData): boolean {
  const before = known.data;
  return (
    known.type === flowType(item.kind) &&
    known.position.x === item.x &&
    known.position.y === item.y &&
    known.width === item.width &&
    known.height === item.height &&
    before.task === data.task &&
    before.hasStates === data.hasStates &&
    before.direction === data.direction &&
    before.isSelected === data.isSelected &&
    before.isChosen === data.isChosen &&
    before.mapped?.length === data.mapped?.length &&
    before.marks === data.marks &&
    sameCounts(before.counts, data.counts)
  );
}

function sameCounts(a: readonly LookCount[] | null, b: readonly LookCount[] | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.length === b.length &&
    a.every((count, ix) => count.look === b[ix]?.look && count.count === b[ix].count)
  );
}
