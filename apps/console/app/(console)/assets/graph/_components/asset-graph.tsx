"use client";
import { Database, Tag, Workflow } from "lucide-react";
import Link from "next/link";
import { useMemo } from "react";
import { AssetGraphEdgeKind } from "@millrace/wire/v1";
import type { AssetGraphEdge, AssetGraphNode } from "@millrace/wire/v1";
import { nodeLabel, placeAssets } from "../../../../../lib/asset-graph.ts";
import { assetHref } from "../../../../../lib/assets.ts";
import { edgePath, wayBetween } from "../../../../../lib/edge-path.ts";
import type { GraphItem } from "../../../../../lib/graph-layout.ts";

type Props = {
  readonly nodes: readonly AssetGraphNode[];
  readonly edges: readonly AssetGraphEdge[];
  /** The uri of the asset that is in the middle; empty for none. */
  readonly focus: string;
};

export function AssetGraph({ nodes, edges, focus }: Props) {
  const layout = useMemo(() => placeAssets(nodes, edges), [nodes, edges]);
  const items = new Map(layout.items.map((item) => [item.id, item]));
  const ways = new Map(layout.edges.map((edge) => [`${edge.from}\n${edge.to}`, edge.points]));
  return (
    <div className="relative" style={{ width: layout.width, height: layout.height }}>
      <svg
        aria-hidden
        width={layout.width}
        height={layout.height}
        className="absolute inset-0 overflow-visible"
      >
        <defs>
          <marker
            id="asset-arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0,0L8,4L0,8Z" className="fill-line-strong" />
          </marker>
        </defs>
        {edges.map((edge) => {
          const from = items.get(edge.fromNodeId);
          const to = items.get(edge.toNodeId);
          if (from === undefined || to === undefined) return null;
          const between = ways.get(`${from.id}\n${to.id}`) ?? [];
          return (
            <path
              key={`${edge.fromNodeId} ${edge.toNodeId} ${edge.kind}`}
              d={
                to.x > from.x
                  ? edgePath(wayBetween(from, to, { between, direction: "right" }), "right")
                  : around(from, to)
              }
              markerEnd="url(#asset-arrow)"
              fill="none"
              stroke="currentColor"
              strokeDasharray={edge.kind === AssetGraphEdgeKind.READS ? "4 4" : undefined}
              className="text-line-strong"
            />
          );
        })}
      </svg>
      <ul aria-label="DAGs and assets">
        {nodes.map((node) => {
          const item = items.get(node.nodeId);
          return item === undefined ? null : (
            <li
              key={node.nodeId}
              className="absolute"
              style={{ left: item.x, top: item.y, width: item.width, height: item.height }}
            >
              <Node node={node} isFocus={isFocus(node, focus)} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Room below the boxes for an arrow that goes back. */
const detour = 36;

/** Of an arrow that goes back, which would run behind the boxes. */
function around(from: GraphItem, to: GraphItem): string {
  const [x1, y1] = [from.x + from.width / 2, from.y + from.height];
  const [x2, y2] = [to.x + to.width / 2, to.y + to.height];
  const low = Math.max(y1, y2) + detour;
  return `M${x1},${y1}C${x1},${low} ${x2},${low} ${x2},${y2}`;
}

function isFocus({ kind }: AssetGraphNode, focus: string): boolean {
  return kind.case === "asset" && (kind.value.uri === focus || kind.value.name === focus);
}

const icons = { dag: Workflow, asset: Database, alias: Tag } as const;

function Node({
  node,
  isFocus: isMiddle,
}: {
  readonly node: AssetGraphNode;
  readonly isFocus: boolean;
}) {
  const { kind } = node;
  if (kind.case === undefined) return null;
  const Icon = icons[kind.case];
  const label = nodeLabel(node);
  const box = `flex h-full items-center gap-2 border px-3 ${kind.case === "dag" ? "rounded-panel border-line bg-raised" : "rounded-full border-accent/50 bg-surface"} ${isMiddle ? "ring-2 ring-accent" : ""}`;
  const content = (
    <>
      <Icon size={15} aria-hidden className="shrink-0 text-muted" />
      <span className="truncate" title={label}>
        {label}
      </span>
      {kind.case === "dag" && kind.value.isPaused && (
        <span className="text-label text-muted">paused</span>
      )}
    </>
  );
  if (kind.case === "alias") return <div className={box}>{content}</div>;
  const href =
    kind.case === "dag"
      ? `/dags/${encodeURIComponent(kind.value.dagId)}`
      : assetHref(kind.value.uri);
  return (
    <Link href={href} className={`${box} hover:bg-hover`}>
      {content}
    </Link>
  );
}
