/** Order of several things at once. */

import { MillraceError } from "@millrace/engine";
import { orderMark, type Ordered } from "./order.ts";
import { currentWiring } from "./wiring.ts";

/**
 * Runs one after the other: `chain(a, [b, c], d)` runs `a`, then `b` and `c`, then `d`.
 * Two lists side by side are paired element by element, as in Airflow, and must have the same length.
 */
export function chain(...links: readonly (Ordered | readonly Ordered[])[]): void {
  const wiring = currentWiring("chain(…)");
  links.slice(1).forEach((link, index) => {
    for (const [from, to] of pairs(links[index] ?? [], link, index + 1)) {
      wiring.order(from[orderMark], to[orderMark]);
    }
  });
}

type Link = Ordered | readonly Ordered[];

function pairs(from: Link, to: Link, position: number): [Ordered, Ordered][] {
  if (!isList(from)) return listOf(to).map((one) => [from, one]);
  if (!isList(to)) return from.map((one) => [one, to]);
  if (from.length !== to.length) {
    throw new MillraceError(
      "DAG_INVALID",
      `chain(…): the lists at positions ${position} and ${position + 1} have ${from.length} and ` +
        `${to.length} elements; lists side by side are paired, so give them the same length`,
    );
  }
  return from.map((one, index) => [one, to[index] as Ordered]);
}

function listOf(link: Link): readonly Ordered[] {
  return isList(link) ? link : [link];
}

function isList(link: Link): link is readonly Ordered[] {
  return Array.isArray(link);
}
