/** What words that run a function return: the function's result, standing for everything the function wired. */

import { MillraceError } from "@millrace/engine";
import { makeHandle, type AnyHandle, type MappedHandle, type ResultsOf } from "../wiring/handle.ts";
import { makeOrdered, orderMark, type OrderKey, type Ordered } from "../wiring/order.ts";
import { referenceOf } from "../wiring/reference.ts";
import { isMarked } from "../shared.ts";

/** A handle keeps its type, and stands for the whole in `chain`, `before` and `after`; nothing becomes `Ordered`. */
export type Placed<R> = [R] extends [void]
  ? Ordered
  : [R] extends [AnyHandle]
    ? R
    : [R] extends [Ordered]
      ? Ordered
      : R;

/** The result of a function, with the place of all that it wired. What is neither handle nor order stays. */
export function placed(result: unknown, key: OrderKey): unknown {
  if (result === undefined) return makeOrdered(key);
  const reference = referenceOf(result);
  if (reference?.kind === "task" || reference?.kind === "first") return makeHandle(key, reference);
  return reference === undefined && isMarked(result, orderMark) ? makeOrdered(key) : result;
}

/** What a mapped group returns: for a handle the list of all its values, for an object of handles one of lists. */
export type Collected<R> = [R] extends [void]
  ? Ordered
  : R extends MappedHandle<infer T>
    ? MappedHandle<T>
    : R extends AnyHandle<infer T>
      ? ResultsOf<T>
      : R extends Ordered
        ? Ordered
        : { [K in keyof R]: Collected<R[K]> };

/**
 * The result of a mapped group's function, as seen from outside of the group.
 *
 * @param outer the mapped group around it, or null.
 * @param what names the group.
 * @throws MillraceError DAG_INVALID for a value that is not the whole result of a task inside.
 */
export function collected(
  result: unknown,
  key: OrderKey,
  outer: string | null,
  what: string,
): unknown {
  if (result === undefined) return makeOrdered(key);
  const reference = referenceOf(result);
  if (reference === undefined) {
    if (isMarked(result, orderMark)) return makeOrdered(key);
    return mapFields(result, (field) => collected(field, key, outer, what));
  }
  if (reference.kind !== "task" || reference.path.length > 0 || reference.within !== key.id) {
    throw new MillraceError(
      "DAG_INVALID",
      `the mapped ${what} must return whole results of tasks inside it, not a field, an element, a ` +
        "value from outside or the value of a case; make a task inside that returns it",
    );
  }
  return makeHandle(key, { ...reference, within: outer, isList: true });
}

function mapFields(value: unknown, map: (field: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, map(field)]));
}
