"use client";
import { BaseEdge, EdgeLabelRenderer } from "@xyflow/react";
import type { EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { edgePath } from "../../lib/edge-path.ts";
import type { Point } from "../../lib/graph-geometry.ts";
import type { FlowEdge } from "./use-flow.ts";

/** An edge that goes around the items between its ends, where the layout found a way; with its word on it. */
export const WayEdge = memo(function WayEdge(props: EdgeProps<FlowEdge>) {
  const { id, data } = props;
  const points = data?.points ?? [];
  const path = edgePath(points, data?.direction ?? "right");
  const label = data?.label ?? "";
  const [x, y] = middleOf(points);
  return (
    <>
      <BaseEdge id={id} path={path} />
      {label !== "" && (
        <EdgeLabelRenderer>
          <span
            data-edge={id}
            data-path={data?.path}
            className={`absolute max-w-36 truncate rounded-control border bg-bg px-1.5 text-label ${
              data?.path === "taken"
                ? "border-line-strong font-medium text-text"
                : "border-line text-muted"
            } ${data?.path === "not_taken" ? "line-through" : ""}`}
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {label}
            {data?.path === "not_taken" && <span className="sr-only"> (not taken)</span>}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
});

/** Of the first stretch, where arrows from one task are apart already. */
function middleOf(points: readonly Point[]): Point {
  const [from = [0, 0], to = from] = points;
  return [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
}
