/** Mapping: one instance of a task, or of a group, for each element of a list. */

import { MillraceError, type MapAxis } from "@millrace/engine";
import { bytesOf } from "../codec/codec.ts";
import { toTree, type Json } from "../codec/encode.ts";
import { makeRef, type Field, type Key, type Ref } from "../wiring/handle.ts";
import {
  itemTree,
  referenceOf,
  referenceTree,
  type PathKey,
  type Reference,
  type Referring,
} from "../wiring/reference.ts";
import { isMarked } from "../shared.ts";

export const eachMark: unique symbol = Symbol.for("millrace.each");
const zipMark: unique symbol = Symbol.for("millrace.zip");

/** Lists walked together, as long as the shortest. */
export type Axis = { readonly sources: readonly Source[]; readonly isZip: boolean };

/** A list as it was written, or a reference to one. */
export type Source = readonly unknown[] | Reference;

/** Anything that stands for one element of a list in each instance. */
export interface Mapping<out T> {
  readonly [eachMark]: {
    readonly axis: Axis;
    readonly path: readonly PathKey[];
    /** For the compiler only. */
    readonly type?: T;
  };
}

/** An argument that maps. */
export interface Each<T> extends Mapping<T> {
  /** Selects a field of the element. */
  get<K extends Key<T>>(key: K): Each<Field<T, K>>;
}

/** Maps over several lists at once: the element is a tuple. The mark exists for the compiler only. */
export interface EachOfZip<L extends readonly unknown[]> extends Each<L> {
  readonly [zippedMark]: L;
}

declare const zippedMark: unique symbol;

/** Lists to be walked together; `each` maps over it. */
export interface Zipped<out L extends readonly unknown[]> {
  readonly [zipMark]: { readonly sources: readonly Source[]; readonly type?: L };
}

/** A list, or a reference to one: a handle, a param. */
export type ListOf<T> = readonly T[] | Referring<readonly T[]>;

type ElementOf<L> =
  L extends Referring<readonly (infer T)[]> ? T : L extends readonly (infer T)[] ? T : never;

/** Literals of these keep their types: `each(["eu", "us"])` fits a parameter of type `"eu" | "us"`. */
type Primitive = string | number | bigint | boolean | null | undefined;

/**
 * Maps the task, or the group, that it is given to over a list: one instance for each element. Several give the cross
 * product, the last varying fastest; the same one given twice is the same element.
 *
 * @example
 * const sizes = measure(each(listFiles(run.ds)));          // one instance a file
 * total(sizes);                                            // all results, as a list
 * load(each(zip(names, rows)), each(["eu", "us"]));        // every pair, in both regions
 */
export function each<L extends readonly unknown[]>(lists: Zipped<L>): EachOfZip<L>;
export function each<const T extends Primitive>(list: ListOf<T>): Each<T>;
export function each<T>(list: ListOf<T>): Each<T>;
export function each(list: unknown): unknown {
  if (isMarked(list, zipMark)) {
    const { sources } = (list as Zipped<readonly unknown[]>)[zipMark];
    return makeEach({ sources, isZip: true }, []);
  }
  return makeEach({ sources: [sourceOf(list, "each")], isZip: false }, []);
}

/**
 * Walks lists together, as long as the shortest: the element is a tuple with one of each.
 *
 * @example load(each(zip(names, rows)))
 */
export function zip<L extends readonly ListOf<unknown>[]>(
  ...lists: L
): Zipped<{ -readonly [K in keyof L]: ElementOf<L[K]> }> {
  if (lists.length === 0) {
    throw new MillraceError("DAG_INVALID", "zip() has nothing to walk over; give it lists");
  }
  return { [zipMark]: { sources: lists.map((list) => sourceOf(list, "zip")) } };
}

function sourceOf(list: unknown, word: string): Source {
  const reference = referenceOf(list);
  if (reference !== undefined) return reference;
  if (Array.isArray(list)) return list as readonly unknown[];
  throw new MillraceError(
    "DAG_INVALID",
    `${word}(…) needs a list, a handle of one or a param that is one; make a list of other things first`,
  );
}

function makeEach(axis: Axis, path: readonly PathKey[]): Each<unknown> {
  const made: unknown = {
    [eachMark]: { axis, path },
    get: (key: PathKey) => makeEach(axis, [...path, key]),
  };
  return made as Each<unknown>;
}

export function isEach(value: unknown): value is Mapping<unknown> {
  return isMarked(value, eachMark);
}

/**
 * The element an `each` stands for, as arguments write it.
 *
 * @param of the task that is mapped.
 * @param base the number of its first source among those of all axes.
 */
export function elementTree(
  { [eachMark]: { axis, path } }: Mapping<unknown>,
  of: string,
  base: number,
): Json {
  if (!axis.isZip) return itemTree(of, base, path);
  const [first, ...rest] = path;
  if (first === undefined) return axis.sources.map((_, index) => itemTree(of, base + index, []));
  const isSource = typeof first === "number" && first in axis.sources;
  return isSource ? itemTree(of, base + first, rest) : { $: "undefined" };
}

/** What the wire function of a mapped group receives for an `each`: of a zip, one reference a list. */
export type ElementRef<E> = E extends { readonly [zippedMark]: infer L }
  ? { [K in keyof L]: Ref<L[K]> }
  : E extends Mapping<infer T>
    ? Ref<T>
    : never;

/** The element of a mapped group; see {@link ElementRef}. */
export function elementRef(
  { [eachMark]: { axis, path } }: Mapping<unknown>,
  group: { readonly id: string; readonly wiring: object },
  base: number,
): unknown {
  const refTo = (n: number, path: readonly PathKey[]) =>
    makeRef(`the element of group "${group.id}"`, {
      kind: "item",
      groupId: group.id,
      n,
      path,
      wiring: group.wiring,
    });
  if (!axis.isZip) return refTo(base, path);
  const [first, ...rest] = path;
  if (first === undefined) return axis.sources.map((_, index) => refTo(base + index, []));
  return refTo(base + Number(first), rest);
}

/** The dimensions of a mapping as the engine reads them. @throws MillraceError VALUE_INVALID, VALUE_TOO_LARGE */
export function mapAxis(axis: Axis, what: string): MapAxis {
  return { sources: axis.sources.map((source) => sourceText(source, what)) };
}

function sourceText(source: Source, what: string): string {
  if (!isList(source)) return JSON.stringify(referenceTree(source));
  const name = `the list that ${what} maps over`;
  const replace = (value: object) => {
    if (referenceOf(value) === undefined && !isEach(value)) return undefined;
    throw new MillraceError(
      "DAG_INVALID",
      `${name} has a handle among its elements; let a task return the list and map over that`,
    );
  };
  const text = JSON.stringify(toTree(source, name, { replace }));
  bytesOf(text, name);
  return text;
}

export function isList(source: Source): source is readonly unknown[] {
  return Array.isArray(source);
}
