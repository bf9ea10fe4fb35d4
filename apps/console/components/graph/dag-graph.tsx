"use client";
import {
  Background,
  Controls,
  MiniMap,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { ChevronsDownUp, ChevronsUpDown } from "lucide-react";
import { useMemo, useState } from "react";
import type { DagSpec, TaskInstance } from "@millrace/wire/v1";
import { plural } from "../../lib/format.ts";
import { useFolds } from "../../lib/use-folds.ts";
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
  /** Those that a change is to be made to, and what adds to them; left out where nothing can be changed. */
  readonly chosen?: ReadonlySet<string>;
  readonly onChoose?: (taskIds: readonly string[]) => void;
  /** True makes the frame as high as the graph needs, up to a share of the screen; else it fills its parent. */
  readonly isSnug?: boolean;
  /** What the picture is of, for those who do not see it. */
  readonly label?: string;
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

const none: ReadonlySet<string> = new Set();

function Drawing(props: Props) {
  const { spec, tasks, selected, onSelect, isSnug = false, className = "" } = props;
  const { label = "Graph of the tasks" } = props;
  const { chosen = none, onChoose = null } = props;
  const [folded, setFolded] = useFolds(spec.dagId, spec);
  const { nodes, edges, wrapper, view, height } = useFlow(spec, {
    ...{ tasks, folded, selected, chosen },
  });
  const { getNode } = useReactFlow();
  const context = useMemo(
    () => ({
      onSelect,
      onChoose,
      onFold(groupId: string, isFolded: boolean) {
        const next = new Set(folded);
        if (isFolded) next.add(groupId);
        else next.delete(groupId);
        view.hold(groupId, getNode(groupId)?.position ?? { x: 0, y: 0 });
        setFolded(next);
      },
    }),
    [onSelect, onChoose, folded, setFolded, view, getNode],
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
          onMove={view.moved}
          aria-label={label}
        >
          <Background gap={24} size={1} color="var(--line)" />
          <Controls
            showInteractive={false}
            position="top-right"
            orientation="horizontal"
            fitViewOptions={fit}
            onFitView={view.fitted}
          />
          {spec.groups.length > 0 && (
            <FoldAll groups={spec.groups.map((group) => group.groupId)} onFold={setFolded} />
          )}
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

type FoldAllProps = {
  readonly groups: readonly string[];
  readonly onFold: (folded: ReadonlySet<string>) => void;
};

function FoldAll({ groups, onFold }: FoldAllProps) {
  return (
    <Panel position="top-left" className="flex gap-1">
      <Button tone="small" onClick={() => onFold(new Set(groups))} title="Fold all groups">
        <ChevronsDownUp size={12} aria-hidden /> Fold all
      </Button>
      <Button tone="small" onClick={() => onFold(new Set())} title="Open all groups">
        <ChevronsUpDown size={12} aria-hidden /> Open all
      </Button>
    </Panel>
  );
}

const fit = { padding: 0.12, maxZoom: 1, duration: 0 };
