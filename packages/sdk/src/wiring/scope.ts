/** Where a reference means something: what is about one element of a mapped group stays inside it. */

import { MillraceError } from "@millrace/engine";
import { isList, type Source } from "../task/each.ts";
import type { Reference, TaskReference } from "./reference.ts";

/**
 * Refuses a reference out of reach.
 *
 * @param open the groups around the place of use.
 * @throws MillraceError DAG_INVALID
 */
export function requireUsable(
  reference: Reference,
  open: readonly { readonly id: string }[],
  dagId: string,
): void {
  const isOpen = (id: string) => open.some((group) => group.id === id);
  const refuse = (what: string, group: string): never => {
    throw new MillraceError(
      "DAG_INVALID",
      `DAG "${dagId}" uses ${what} outside the mapped group "${group}", where there is one for each ` +
        "element; use what group(…) returns, which is the list of all",
    );
  };
  if (reference.kind === "item" && !isOpen(reference.groupId)) {
    refuse("an element", reference.groupId);
  }
  if (reference.kind === "task" && reference.within !== null && !isOpen(reference.within)) {
    refuse(`the handle of task "${reference.id}"`, reference.within);
  }
  if (reference.kind === "first") for (const one of reference.of) requireUsable(one, open, dagId);
}

/**
 * The task whose value a mapping walks over; null when it needs none.
 *
 * @throws MillraceError DAG_INVALID for references that no length can be known of before the instances exist.
 */
export function requireMappable(source: Source, what: string): TaskReference | null {
  if (isList(source) || source.kind === "run") return null;
  const refuse = (problem: string): never => {
    throw new MillraceError("DAG_INVALID", `${what} maps over ${problem}`);
  };
  if (source.kind === "item") {
    return refuse(
      `an element of the mapped group "${source.groupId}"; map over a list from outside of it, or map ` +
        "a task that does this list's work in one instance",
    );
  }
  if (source.kind === "first") {
    return refuse("the value of whichever case is taken; pass it through a task and map over that");
  }
  if (source.within !== null) {
    return refuse(
      `a value made inside the mapped group "${source.within}"; only lists from outside of it have ` +
        "one length for all its elements",
    );
  }
  if (source.isList && source.path.length > 0) {
    return refuse(
      `a part of the results of the mapped task "${source.id}"; map over all of them, or pass the part ` +
        "through a task",
    );
  }
  return source;
}
