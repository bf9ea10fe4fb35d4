/** The lists that a run's own facts give to mappings: those among its params. */

import { listAt, type JsonList } from "@millrace/wire";

type Path = readonly (string | number)[];

export type RunLists = {
  /** The list that a run reference gives, cut once; null when it is none. */
  list(path: Path): JsonList | null;
  lengthOf(path: Path): number | null;
};

export function createRunLists(params: Uint8Array): RunLists {
  const lists = new Map<string, JsonList | null>();

  function list(path: Path): JsonList | null {
    const [field, ...rest] = path;
    // Nothing else of a run is a list.
    if (field !== "params") return null;
    const name = JSON.stringify(rest);
    let found = lists.get(name);
    if (found === undefined) {
      found = listAt(params, rest);
      lists.set(name, found);
    }
    return found;
  }

  return { list, lengthOf: (path) => list(path)?.length ?? null };
}
