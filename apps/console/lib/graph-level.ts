/** Places the items of one level of the graph: with d3-dag where it is fast enough, else by the linear layout. */
import { coordGreedy, decrossTwoLayer, graph, layeringLongestPath, sugiyama } from "d3-dag";
import type { GraphNode } from "d3-dag";
import { acrossGap, alongGap, labelRoom } from "./graph-geometry.ts";
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
    ? linearLevel(items, { ranks, direction, rooms: labelRoom(edges, direction) })
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
  const rooms = labelRoom(edges, direction);
  const roomOf = (item: LevelItem) => rooms.get(item.id) ?? 0;
  // d3-dag's layers go down; to the right is the same with the axes exchanged.
  const turn = (x: number, y: number): Point => (direction === "right" ? [y, x] : [x, y]);
  const layout = sugiyama()
    .nodeSize(({ data }: GraphNode<LevelItem, LevelEdge>) => {
      const [across, along] = turn(data.width, data.height);
      return [across, along + roomOf(data)] as const;
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
    // The room is behind the item, within what the layout took for the item itself.
    positions.set(node.data.id, [
      x - (node.data.width + roomOf(node.data)) / 2,
      y - node.data.height / 2,
    ]);
  }
  const halfOf = halvesOf(dag.nodes(), (item) => turn(item.width, item.height)[1] + roomOf(item));
  const ways = new Map<string, readonly Point[]>();
  for (const link of dag.links()) {
    // Straight through a layer, so that no item of it is touched; the turns are in the gaps.
    const points = link.points.slice(1, -1).flatMap(([across, along]) => {
      const half = halfOf.get(Math.round(along)) ?? 0;
      return [turn(across, along - half), turn(across, along + half)];
    });
    if (points.length > 0) ways.set(link.data.key, points);
  }
  return { width, height, positions, ways };
}

/** Half of what the longest item of each layer takes, by the layer's middle. */
function halvesOf(
  nodes: Iterable<GraphNode<LevelItem, LevelEdge>>,
  alongOf: (item: LevelItem) => number,
): ReadonlyMap<number, number> {
  const halves = new Map<number, number>();
  for (const node of nodes) {
    const middle = Math.round(node.y);
    halves.set(middle, Math.max(halves.get(middle) ?? 0, alongOf(node.data) / 2));
  }
  return halves;
}
