/** Types of values from the part of JSON Schema that params are usually written in; the rest is `unknown`. */

export type JsonSchema = {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema | boolean;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly [keyword: string]: unknown;
};

/** `input` is what a caller gives; in `output` properties with a default are always there. */
type Side = "input" | "output";

export type FromJsonSchema<S, D extends Side> = S extends { readonly const: infer C }
  ? C
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly type: infer T extends string }
      ? FromType<T, S, D>
      : unknown;

type FromType<T extends string, S, D extends Side> = T extends "object"
  ? FromObject<S, D>
  : T extends "array"
    ? S extends { readonly items: infer I extends JsonSchema }
      ? FromJsonSchema<I, D>[]
      : unknown[]
    : T extends keyof Simple
      ? Simple[T]
      : unknown;

type Simple = { string: string; number: number; integer: number; boolean: boolean; null: null };

type FromObject<S, D extends Side> = S extends {
  readonly properties: infer P extends Readonly<Record<string, JsonSchema>>;
}
  ? Flat<
      { [K in keyof P as K extends Certain<S, P, D> ? K : never]: FromJsonSchema<P[K], D> } & {
        [K in keyof P as K extends Certain<S, P, D> ? never : K]?: FromJsonSchema<P[K], D>;
      }
    >
  : Record<string, unknown>;

/** Properties that are always there. A default makes one optional to give and certain to get. */
type Certain<S, P, D extends Side> = D extends "output"
  ? Required<S> | Defaulted<P>
  : Exclude<Required<S>, Defaulted<P>>;

type Required<S> = S extends { readonly required: readonly (infer R)[] } ? R : never;

type Defaulted<P> = {
  [K in keyof P]: P[K] extends { readonly default: unknown } ? K : never;
}[keyof P];

type Flat<T> = { -readonly [K in keyof T]: T[K] };
