/** The words that the layouts share. */

export type Direction = "right" | "down";
export type Point = readonly [number, number];
export type LevelItem = { readonly id: string; readonly width: number; readonly height: number };
export type LevelEdge = {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** What stands on it. Left out means nothing. */
  readonly label?: string;
};

/** One laid out level of the graph: the items of the DAG itself, or of one open group. */
export type Level = {
  readonly width: number;
  readonly height: number;
  /** Left top corner of each item. */
  readonly positions: ReadonlyMap<string, Point>;
  /** Points between the ends of edges that pass other items, by key. */
  readonly ways: ReadonlyMap<string, readonly Point[]>;
};

/** Gaps between neighbours of a layer, and between layers, in px. */
export const acrossGap = 12;
export const alongGap = 52;

/** Room for words on the arrows of a graph that goes to the right: about the width of a letter, and what is beside. */
const labelLetterWidth = 6;
const labelBeside = 36;
const labelGapMax = 170;

/** What an item needs behind it, beyond the gap, so that the words on the arrows that leave it can be read; in px. */
export function labelRoom(
  edges: readonly LevelEdge[],
  direction: Direction,
): ReadonlyMap<string, number> {
  const rooms = new Map<string, number>();
  if (direction === "down") return rooms;
  for (const { from, label = "" } of edges) {
    if (label === "") continue;
    const wanted = Math.min(labelGapMax, labelBeside + label.length * labelLetterWidth);
    rooms.set(from, Math.max(rooms.get(from) ?? 0, wanted - alongGap));
  }
  return rooms;
}
