import type { Edge } from "@xyflow/react";
import type { TaskInstance } from "@millrace/wire/v1";
import { wayBetween } from "../../lib/edge-path.ts";
import type { Direction, Point } from "../../lib/graph-geometry.ts";
import type { GraphEdge, GraphLayout } from "../../lib/graph-layout.ts";
import { pathState } from "../../lib/paths.ts";
import type { PathState } from "../../lib/paths.ts";
import type { Shape } from "./flow-shape.ts";

export type WayEdgeData = {
  /** From border to border: what the library measures lags behind when the direction changes. */
  readonly points: readonly Point[];
  readonly direction: Direction;
  readonly label: string;
  readonly path: PathState;
};
export type FlowEdge = Edge<WayEdgeData>;

type Look = {
  readonly direction: Direction;
  readonly tasks: ReadonlyMap<string, TaskInstance> | null;
  readonly shape: Shape;
};

const classes: Readonly<Record<PathState, string>> = {
  open: "",
  taken: "is-passed",
  not_taken: "is-not-taken",
};

export function edgesOf(layout: GraphLayout, { direction, tasks, shape }: Look): FlowEdge[] {
  const items = new Map(layout.items.map((item) => [item.id, item]));
  return layout.edges.flatMap((edge) => {
    const [from, to] = [items.get(edge.from), items.get(edge.to)];
    if (from === undefined || to === undefined) return [];
    const path = tasks === null ? "open" : pathOf(edge, tasks, shape);
    return {
      id: edge.id,
      source: edge.from,
      target: edge.to,
      type: "way",
      className: classes[path],
      data: {
        ...{ direction, label: edge.label, path },
        points: wayBetween(from, to, { between: edge.points ?? [], direction }),
      },
    };
  });
}

/** An arrow that stands for several is taken when one of them is, and not taken when none can be any more. */
function pathOf(
  { arrows }: GraphEdge,
  tasks: ReadonlyMap<string, TaskInstance>,
  { taskOf }: Shape,
): PathState {
  const paths = arrows.map(({ fromTaskId, toTaskId }) =>
    pathState(taskOf.get(fromTaskId), taskOf.get(toTaskId), tasks),
  );
  if (paths.includes("taken")) return "taken";
  return paths.includes("open") ? "open" : "not_taken";
}
