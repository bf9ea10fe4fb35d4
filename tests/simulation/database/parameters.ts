/**
 * Names the parameters of a statement by its own text: in which part of it, and as which column, each is unnested. So the
 * database of the simulation follows the statement when columns are added, or change their places.
 */

import type { Parameter } from "./binary.ts";

/** Columns by part of the statement and the name of the list there, such as `finished.v` and `attempt`. */
export type NamedParameters = ReadonlyMap<string, Readonly<Record<string, readonly unknown[]>>>;

type Place = { readonly part: string; readonly column: string; readonly index: number };

const known = new Map<string, readonly Place[]>();

export function nameParameters(text: string, values: readonly Parameter[]): NamedParameters {
  let places = known.get(text);
  if (places === undefined) known.set(text, (places = placesOf(text)));
  const named = new Map<string, Record<string, readonly unknown[]>>();
  for (const { part, column, index } of places) {
    const columns = named.get(part) ?? {};
    named.set(part, columns);
    columns[column] ??= (values[index] ?? []) as readonly unknown[];
  }
  return named;
}

/** A part is a common table expression; what is unnested behind the last of them belongs to no part. */
function placesOf(text: string): Place[] {
  const code = text.replace(/--.*$/gm, "");
  const heads = [
    ...code.matchAll(/(?:^|[\s,])(\w+) AS (?:MATERIALIZED )?\(\s*(?=SELECT|INSERT|UPDATE|DELETE)/g),
  ];
  return heads.flatMap((head, at) => {
    const body = code.slice(head.index, heads[at + 1]?.index ?? code.length);
    return placesIn(head[1]!, body);
  });
}

function placesIn(part: string, body: string): Place[] {
  const places: Place[] = [];
  const lists = /unnest\(([^)]*)\)(?:\s+WITH ORDINALITY)?\s*AS (\w+) \(([^)]*)\)/g;
  for (const [, parameters = "", alias = "", columns = ""] of body.matchAll(lists)) {
    const names = columns.split(",").map((name) => name.trim());
    for (const [at, parameter] of parameters.split(",").entries()) {
      const index = Number(/\$(\d+)/.exec(parameter)?.[1]) - 1;
      places.push({ part: `${part}.${alias}`, column: names[at] ?? "", index });
    }
  }
  // Lists of which every row has a slice.
  for (const [, index] of body.matchAll(/\(\$(\d+)::int\[\]\)\[/g))
    places.push({ part: `${part}.slices`, column: "all", index: Number(index) - 1 });
  return places;
}
