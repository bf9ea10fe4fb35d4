/** Random terms for the properties of inputs, and random arrivals of what they ask about. */

import * as fc from "fast-check";
import type { InputTerm } from "../inputs/input.ts";
import { hourly, joined, newest, range } from "../inputs/testing.ts";

const assets = ["s3://a", "s3://b", "s3://c"].map((uri) => hourly(uri));

const enough = fc.record({
  min: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  waitMs: fc.option(
    fc.integer({ min: 1, max: 20 }).map((minutes) => minutes * 60_000),
    { nil: undefined },
  ),
});
type Enough = { min?: number; waitMs?: number };
const given = enough.map(({ min, waitMs }): Enough => ({
  ...(min !== undefined && { min }),
  ...(waitMs !== undefined && { waitMs }),
}));
const asset = fc.constantFrom(...assets);
const steps = fc.tuple(fc.integer({ min: -3, max: 1 }), fc.integer({ min: 0, max: 2 }));
const leaf = fc.oneof(
  fc
    .tuple(asset, steps, given)
    .map(([of, [from, length], options]) => range(of, from, from + length, options)),
  fc
    .tuple(asset, fc.integer({ min: 1, max: 3 }), given)
    .map(([of, count, options]) => newest(of, count, 4, options)),
  fc.tuple(steps, given).map(([[from, length], options]) =>
    joined(
      "combine",
      assets.slice(0, 2).map((of) => range(of, from, from + length)),
      options,
    ),
  ),
);
/** All kinds, up to some levels. */
export const randomTerm: fc.Arbitrary<InputTerm> = fc.letrec<{ term: InputTerm }>((tie) => ({
  term: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc
      .tuple(
        fc.constantFrom("all_of" as const, "first_of" as const),
        fc.array(tie("term"), { minLength: 1, maxLength: 3 }),
        given,
      )
      .map(([kind, terms, options]) => joined(kind, terms, options)),
  ),
})).term;

/** By "uri step": the minute in which it came first, up to `last`; what never comes is left out. */
export const randomArrivals = (last: number): fc.Arbitrary<ReadonlyMap<string, number>> =>
  fc
    .array(fc.tuple(asset, fc.integer({ min: -4, max: 3 }), fc.integer({ min: -5, max: last })), {
      maxLength: 20,
    })
    .map((all) => {
      const first = new Map<string, number>();
      for (const [of, step, minute] of all) {
        const key = `${of.asset.uri} ${step}`;
        first.set(key, Math.min(minute, first.get(key) ?? Infinity));
      }
      return first;
    });
