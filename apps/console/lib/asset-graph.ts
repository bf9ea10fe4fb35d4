/** Places DAGs and assets beside each other. */
import { AssetGraphEdgeKind } from "@millrace/wire/v1";
import type { AssetGraphEdge, AssetGraphNode } from "@millrace/wire/v1";
import { layoutGraph, type GraphLayout } from "./graph-layout.ts";

/** About the width of a letter, in px. */
const letterWidth = 7.2;

/** A DAG that is scheduled on what it makes closes a circle: such arrows are drawn, but place nothing. */
export function placeAssets(
  nodes: readonly AssetGraphNode[],
  edges: readonly AssetGraphEdge[],
): GraphLayout {
  const known = new Set(nodes.map(({ nodeId }) => nodeId));
  const tasks = nodes.map((node) => ({
    taskId: node.nodeId,
    groupId: "",
    // The box holds the name, which may be longer than the id that it is measured by.
    beside: Math.max(0, nodeLabel(node).length - node.nodeId.length) * letterWidth,
  }));
  const seen = new Set<string>();
  const arrows = withoutCircles(edges).flatMap(({ fromNodeId, toNodeId }) => {
    const key = `${fromNodeId}\n${toNodeId}`;
    if (!known.has(fromNodeId) || !known.has(toNodeId) || seen.has(key)) return [];
    seen.add(key);
    return [{ fromTaskId: fromNodeId, toTaskId: toNodeId }];
  });
  return layoutGraph(
    { tasks, edges: arrows, groups: [] },
    { folded: new Set(), direction: "right" },
  );
}

/** What stands in the box. */
export function nodeLabel({ kind }: AssetGraphNode): string {
  switch (kind.case) {
    case "dag":
      return kind.value.dagId;
    case "asset":
    case "alias":
      return kind.value.name;
    case undefined:
      return "";
  }
}

/** Arrows that read are left out where others between the same two say more; then those that close a circle. */
export function withoutCircles(edges: readonly AssetGraphEdge[]): AssetGraphEdge[] {
  const kept: AssetGraphEdge[] = [];
  const next = new Map<string, string[]>();
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return (next.get(from) ?? []).some((one) => reaches(one, to, seen));
  };
  const byWeight = edges.toSorted(
    (a, b) =>
      Number(a.kind === AssetGraphEdgeKind.READS) - Number(b.kind === AssetGraphEdgeKind.READS),
  );
  for (const edge of byWeight) {
    if (reaches(edge.toNodeId, edge.fromNodeId)) continue;
    kept.push(edge);
    next.set(edge.fromNodeId, [...(next.get(edge.fromNodeId) ?? []), edge.toNodeId]);
  }
  return kept;
}
