/** Handles: what calls return while a DAG is wired. A handle has no value; it says where one will be. */

import { MillraceError } from "@millrace/engine";
import { makeOrdered, type Ordered, type OrderKey } from "./order.ts";
import { referenceMark, type PathKey, type Referring } from "./reference.ts";

/** The keys `get` accepts: fields of objects, indexes of lists, keys of maps; of a union, those of every member. */
type Key<T> =
  NonNullable<T> extends ReadonlyMap<infer K, unknown>
    ? K & PathKey
    : NonNullable<T> extends readonly unknown[]
      ? number
      : NonNullable<T> extends Date | Uint8Array | ReadonlySet<unknown>
        ? never
        : NonNullable<T> extends object
          ? keyof NonNullable<T> & PathKey
          : never;

/** The type behind `get(key)`. Where the value, or the key in it, may be missing, that is undefined. */
type Field<T, K> = T extends null | undefined
  ? undefined
  : T extends ReadonlyMap<unknown, infer V>
    ? V | undefined
    : T extends readonly unknown[]
      ? Element<T, K>
      : K extends keyof T
        ? PathKey extends K
          ? T[K] | undefined
          : string extends K
            ? T[K] | undefined
            : T[K]
        : undefined;

type Element<T extends readonly unknown[], K> = `${K & number}` extends keyof T
  ? T[`${K & number}` & keyof T]
  : number extends T["length"]
    ? T[number] | undefined
    : undefined;

/** A typed reference to a value that is known when the task runs. */
export interface Ref<T> extends Referring<T> {
  /** Selects a field, an index of a list, or a key of a map. */
  get<K extends Key<T>>(key: K): Ref<Field<T, K>>;
}

/** What a call of a task returns: the value the task will return, and its place in the order. */
export interface Handle<T> extends Ref<T>, Ordered {
  get<K extends Key<T>>(key: K): Handle<Field<T, K>>;
}

/** Makes the handle of a node; `order` is the node, or the group around it, that `before` and `after` speak of. */
export function makeHandle<T>(
  order: OrderKey,
  id: string,
  path: readonly PathKey[] = [],
): Handle<T> {
  const handle: unknown = {
    ...valueless(`the result of task "${id}"`),
    ...makeOrdered(order),
    [referenceMark]: { reference: { kind: "task", id, path, wiring: order.wiring } },
    get: (key: PathKey) => makeHandle(order, id, [...path, key]),
  };
  return handle as Handle<T>;
}

/** Turning a handle into text or JSON while wiring would bake "[object Object]" into a DAG: it throws instead. */
export function valueless(name: string): {
  [Symbol.toPrimitive](): never;
  toJSON(): never;
} {
  const refuse = (): never => {
    throw new MillraceError(
      "WRONG_PLACE",
      `${name} has no value while the DAG is wired; pass it to a task as an argument`,
    );
  };
  return { [Symbol.toPrimitive]: refuse, toJSON: refuse };
}
