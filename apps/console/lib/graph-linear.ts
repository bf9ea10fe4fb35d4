/** A layered layout in about linear time for large levels: longest-path ranks, barycenter sweeps, wrapped layers. */
import { acrossGap, alongGap } from "./graph-geometry.ts";
import type { Direction, Level, LevelEdge, LevelItem, Point } from "./graph-geometry.ts";

export type Ranks = {
  /** Item indexes by rank. */
  readonly layers: readonly (readonly number[])[];
  readonly parents: readonly (readonly number[])[];
  readonly children: readonly (readonly number[])[];
};

const sweeps = 8;

/** A layer with more items than this, in a graph that goes to the right, is broken into lanes side by side. */
const laneItemsMax = 24;

/**
 * A graph that goes down is on a narrow screen, where a layer of nine would be unreadable: its lanes hold a share of
 * the root of the layer's size, so that they fill about a portrait frame.
 */
const downLaneShare = 0.7;
const downLaneItemsMin = 2;

/** Whether a layer fits one lane, as d3-dag draws it. */
export function fitsOneLane(layer: readonly number[], direction: Direction): boolean {
  return layer.length <= (direction === "right" ? layerItemsMax : downLaneItemsMin);
}

/** d3-dag's columns may be a little longer than a lane: breaking is for what is far too long. */
const layerItemsMax = 28;

/** The longest path from a root. Edges between folded groups may close a circle; those inside one keep rank 0 and up. */
export function ranksOf(items: readonly LevelItem[], edges: readonly LevelEdge[]): Ranks {
  const indexOf = new Map(items.map((item, ix) => [item.id, ix]));
  const parents: number[][] = items.map(() => []);
  const children: number[][] = items.map(() => []);
  for (const edge of edges) {
    const [from, to] = [indexOf.get(edge.from), indexOf.get(edge.to)];
    if (from === undefined || to === undefined) continue;
    children[from]?.push(to);
    parents[to]?.push(from);
  }
  const rank = new Int32Array(items.length);
  const waiting = Int32Array.from(parents, (list) => list.length);
  const ready = [...waiting.keys()].filter((ix) => waiting[ix] === 0);
  for (let at = 0; at < ready.length; at += 1) {
    const from = ready[at] ?? 0;
    for (const to of children[from] ?? []) {
      rank[to] = Math.max(rank[to] ?? 0, (rank[from] ?? 0) + 1);
      waiting[to] = (waiting[to] ?? 0) - 1;
      if (waiting[to] === 0) ready.push(to);
    }
  }
  const layers: number[][] = [];
  items.forEach((_, ix) => (layers[rank[ix] ?? 0] ??= []).push(ix));
  return { layers: layers.map((layer) => layer ?? []), parents, children };
}

export function linearLevel(
  items: readonly LevelItem[],
  {
    ranks,
    direction,
    rooms = noRooms,
  }: {
    readonly ranks: Ranks;
    readonly direction: Direction;
    /** What items need behind them, beyond the gap. */
    readonly rooms?: ReadonlyMap<string, number>;
  },
): Level {
  const layers = ordered(ranks, items.length);
  const acrossOf = (item: LevelItem) => (direction === "right" ? item.height : item.width);
  const alongOf = (item: LevelItem) => (direction === "right" ? item.width : item.height);
  const lanes = layers.flatMap((layer) => lanesOf(layer, direction));
  const lengths = lanes.map((lane) =>
    lane.items.reduce((sum, ix) => sum + acrossOf(items[ix] ?? none) + acrossGap, -acrossGap),
  );
  const across = Math.max(...lengths);
  const positions = new Map<string, Point>();
  let along = 0;
  lanes.forEach((lane, laneIx) => {
    const depth = Math.max(
      ...lane.items.map((ix) => alongOf(items[ix] ?? none) + (rooms.get(items[ix]?.id ?? "") ?? 0)),
    );
    let at = (across - (lengths[laneIx] ?? 0)) / 2;
    for (const ix of lane.items) {
      const item = items[ix] ?? none;
      positions.set(item.id, direction === "right" ? [along, at] : [at, along]);
      at += acrossOf(item) + acrossGap;
    }
    along += depth + (lane.isLast ? alongGap : acrossGap);
  });
  const total = along - alongGap;
  const [width, height] = direction === "right" ? [total, across] : [across, total];
  return { width, height, positions, ways: new Map() };
}

const noRooms: ReadonlyMap<string, number> = new Map();
const none: LevelItem = { id: "", width: 0, height: 0 };

function lanesOf(
  layer: readonly number[],
  direction: Direction,
): { items: readonly number[]; isLast: boolean }[] {
  const most =
    direction === "right"
      ? laneItemsMax
      : Math.max(downLaneItemsMin, Math.round(Math.sqrt(layer.length) * downLaneShare));
  const count = Math.ceil(layer.length / most);
  const size = Math.ceil(layer.length / count);
  return Array.from({ length: count }, (_, lane) => ({
    items: layer.slice(lane * size, (lane + 1) * size),
    isLast: lane === count - 1,
  }));
}

/** Sorts each layer by the mean place of its neighbours, down and up in turn. */
function ordered({ layers, parents, children }: Ranks, count: number): number[][] {
  const result = layers.map((layer) => [...layer]);
  const place = new Float64Array(count);
  const settle = (layer: readonly number[]) =>
    layer.forEach((ix, at) => (place[ix] = (at + 0.5) / layer.length));
  for (const layer of result) settle(layer);
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const neighbours = sweep % 2 === 0 ? parents : children;
    for (const layer of sweep % 2 === 0 ? result : result.toReversed()) {
      const mean = new Map(
        layer.map((ix) => [ix, meanOf(neighbours[ix] ?? [], place, place[ix] ?? 0)]),
      );
      layer.sort((a, b) => (mean.get(a) ?? 0) - (mean.get(b) ?? 0));
      settle(layer);
    }
  }
  return result;
}

function meanOf(neighbours: readonly number[], place: Float64Array, otherwise: number): number {
  if (neighbours.length === 0) return otherwise;
  return neighbours.reduce((sum, ix) => sum + (place[ix] ?? 0), 0) / neighbours.length;
}
