"use client";
import type { NodeProps } from "@xyflow/react";
import { ChevronsDownUp } from "lucide-react";
import { memo, use } from "react";
import { StateBar } from "../state-bar.tsx";
import { GraphContext } from "./graph-context.ts";
import type { FlowNode } from "./use-flow.ts";

/** An open group: a box around its items, whose whole header folds it. */
export const GroupNode = memo(function GroupNode({ id, data }: NodeProps<FlowNode>) {
  const { onFold } = use(GraphContext);
  return (
    <div className="size-full rounded-panel border border-line-strong/30 bg-surface/70">
      <button
        type="button"
        onClick={() => onFold(id, true)}
        className="nopan pointer-events-auto flex h-7 w-full items-center gap-2 rounded-t-panel px-3 text-left text-dense text-muted hover:bg-hover"
      >
        <span className="truncate font-medium">
          <span className="sr-only">Fold group </span>
          {data.label}
        </span>
        {data.counts !== null && <StateBar counts={data.counts} className="max-w-24 flex-1" />}
        <ChevronsDownUp size={13} aria-hidden className="ml-auto shrink-0" />
      </button>
    </div>
  );
});
