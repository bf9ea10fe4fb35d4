"use client";
import type { Edge, Node } from "@xyflow/react";
import { Position, useReactFlow } from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";
import { TaskState } from "@millrace/wire/v1";
import type { DagSpec, TaskInstance } from "@millrace/wire/v1";
import { layoutGraph } from "../../lib/graph-layout.ts";
import type { GraphItem, GraphLayout } from "../../lib/graph-layout.ts";
import type { Direction } from "../../lib/graph-geometry.ts";
import { isFinalTask, taskFace } from "../../lib/states.ts";
import { countLooks } from "../../lib/counts.ts";
import type { LookCount } from "../../lib/counts.ts";

export type TaskNodeData = {
  readonly label: string;
  readonly direction: Direction;
  readonly isSelected: boolean;
  /** Null in the definition's graph. */
  readonly task: TaskInstance | null;
  readonly hasStates: boolean;
  /** For a folded group: its tasks by look. */
  readonly counts: readonly LookCount[] | null;
  readonly color: string;
};
export type FlowNode = Node<TaskNodeData>;
export type WayEdgeData = {
  readonly points: readonly (readonly [number, number])[] | null;
  readonly direction: Direction;
};
export type FlowEdge = Edge<WayEdgeData>;

/** Narrower than this, the graph goes down instead of to the right. */
const downBelowPx = 640;

type Options = {
  readonly tasks: ReadonlyMap<string, TaskInstance> | null;
  readonly folded: ReadonlySet<string>;
  readonly selected: string | null;
};

/** Layout once for a shape; nodes anew only where something about them changed. */
export function useFlow(spec: DagSpec, { tasks, folded, selected }: Options) {
  const wrapper = useRef<HTMLDivElement>(null);
  const direction = useDirection(wrapper);
  const layout = useMemo(() => layoutGraph(spec, { folded, direction }), [spec, folded, direction]);
  const members = useMemo(() => membersOf(spec), [spec]);
  const kept = useRef(new Map<string, FlowNode>());
  const nodes = useMemo(() => {
    const next = nodesOf(layout, { direction, tasks, selected, members }, kept.current);
    kept.current = new Map(next.map((node) => [node.id, node]));
    return next;
  }, [layout, direction, tasks, selected, members]);
  const edges = useMemo(() => edgesOf(layout, direction, tasks), [layout, direction, tasks]);
  useRefit(wrapper, layout);
  return { nodes, edges, wrapper, height: layout.height };
}

function useDirection(wrapper: React.RefObject<HTMLDivElement | null>): Direction {
  const [direction, setDirection] = useState<Direction>("right");
  useEffect(() => {
    const element = wrapper.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() =>
      setDirection(element.clientWidth < downBelowPx ? "down" : "right"),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [wrapper]);
  return direction;
}

/** Fits the picture to its frame when either changes, until the person moves it: then it is theirs. */
function useRefit(wrapper: React.RefObject<HTMLDivElement | null>, layout: GraphLayout): void {
  const { fitView } = useReactFlow();
  useEffect(() => {
    const element = wrapper.current;
    if (element === null) return undefined;
    let isMoved = false;
    const moved = () => (isMoved = true);
    const observer = new ResizeObserver(() => {
      if (!isMoved) void fitView({ padding: 0.12, maxZoom: 1 });
    });
    observer.observe(element);
    element.addEventListener("wheel", moved, { passive: true });
    element.addEventListener("pointerdown", moved);
    return () => {
      observer.disconnect();
      element.removeEventListener("wheel", moved);
      element.removeEventListener("pointerdown", moved);
    };
  }, [wrapper, layout, fitView]);
}

type Look = {
  readonly direction: Direction;
  readonly tasks: ReadonlyMap<string, TaskInstance> | null;
  readonly selected: string | null;
  readonly members: ReadonlyMap<string, readonly string[]>;
};

function nodesOf(layout: GraphLayout, look: Look, kept: ReadonlyMap<string, FlowNode>): FlowNode[] {
  const { direction, tasks, selected, members } = look;
  const isDown = direction === "down";
  return layout.items.map((item) => {
    const task = tasks?.get(item.id) ?? null;
    const counts =
      item.kind === "task" || tasks === null
        ? null
        : countLooks(
            (members.get(item.id) ?? []).map((id) => tasks.get(id)?.state ?? TaskState.NONE),
          );
    const known = kept.get(item.id);
    if (
      known !== undefined &&
      known.type === flowType(item.kind) &&
      known.data.task === task &&
      known.data.hasStates === (tasks !== null) &&
      known.data.direction === direction &&
      known.data.isSelected === (item.id === selected) &&
      sameCounts(known.data.counts, counts) &&
      known.position.x === item.x &&
      known.position.y === item.y &&
      known.width === item.width
    ) {
      return known;
    }
    const look = task === null ? "pending" : taskFace(task.state, task.failure).look;
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
      data: {
        label: item.label,
        direction,
        isSelected: item.id === selected,
        task,
        hasStates: tasks !== null,
        counts,
        color: mapColors[look] ?? "var(--line-strong)",
      },
    };
  });
}

const mapColors: Readonly<Record<string, string>> = {
  running: "var(--state-running)",
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

function sameCounts(a: readonly LookCount[] | null, b: readonly LookCount[] | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.length === b.length &&
    a.every((count, ix) => count.look === b[ix]?.look && count.count === b[ix].count)
  );
}

function edgesOf(
  layout: GraphLayout,
  direction: Direction,
  tasks: ReadonlyMap<string, TaskInstance> | null,
): FlowEdge[] {
  return layout.edges.map((edge) => {
    const from = tasks?.get(edge.from)?.state;
    const isPassed = from !== undefined && isFinalTask(from);
    return {
      id: edge.id,
      source: edge.from,
      target: edge.to,
      type: "way",
      className: isPassed ? "is-passed" : "",
      data: { points: edge.points, direction },
    };
  });
}

/** The tasks in each group, those of inner groups included. */
function membersOf(spec: DagSpec): ReadonlyMap<string, readonly string[]> {
  const parentOf = new Map(spec.groups.map((group) => [group.groupId, group.parentGroupId]));
  const members = new Map<string, string[]>();
  for (const task of spec.tasks) {
    for (let id = task.groupId; id !== ""; id = parentOf.get(id) ?? "") {
      members.set(id, [...(members.get(id) ?? []), task.taskId]);
    }
  }
  return members;
}
