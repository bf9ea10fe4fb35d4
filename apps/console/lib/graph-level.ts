/** Places the items of one level of the graph: with d3-dag where it is fast enough, else by the linear layout. */
import { coordGreedy, decrossTwoLayer, graph, layeringLongestPath, sugiyama } from "d3-dag";
import type { GraphNode } from "d3-dag";
import { acrossGap, alongGap } from "./graph-geometry.ts";
import type { Direction, Level, LevelEdge, LevelItem, Point } from "./graph-geometry.ts";
import { fitsOneLane, linearLevel, ranksOf } from "./graph-linear.ts";

/** d3-dag takes about 150 ms for 300 nodes; above, and for layers too wide to look at, the linear layout is used. */
const sugiyamaItemsMax = 250;

export function layoutLevel(
  items: readonly LevelItem[],
  edges: readonly LevelEdge[],
  direction: Direction,
): Level {
  if (items.length === 0) return { width: 0, height: 0, positions: new Map(), ways: new Map() };
  const ranks = ranksOf(items, edges);
  const isWide = ranks.layers.some((layer) => !fitsOneLane(layer, direction));
  return items.length > sugiyamaItemsMax || isWide
    ? linearLevel(items, { ranks, direction })
    : sugiyamaLevel(items, edges, direction);
}

function sugiyamaLevel(
  items: readonly LevelItem[],
  edges: readonly LevelEdge[],
  direction: Direction,
): Level {
  const dag = graph<LevelItem, LevelEdge>();
  const nodes = new Map(items.map((item) => [item.id, dag.node(item)]));
  for (const edge of edges) {
    const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
    if (from && to) dag.link(from, to, edge);
  }
  // d3-dag's layers go down; to the right is the same with the axes exchanged.
  const turn = (x: number, y: number): Point => (direction === "right" ? [y, x] : [x, y]);
  const layout = sugiyama()
    .nodeSize(({ data }: GraphNode<LevelItem, LevelEdge>) => {
      const [across, along] = turn(data.width, data.height);
      return [across, along] as const;
    })
    .gap([acrossGap, alongGap])
    .layering(layeringLongestPath())
    .decross(decrossTwoLayer().passes(6))
    .coord(coordGreedy());
  const size = layout(dag);
  const [width, height] = turn(size.width, size.height);
  const positions = new Map<string, Point>();
  for (const node of dag.nodes()) {
    const [x, y] = turn(node.x, node.y);
    positions.set(node.data.id, [x - node.data.width / 2, y - node.data.height / 2]);
  }
  const ways = new Map<string, readonly Point[]>();
  for (const link of dag.links()) {
    if (link.points.length > 2)
      ways.set(
        link.data.key,
        link.points.slice(1, -1).map(([x, y]) => turn(x, y)),
      );
  }
  return { width, height, positions, ways };
}
