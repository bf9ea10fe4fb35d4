/** Handles: what calls return while a DAG is wired. A handle has no value; it says where one will be. */

import { MillraceError } from "@millrace/engine";
import { makeOrdered, type Ordered, type OrderKey } from "./order.ts";
import {
  referenceMark,
  selected,
  type FirstReference,
  type PathKey,
  type Reference,
  type Referring,
  type TaskReference,
} from "./reference.ts";

/** The keys `get` accepts: fields of objects, indexes of lists, keys of maps; of a union, those of every member. */
export type Key<T> =
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
export type Field<T, K> = T extends null | undefined
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

/**
 * What a call of a mapped task returns: the values of those of its instances that have one, in order. `each` of it maps
 * on over them.
 */
export interface MappedHandle<R> extends Handle<R[]> {
  /** For the compiler only: tells a list of instances from a list that one instance returns. */
  readonly [mappedMark]: R;
}

declare const mappedMark: unique symbol;

/** What instances that returned nothing leave out of the list of values. */
type Left<R> = [R] extends [void | undefined] ? R : Exclude<R, void | undefined>;

/** What mapping makes of a task, or a group, whose value is `R`. */
export type ResultsOf<R> = MappedHandle<Left<R>>;

/**
 * What every handle is. `Handle<unknown>` would not do: what may be selected from a list may not be selected from
 * anything.
 */
export interface AnyHandle<out T = unknown> extends Referring<T>, Ordered {}

/** Makes a handle; `order` is the task, or what is around it, that `before` and `after` speak of. */
export function makeHandle(order: OrderKey, reference: TaskReference | FirstReference): AnyHandle {
  const handle: unknown = {
    ...valueless(nameOf(reference)),
    ...makeOrdered(order),
    [referenceMark]: { reference },
    get: (key: PathKey) => makeHandle(order, selected(reference, key)),
  };
  return handle as AnyHandle;
}

function nameOf(reference: TaskReference | FirstReference): string {
  if (reference.kind === "task") return `the result of task "${reference.id}"`;
  return `the result of ${reference.of.map(({ id }) => `"${id}"`).join(" or ")}`;
}

/** Makes a reference that has no place in the order. */
export function makeRef<T>(name: string, reference: Reference): Ref<T> {
  const ref: unknown = {
    ...valueless(name),
    [referenceMark]: { reference },
    get: (key: PathKey) => makeRef(`${name}.${key}`, selected(reference, key)),
  };
  return ref as Ref<T>;
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
