/** Order of several things at once. */

import { MillraceError } from "@millrace/engine";
import { orderMark, type Ordered } from "../wiring/order.ts";
import { isMarked } from "../shared.ts";
import { currentWiring } from "../wiring/wiring.ts";

const labelMark: unique symbol = Symbol.for("millrace.label");

/** A word for people on the arrows between its neighbours in a `chain`. */
export interface Label {
  readonly [labelMark]: string;
}

/**
 * Puts a word on arrows: `chain(check, label("nothing new"), stop)`. It changes nothing about what runs.
 *
 * @param text at most 250 characters.
 */
export function label(text: string): Label {
  if (typeof text === "string" && text !== "") return { [labelMark]: text };
  throw new MillraceError("DAG_INVALID", "label(…) needs a text that is not empty");
}

type Link = Ordered | readonly Ordered[];

/**
 * Runs one after the other: `chain(a, [b, c], d)` runs `a`, then `b` and `c`, then `d`.
 * Two lists side by side are paired element by element, as in Airflow, and must have the same length.
 * A `label` between two says something about the arrows between them.
 */
export function chain(...links: readonly (Link | Label)[]): void {
  const wiring = currentWiring("chain(…)");
  let previous: { readonly link: Link; readonly position: number } | null = null;
  let text: string | null = null;
  for (const [index, link] of links.entries()) {
    if (isLabel(link)) {
      if (previous === null || text !== null) refuseLabel(link);
      text = link[labelMark];
      continue;
    }
    for (const [from, to] of previous === null ? [] : pairs(previous, link, index + 1)) {
      wiring.link(from[orderMark], to[orderMark], text ?? "");
    }
    previous = { link, position: index + 1 };
    text = null;
  }
  const last = links.at(-1);
  if (last !== undefined && isLabel(last)) refuseLabel(last);
}

function pairs(
  { link: from, position }: { readonly link: Link; readonly position: number },
  to: Link,
  toPosition: number,
): [Ordered, Ordered][] {
  if (!isList(from)) return listOf(to).map((one) => [from, one]);
  if (!isList(to)) return from.map((one) => [one, to]);
  if (from.length !== to.length) {
    throw new MillraceError(
      "DAG_INVALID",
      `chain(…): the lists at positions ${position} and ${toPosition} have ${from.length} and ` +
        `${to.length} elements; lists side by side are paired, so give them the same length`,
    );
  }
  return from.map((one, index) => [one, to[index] as Ordered]);
}

function refuseLabel({ [labelMark]: text }: Label): never {
  throw new MillraceError(
    "DAG_INVALID",
    `chain(…): label("${text}") must stand between two things, and by itself`,
  );
}

function isLabel(link: Link | Label): link is Label {
  return isMarked(link, labelMark);
}

function listOf(link: Link): readonly Ordered[] {
  return isList(link) ? link : [link];
}

function isList(link: Link): link is readonly Ordered[] {
  return Array.isArray(link);
}
