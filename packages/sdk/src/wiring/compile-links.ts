/** From what was said about order to arrows between tasks, the tasks of cases, and the joins after them. */

import type { BranchCase, Edge } from "@millrace/engine";
import { Borders } from "./borders.ts";
import { Cases } from "../task/cases.ts";
import { Edges } from "./edges.ts";
import type { Link, Wiring } from "./wiring.ts";

export type Compiled = {
  readonly edges: readonly Edge[];
  /** By branch: its cases in the order they stand in. */
  readonly cases: ReadonlyMap<string, readonly BranchCase[]>;
  /** Tasks that come after the cases of a branch, of which only some run. */
  readonly joins: ReadonlySet<string>;
};

/**
 * Arrows from data come first, then those between single tasks, then those of groups and other parts: where they begin
 * and end is seen by all that is known of their inside by then, whatever order the calls had.
 */
export function compileLinks(wiring: Wiring): Compiled {
  const edges = new Edges();
  for (const { from, to } of wiring.dataEdges) edges.add(from, to);
  const cases = new Cases(wiring);
  const joins = new Set<string>();
  const borders = new Borders(wiring, edges, cases);
  const [ofTasks, others] = split(wiring.links, isBetweenTasks);
  for (const link of [...ofTasks, ...others]) {
    const roots = borders.rootsOf(link.to);
    const ends = borders.endsOf(link.from);
    const label = link.label === "" ? (link.caseName ?? "") : link.label;
    for (const branch of ends.emptyBranches) {
      const names = cases.addToEmpty(branch, roots);
      for (const to of roots) edges.add(branch, to, link.label === "" ? names : link.label);
    }
    for (const from of ends.ids) for (const to of roots) edges.add(from, to, label);
    if (link.caseName !== null) cases.add(link.from.id, link.caseName, roots);
    if (ends.isChoice) for (const root of roots) joins.add(root);
  }
  return { edges: edges.list(), cases: cases.all(), joins };
}

function isBetweenTasks({ from, to }: Link): boolean {
  return from.kind === "task" && to.kind === "task";
}

function split<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
