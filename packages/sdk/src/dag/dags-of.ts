/** Finds DAGs among the exports of a file. */

import { dagMark, type DagDefinition } from "./dag.ts";
import { isMarked } from "../shared.ts";

export const dagClassMark: unique symbol = Symbol.for("millrace.dagClass");

/** Whether a value is a DAG definition, of this or another copy of this package. */
export function isDag(value: unknown): value is DagDefinition {
  return isMarked(value, dagMark);
}

/**
 * The DAGs a module exports in any way: by name, as default, as a decorated class, in a list or an object.
 * Each once, in the order of exports.
 */
export function dagsOf(module: object): DagDefinition[] {
  const found = new Set<DagDefinition>();
  for (const exported of Object.values(module) as unknown[]) {
    for (const dag of [...dagsIn(exported), ...dagsInside(exported)]) found.add(dag);
  }
  return [...found];
}

function dagsIn(value: unknown): DagDefinition[] {
  if (isDag(value)) return [value];
  if (isMarked(value, dagClassMark)) return [value[dagClassMark] as DagDefinition];
  return [];
}

/** One level deep: the elements of a list, the fields of a plain object. */
function dagsInside(value: unknown): DagDefinition[] {
  if (typeof value !== "object" || value === null || isDag(value)) return [];
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  return isPlain ? Object.values(value).flatMap(dagsIn) : [];
}
