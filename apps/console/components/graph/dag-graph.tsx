"use client";
import { Background, Controls, MiniMap, ReactFlow, ReactFlowProvider } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useMemo, useState } from "react";
import type { DagSpec, TaskInstance } from "@millrace/wire/v1";
import { foldedAtFirst } from "../../lib/graph-layout.ts";
import { plural } from "../../lib/format.ts";
import { Button } from "../button.tsx";
import { GraphContext } from "./graph-context.ts";
import { GroupNode } from "./group-node.tsx";
import { TaskNode } from "./task-node.tsx";
import { useFlow } from "./use-flow.ts";
import type { FlowNode } from "./use-flow.ts";
import { WayEdge } from "./way-edge.tsx";

const nodeTypes = { task: TaskNode, folded: TaskNode, open: GroupNode };
const edgeTypes = { way: WayEdge };

/** Above this many nodes a drawing says nothing any more, and the browser suffers: the table stays. */
const drawnTasksMax = 2_000;

/** Nodes from which a small map helps to find the way. */
const miniMapItemsMin = 40;

/** Room around the graph in a snug frame, in px. */
const snugMargin = 88;

type Props = {
  readonly spec: DagSpec;
  /** States to colour the tasks by; null draws the definition alone. */
  readonly tasks: ReadonlyMap<string, TaskInstance> | null;
  readonly selected: string | null;
  readonly onSelect: (taskId: string | null) => void;
  /** True makes the frame as high as the graph needs, up to a share of the screen; else it fills its parent. */
  readonly isSnug?: boolean;
  readonly className?: string;
};

export function DagGraph(props: Props) {
  const [isAsked, setAsked] = useState(false);
  const count = props.spec.tasks.length;
  if (count > drawnTasksMax && !isAsked) {
    return (
      <div className={`grid place-items-center text-muted ${props.className ?? ""}`}>
        <div className="space-y-2 text-center">
          <p>
            {plural(count, "task")} are too many to read as a picture; the table lists them all.
          </p>
          <Button onClick={() => setAsked(true)}>Draw it anyway</Button>
        </div>
      </div>
    );
  }
  return (
    <ReactFlowProvider>
      <Drawing {...props} />
    </ReactFlowProvider>
  );
}

function Drawing({ spec, tasks, selected, onSelect, isSnug = false, className = "" }: Props) {
  const [folded, setFolded] = useState(() => foldedAtFirst(spec));
  const { nodes, edges, wrapper, height } = useFlow(spec, { tasks, folded, selected });
  const context = useMemo(
    () => ({
      onSelect,
      onFold: (groupId: string, isFolded: boolean) =>
        setFolded((before) => {
          const next = new Set(before);
          if (isFolded) next.add(groupId);
          else next.delete(groupId);
          return next;
        }),
    }),
    [onSelect],
  );
  return (
    <div
      ref={wrapper}
      className={`relative ${className}`}
      data-testid="graph"
      style={
        isSnug ? { height: `clamp(150px, ${Math.ceil(height + snugMargin)}px, 48dvh)` } : undefined
      }
    >
      <GraphContext value={context}>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          fitView
          fitViewOptions={fit}
          minZoom={0.05}
          maxZoom={1.6}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          onlyRenderVisibleElements={nodes.length > 300}
          zoomOnDoubleClick={false}
          proOptions={{ hideAttribution: true }}
          onPaneClick={() => onSelect(null)}
          aria-label="Graph of the tasks"
        >
          <Background gap={24} size={1} color="var(--line)" />
          <Controls
            showInteractive={false}
            position="top-right"
            orientation="horizontal"
            fitViewOptions={fit}
          />
          {nodes.length >= miniMapItemsMin && (
            <MiniMap
              pannable
              zoomable
              ariaLabel="Map of the graph"
              position="bottom-right"
              className="max-md:hidden!"
              nodeColor={(node: FlowNode) => node.data.color}
              nodeStrokeWidth={0}
              bgColor="var(--surface)"
              maskColor="var(--hover)"
            />
          )}
        </ReactFlow>
      </GraphContext>
    </div>
  );
}

const fit = { padding: 0.12, maxZoom: 1, duration: 0 };
