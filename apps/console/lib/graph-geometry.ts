/** The words that the layouts share. */

export type Direction = "right" | "down";
export type Point = readonly [number, number];
export type LevelItem = { readonly id: string; readonly width: number; readonly height: number };
export type LevelEdge = { readonly key: string; readonly from: string; readonly to: string };

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
