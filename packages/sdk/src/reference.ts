/** What a handle or a run reference stands for, and the mark by which every copy of this package knows one. */

import { isMarked } from "./shared.ts";

export type PathKey = string | number;

export type Reference =
  | {
      readonly kind: "task";
      readonly id: string;
      readonly path: readonly PathKey[];
      /** The wiring that made it; a handle is worth nothing in another. */
      readonly wiring: object;
    }
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
