/** What the mappings of a random DAG walk over. */

import type { MapAxis } from "../../spec/spec.ts";
import type { AxisDraw } from "./draws.ts";
import type { EdgeSet, Layout } from "./random-layout.ts";
import { idOf } from "./random-layout.ts";

/** Lengths that occur; the empty list seldom, because nothing follows from it. */
const lengths = [2, 1, 3, 2, 0, 2, 3] as const;
const paramCount = 4;
const fallback = "[1,2]";

/** Where sources come from, and who then has to wait for them. */
type Reader = {
  /** Tasks before this position may give the list. */
  readonly before: number;
  /** The outermost mapped group around what is mapped, which must not give it. */
  readonly outermost: number | undefined;
  readonly waiting: readonly number[];
};

export class Lists {
  readonly #layout: Layout;
  readonly #edges: EdgeSet;

  constructor(layout: Layout, edges: EdgeSet) {
    this.#layout = layout;
    this.#edges = edges;
  }

  ofTask(at: number, each: readonly AxisDraw[]): MapAxis[] {
    if (!this.#layout.isOwnMapped[at]) return [];
    const outermost = this.#layout.mappedAround[at]!.at(-1);
    return this.#axes(each, { before: at, outermost, waiting: [at] });
  }

  /** The tasks that nothing of the group comes before wait for its lists. */
  ofGroup(g: number, each: readonly AxisDraw[]): MapAxis[] {
    const { isMapped, chain, groupOf } = this.#layout;
    if (!isMapped[g]) return [];
    const members = [...groupOf.keys()].filter((at) => chain(groupOf[at]!).includes(g));
    const outermost = chain(g).findLast((one) => isMapped[one]);
    const isRoot = (at: number): boolean =>
      !this.#edges.parents(at).some((parent) => members.includes(parent));
    return this.#axes(each, {
      before: members[0] ?? 0,
      outermost,
      waiting: members.filter(isRoot),
    });
  }

  #axes(each: readonly AxisDraw[], reader: Reader): MapAxis[] {
    return each.map((axis) => ({ sources: axis.map((pick) => this.#source(pick, reader)) }));
  }

  #source(pick: number, { before, outermost, waiting }: Reader): string {
    const number = pick >> 2;
    if (pick % 4 === 0)
      return JSON.stringify(Array.from({ length: lengths[number % lengths.length]! }, (_, n) => n));
    if (pick % 4 === 1)
      return JSON.stringify({ $: "run", path: ["params", `p${number % paramCount}`] });
    const { mappedAround, isOwnMapped } = this.#layout;
    const from = before === 0 ? -1 : number % before;
    if (from < 0 || (outermost !== undefined && mappedAround[from]!.includes(outermost)))
      return fallback;
    for (const at of waiting) this.#edges.add(from, at);
    const isList = isOwnMapped[from]! || mappedAround[from]!.length > 0;
    return JSON.stringify({
      $: "task",
      id: idOf(from),
      path: isList || pick % 8 < 4 ? [] : ["rows"],
    });
  }
}
