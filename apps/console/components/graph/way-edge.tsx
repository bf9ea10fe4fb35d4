"use client";
import { BaseEdge } from "@xyflow/react";
import type { EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { edgePath } from "../../lib/edge-path.ts";
import type { FlowEdge } from "./use-flow.ts";

/** An edge that goes around the items between its ends, where the layout found a way. */
export const WayEdge = memo(function WayEdge(props: EdgeProps<FlowEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, data } = props;
  const path = edgePath(
    [[sourceX, sourceY], ...(data?.points ?? []), [targetX, targetY]],
    data?.direction ?? "right",
  );
  return <BaseEdge id={id} path={path} />;
});
