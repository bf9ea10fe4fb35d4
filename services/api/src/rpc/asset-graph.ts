import { readAssetGraph, type GraphAssetRow, type GraphUseRow } from "@millrace/db";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Handler } from "@millrace/service";
import {
  AssetGraphEdgeKind,
  type AssetGraphEdgeSchema,
  type AssetGraphNodeSchema,
  type AssetService,
} from "@millrace/wire/v1";
import { requireAsset } from "../asset-reading.ts";
import type { ApiContext } from "../context.ts";
import { requireDag } from "../dag-reading.ts";
import { fieldInvalid } from "../fields.ts";
import { apiLimits } from "../limits.ts";
import { dateOf } from "../messages/dag.ts";

type Node = MessageInitShape<typeof AssetGraphNodeSchema> & { readonly nodeId: string };
type Edge = Omit<MessageInitShape<typeof AssetGraphEdgeSchema>, "$typeName"> & {
  readonly fromNodeId: string;
  readonly toNodeId: string;
  readonly kind: AssetGraphEdgeKind;
  readonly taskIds: string[];
};

/** All that active DAGs name, or what is connected with one of it. */
export function getAssetGraph(
  context: ApiContext,
): Handler<typeof AssetService.method.getAssetGraph> {
  return async (request) => {
    if (request.depth < 0)
      throw fieldInvalid("depth", `is ${request.depth}; write 0 for any, or a positive number.`);
    const starts: string[] = [];
    if (request.asset !== "")
      starts.push(`asset:${(await requireAsset(context, request.asset)).uri}`);
    if (request.dagId !== "")
      starts.push(`dag:${(await requireDag(context, request.dagId)).dag_id}`);
    const { uses, assets } = await readAssetGraph(context.db, {
      uses: apiLimits.assetGraphUsesMax,
      assets: apiLimits.assetGraphUsesMax,
    });
    const graph = graphOf(uses, assets);
    const wanted =
      starts.length === 0
        ? new Set(graph.nodes.keys())
        : connectedWith(starts, graph.edges, request.depth || Infinity);
    const ids = [...wanted].filter((id) => graph.nodes.has(id)).toSorted();
    const shown = new Set(ids.slice(0, apiLimits.assetGraphNodesMax));
    return {
      nodes: [...shown].map((id) => graph.nodes.get(id)!),
      edges: graph.edges.filter((edge) => shown.has(edge.fromNodeId) && shown.has(edge.toNodeId)),
      isCut: shown.size < ids.length || uses.length === apiLimits.assetGraphUsesMax,
    };
  };
}

const kinds = {
  1: AssetGraphEdgeKind.PRODUCES,
  2: AssetGraphEdgeKind.READS,
  3: AssetGraphEdgeKind.SCHEDULES,
  // Runs are given its instances.
  4: AssetGraphEdgeKind.READS,
} as const;

function graphOf(
  uses: readonly GraphUseRow[],
  assets: readonly GraphAssetRow[],
): { readonly nodes: ReadonlyMap<string, Node>; readonly edges: readonly Edge[] } {
  const nodes = new Map<string, Node>();
  const edges = new Map<string, Edge>();
  function link(fromNodeId: string, toNodeId: string, kind: AssetGraphEdgeKind, taskId = "") {
    const key = `${kind} ${fromNodeId} ${toNodeId}`;
    const edge = edges.get(key) ?? { fromNodeId, toNodeId, kind, taskIds: [] };
    edges.set(key, edge);
    if (taskId !== "" && edge.taskIds.length < tasksOfEdgeMax) edge.taskIds.push(taskId);
  }
  function alias(name: string): string {
    const nodeId = `alias:${name}`;
    nodes.set(nodeId, { nodeId, kind: { case: "alias", value: { name } } });
    return nodeId;
  }
  for (const { uri, name, asset_group: group, last_event_at, aliases } of assets) {
    const nodeId = `asset:${uri}`;
    const lastEventAt = dateOf(last_event_at);
    const value = { uri, name, group, ...(lastEventAt && { lastEventAt }) };
    nodes.set(nodeId, { nodeId, kind: { case: "asset", value } });
    for (const one of aliases) link(alias(one), nodeId, AssetGraphEdgeKind.NAMED_FOR);
  }
  for (const use of uses) {
    const dag = `dag:${use.dag_id}`;
    const value = { dagId: use.dag_id, isPaused: use.is_paused };
    nodes.set(dag, { nodeId: dag, kind: { case: "dag", value } });
    const other = use.alias === "" ? `asset:${use.uri}` : alias(use.alias);
    if (use.kind === 1) link(dag, other, kinds[1], use.task_id);
    else link(other, dag, kinds[use.kind], use.task_id);
  }
  return { nodes, edges: [...edges.values()] };
}

const tasksOfEdgeMax = 20;

/** Whatever can be reached along arrows, in either direction. */
function connectedWith(
  starts: readonly string[],
  edges: readonly Edge[],
  depth: number,
): Set<string> {
  const neighbours = new Map<string, string[]>();
  for (const { fromNodeId, toNodeId } of edges) {
    neighbours.set(fromNodeId, [...(neighbours.get(fromNodeId) ?? []), toNodeId]);
    neighbours.set(toNodeId, [...(neighbours.get(toNodeId) ?? []), fromNodeId]);
  }
  const found = new Set(starts);
  let edge = [...starts];
  for (let step = 0; step < depth && edge.length > 0; step += 1) {
    edge = edge.flatMap((id) => neighbours.get(id) ?? []).filter((id) => !found.has(id));
    for (const id of edge) found.add(id);
  }
  return found;
}
