/** Types of values that may cross an edge, and of arguments that stand for them. */

import type { Mapping } from "../task/each.ts";
import type { Referring } from "./reference.ts";

type Atom = string | number | bigint | boolean | null | undefined | void | Date;

/** Exactly what the codec gives back for bytes; a Buffer, its subclass, would arrive without its methods. */
type Bytes<T extends Uint8Array> = Uint8Array<ArrayBuffer> extends T ? T : never;

/** Errors look like plain data with a name and a message, but for their stack. */
type IsError<T> = T extends Error ? ("stack" extends keyof T ? true : false) : false;

/** `T` where the codec can carry it, with `never` in place of what it cannot. */
type Carried<T> = unknown extends T
  ? T
  : T extends Atom
    ? T
    : T extends symbol | ((...args: never) => unknown) | (abstract new (...args: never) => unknown)
      ? never
      : T extends Uint8Array
        ? Bytes<T>
        : T extends ReadonlyMap<infer K, infer V>
          ? CarriedMap<T, K, V>
          : T extends ReadonlySet<infer V>
            ? CarriedSet<T, V>
            : IsError<T> extends true
              ? never
              : { [K in keyof T]: Carried<T[K]> };

type CarriedMap<T, K, V> = [K, V] extends [Carried<K>, Carried<V>] ? T : never;
type CarriedSet<T, V> = [V] extends [Carried<V>] ? T : never;

/** What a compiler message shows where a task returns something that cannot be carried. */
type CannotBeCarried = {
  readonly "the result cannot be carried between tasks": "return plain data: JSON, Date, bigint, Uint8Array, Map, Set";
};

/**
 * `unknown` where the codec can carry `T`, else something no value has.
 * The second comparison finds class instances with private parts, which a mapped type loses.
 */
export type MustCarry<T> = [T] extends [Carried<T>]
  ? [Carried<T>] extends [T]
    ? unknown
    : CannotBeCarried
  : CannotBeCarried;

/** What may be given for a parameter of type `T`: the value, a reference to one, or plain data with references inside. */
export type Arg<T> = T | Referring<T> | Wired<T>;

/** What holds no references inside. */
type Closed =
  | Atom
  | symbol
  | Uint8Array
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ((...args: never) => unknown);

type Wired<T> = T extends Closed ? never : { [K in keyof T]: Arg<T[K]> };

/** The parameters of a call: those of the body, each of which may be a reference. */
export type Args<A extends readonly unknown[]> = { [K in keyof A]: Arg<A[K]> };

/** Like `Arg`, where each part may also be mapped over. */
type MapArg<T> = Arg<T> | Mapping<T> | MapWired<T>;

type MapWired<T> = T extends Closed ? never : { [K in keyof T]: MapArg<T[K]> };

/** The parameters of a call that maps: some part of some of them is an `each`. */
export type MapArgs<A extends readonly unknown[]> = { [K in keyof A]: MapArg<A[K]> };

/** How deep inside an argument an `each` may stand: `f({ a: { b: [each(list)] } })`. */
type EachDepth = [unknown, unknown, unknown, unknown];

type HasEach<T, D extends readonly unknown[]> = 0 extends 1 & T
  ? false
  : T extends Mapping<unknown>
    ? true
    : T extends Closed | Referring<unknown>
      ? false
      : D extends readonly [unknown, ...infer Rest]
        ? T extends readonly (infer E)[]
          ? HasEach<E, Rest>
          : T extends object
            ? { [K in keyof T]: HasEach<T[K], Rest> }[keyof T]
            : false
        : false;

/** `unknown` for arguments with an `each` among them, else `never`. */
export type MustMap<G extends readonly unknown[]> =
  true extends HasEach<G, [unknown, ...EachDepth]> ? unknown : never;
