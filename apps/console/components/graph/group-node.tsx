"use client";
import type { NodeProps } from "@xyflow/react";
import { ChevronsDownUp } from "lucide-react";
import { memo, use } from "react";
import { StateBar } from "../state-bar.tsx";
import { TimesBadge } from "../task-marks.tsx";
import { GraphContext, isAdding } from "./graph-context.ts";
import type { FlowNode } from "./use-flow.ts";

/** An open group: a box around its items, whose whole header folds it. */
export const GroupNode = memo(function GroupNode({ id, data }: NodeProps<FlowNode>) {
  const { onFold, onChoose } = use(GraphContext);
  return (
    <div
      data-group={id}
      className={`size-full rounded-panel border bg-surface/70 ${
        data.mapped === null ? "border-line-strong/30" : "node-stack border-line-strong/50"
      }`}
    >
      <button
        type="button"
        aria-expanded
        title={data.tooltip}
        onClick={(event) => {
          if (onChoose !== null && isAdding(event)) onChoose(data.members);
          else onFold(id, true);
        }}
        className="nopan pointer-events-auto flex h-10 w-full items-center gap-2 rounded-t-panel px-3 text-left text-dense text-muted hover:bg-hover"
      >
        <span className="truncate font-medium">
          <span className="sr-only">Fold group </span>
          {data.label}
        </span>
        {data.mapped !== null && <TimesBadge mapped={data.mapped} />}
        {data.counts !== null && <StateBar counts={data.counts} className="max-w-24 flex-1" />}
        <ChevronsDownUp size={13} aria-hidden className="ml-auto shrink-0" />
      </button>
    </div>
  );
});
