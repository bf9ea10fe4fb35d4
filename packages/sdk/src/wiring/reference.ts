/** What a handle or a run reference stands for, and the mark by which every copy of this package knows one. */

import type { Json } from "../codec/encode.ts";
import type { OrderKey } from "./order.ts";
import { isMarked } from "../shared.ts";

export type PathKey = string | number;

/** The value of a task. */
export type TaskReference = {
  readonly kind: "task";
  readonly id: string;
  readonly path: readonly PathKey[];
  /** The wiring that made it; a handle is worth nothing in another. */
  readonly wiring: object;
  /** The mapped group in which it stands for the value of one instance; null when it has the same meaning everywhere. */
  readonly within: string | null;
  /** Whether it stands for the values of all instances of a mapped task, as a list. */
  readonly isList: boolean;
};

/** The element that an instance of a mapped group is about. */
export type ItemReference = {
  readonly kind: "item";
  readonly groupId: string;
  /** Which of the group's sources. */
  readonly n: number;
  readonly path: readonly PathKey[];
  readonly wiring: object;
};

/** The value of whichever case of a branch was taken. */
export type FirstReference = {
  readonly kind: "first";
  readonly of: readonly TaskReference[];
  readonly wiring: object;
  /** Cases without a value: whoever uses the value waits for them too. */
  readonly after: readonly OrderKey[];
};

export type Reference =
  | TaskReference
  | ItemReference
  | FirstReference
  | { readonly kind: "run"; readonly path: readonly PathKey[] };

export const referenceMark: unique symbol = Symbol.for("millrace.reference");

/** Anything with a reference behind it. `type` exists for the compiler only. */
export interface Referring<out T> {
  readonly [referenceMark]: { readonly reference: Reference; readonly type?: T };
}

/** The reference behind a value, if it is a handle or a run reference. */
export function referenceOf(value: unknown): Reference | undefined {
  if (!isMarked(value, referenceMark)) return undefined;
  return (value as Referring<unknown>)[referenceMark].reference;
}

/** The reference to a part of what another refers to. */
export function selected<R extends Reference>(reference: R, key: PathKey): R {
  if (reference.kind === "first") {
    return { ...reference, of: reference.of.map((one) => selected(one, key)) };
  }
  return { ...reference, path: [...reference.path, key] };
}

/** A reference as arguments write it. */
export function referenceTree(reference: Reference): Json {
  switch (reference.kind) {
    case "task":
      return { $: "task", id: reference.id, path: [...reference.path] };
    case "run":
      return { $: "run", path: [...reference.path] };
    case "item":
      return itemTree(reference.groupId, reference.n, reference.path);
    case "first": {
      const [only, ...others] = reference.of.map(referenceTree);
      return only !== undefined && others.length === 0
        ? only
        : { $: "first", of: reference.of.map(referenceTree) };
    }
  }
}

/** @param of the mapped task itself, or a mapped group around it. */
export function itemTree(of: string, n: number, path: readonly PathKey[]): Json {
  return { $: "item", of, n, path: [...path] };
}
