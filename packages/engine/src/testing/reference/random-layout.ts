/** Where the tasks of a random DAG are: in which groups, and after which others. */

import type { Edge } from "../../spec/spec.ts";
import type { Draw, GroupDraw, Mix } from "./draws.ts";

export type Layout = {
  /** By group: the one around it, or -1. */
  readonly parentOf: readonly number[];
  /** By task: its group, or -1. */
  readonly groupOf: readonly number[];
  /** By task: the mapped groups around it, innermost first. */
  readonly mappedAround: readonly (readonly number[])[];
  readonly isMapped: readonly boolean[];
  /** By task: whether it is mapped by itself. */
  readonly isOwnMapped: readonly boolean[];
  /** A group and those around it, innermost first. */
  chain(group: number): readonly number[];
};

export const idOf = (at: number): string => `t${at}`;

export function layoutOf(
  draws: readonly Draw[],
  drawn: readonly GroupDraw[],
  { hasGroups, hasMapping, hasControl }: Mix,
): Layout {
  // A group's parent has a smaller number, so that groups are a forest.
  const parentOf = drawn.map(({ parent }, g) => (g === 0 || parent % 2 === 0 ? -1 : parent % g));
  const chain = (g: number): number[] => (g < 0 ? [] : [g, ...chain(parentOf[g]!)]);
  const isMapped = drawn.map((one) => hasMapping && one.isMapped % 3 > 0);
  // The first tasks are in no group, so that there is something to map over.
  const groupOf = draws.map(({ group }, at) =>
    hasGroups && at > 1 && group % 3 > 0 ? group % drawn.length : -1,
  );
  return {
    parentOf,
    groupOf,
    isMapped,
    chain,
    mappedAround: groupOf.map((g) => chain(g).filter((one) => isMapped[one])),
    isOwnMapped: draws.map(
      (one) => hasMapping && one.isMapped % 4 === 0 && (!hasControl || one.control % 6 > 1),
    ),
  };
}

/** Edges by position; they lead from lower to higher ones only. */
export class EdgeSet {
  readonly #children = new Map<number, Set<number>>();

  add(from: number, to: number): void {
    const children = this.#children.get(from) ?? new Set();
    this.#children.set(from, children.add(to));
  }

  parents(at: number): number[] {
    return [...this.#children].flatMap(([from, children]) => (children.has(at) ? [from] : []));
  }

  descendants(at: number): number[] {
    const found = new Set<number>([at]);
    for (const from of found) for (const to of this.#children.get(from) ?? []) found.add(to);
    found.delete(at);
    return [...found].sort((a, b) => a - b);
  }

  list(): Edge[] {
    return [...this.#children].flatMap(([from, children]) =>
      [...children].map((to) => ({ from: idOf(from), to: idOf(to), label: "" })),
    );
  }
}
