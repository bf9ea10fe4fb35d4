/** Reads what a mapping walks over: a list that is written out, a list that a task returns, or one that a run is given. */

import type { Json } from "../spec/args.ts";
import {
  ArgsError,
  isList,
  parseExpression,
  referencesOf,
  runReference,
  taskReference,
} from "../spec/args.ts";

export type MapSource =
  | { readonly kind: "list"; readonly elements: readonly Json[] }
  | {
      readonly kind: "task";
      readonly taskId: string;
      /** Into its value; empty for the value itself. */
      readonly path: readonly (string | number)[];
    }
  | { readonly kind: "run"; readonly path: readonly (string | number)[] };

/**
 * Parses one source of an axis.
 *
 * @throws ArgsError that says what is wrong
 */
export function readSource(text: string): MapSource {
  const expression = parseExpression(text);
  if (isList(expression)) {
    const { taskIds, items, refersToRun } = referencesOf(expression);
    if (taskIds.length > 0 || items.length > 0 || refersToRun)
      throw new ArgsError(
        "have references among the elements of the list; let a task return the list and map over that",
      );
    return { kind: "list", elements: expression };
  }
  const task = taskReference(expression);
  if (task) return { kind: "task", ...task };
  const path = runReference(expression);
  if (path) return { kind: "run", path };
  throw new ArgsError(
    "are no list; write a JSON array, a reference to a task's value, or one to the run's params",
  );
}
