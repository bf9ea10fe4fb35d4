import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assetKey, type AssetExpression, type AssetOrAlias } from "./asset.ts";
import { assetExpressionText } from "./asset-text.ts";
import { assetNeeds, assetsHold } from "./hold.ts";
import { assetProgress, assetReasons, type AssetProgress } from "./progress.ts";
import { aliasOf, allOf, anyOf, assetOf, events } from "./testing.ts";

const counts =
  (have: Readonly<Record<string, number>>) =>
  (of: AssetOrAlias): number =>
    have[of.kind === "asset" ? of.uri : of.name] ?? 0;

describe("an asset expression (semantics 10.1, 10.3)", () => {
  const a = events("a");
  const b = events("b");
  test.each<[string, AssetExpression, Record<string, number>, boolean]>([
    ["one event is enough", a, { a: 1 }, true],
    ["no event is none", a, {}, false],
    ["more than one make one", a, { a: 7 }, true],
    ["AND: both", allOf(a, b), { a: 1, b: 1 }, true],
    ["AND: one of two is too little, however many", allOf(a, b), { a: 9 }, false],
    ["OR: either", anyOf(a, b), { b: 1 }, true],
    ["OR: neither", anyOf(a, b), {}, false],
    ["at least: fewer", events("a", 3), { a: 2 }, false],
    ["at least: as many", events("a", 3), { a: 3 }, true],
    ["AND of OR", allOf(anyOf(a, b), events("c")), { b: 1, c: 1 }, true],
    ["AND of OR, without what all need", allOf(anyOf(a, b), events("c")), { a: 1, b: 1 }, false],
    ["an alias is not an asset of that name", { ...a, of: aliasOf("a") }, { a: 1 }, true],
  ])("%s", (_, expression, have, holds) => {
    expect(assetsHold(expression, counts(have))).toBe(holds);
  });

  test("needs each asset once, with the largest number", () => {
    const expression = anyOf(allOf(a, events("b", 2)), events("b", 5), { ...a, of: aliasOf("a") });
    const needs = assetNeeds(expression).map(({ of, count }) => [assetKey(of), count]);
    expect(needs).toEqual([
      ["asset:a", 1],
      ["asset:b", 5],
      ["alias:a", 1],
    ]);
  });

  test("in a few words", () => {
    expect(assetExpressionText(allOf(a, anyOf(b, events("c", 3))))).toBe("a & (b | 3 × c)");
    expect(assetExpressionText({ ...a, of: aliasOf("feeds") })).toBe("alias feeds");
    expect(
      assetExpressionText(allOf(...Array.from({ length: 99 }, (_, n) => events(`asset_${n}`)))),
    ).toHaveLength(300);
  });

  test("says what is missing, with counts", () => {
    const progress = assetProgress(allOf(a, events("b", 3)), counts({ a: 1, b: 2 }));
    expect(progress).toMatchObject({
      isMet: false,
      message: "1 of 2 hold; all are needed",
      parts: [
        { isMet: true, message: "an event of a", have: 1, need: 1 },
        { isMet: false, message: "2 of 3 events of b", have: 2, need: 3 },
      ],
    });
    expect(assetReasons(progress)).toEqual([
      {
        kind: "assets",
        message: "Waits for 1 more event of b; it has 2 of 3.",
        evidence: { uri: "b", have: "2", need: "3" },
        until: null,
        taskIds: [],
      },
    ]);
  });
});

const leaf = fc
  .record({ name: fc.constantFrom("a", "b", "c", "d"), count: fc.integer({ min: 1, max: 4 }) })
  .map(({ name, count }) => events(name, count));
const expressions = fc.letrec<{ one: AssetExpression }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.record({
      kind: fc.constantFrom("all_of" as const, "any_of" as const),
      expressions: fc.array(tie("one"), { minLength: 1, maxLength: 4 }),
    }),
  ),
})).one;
const haves = fc.record({ a: fc.nat(5), b: fc.nat(5), c: fc.nat(5), d: fc.nat(5) });

describe("for any expression and any events", () => {
  test("an event more never makes it fail", () => {
    fc.assert(
      fc.property(
        expressions,
        haves,
        fc.constantFrom("a", "b", "c", "d"),
        (expression, have, more) => {
          const before = assetsHold(expression, counts(have));
          const after = assetsHold(expression, counts({ ...have, [more]: have[more] + 1 }));
          expect(after || !before).toBe(true);
        },
      ),
    );
  });

  test("counting no further than the need changes nothing", () => {
    fc.assert(
      fc.property(expressions, haves, (expression, have) => {
        const needs = new Map(assetNeeds(expression).map(({ of, count }) => [assetKey(of), count]));
        const capped = (of: AssetOrAlias) =>
          Math.min(counts(have)(of), needs.get(assetKey(of)) ?? 0);
        expect(assetsHold(expression, capped)).toBe(assetsHold(expression, counts(have)));
      }),
    );
  });

  test("what it says agrees with what it decides; and when every reason is removed, it holds", () => {
    fc.assert(
      fc.property(expressions, haves, (expression, have) => {
        const progress = assetProgress(expression, counts(have));
        const holds = assetsHold(expression, counts(have));
        expect(progress.isMet).toBe(holds);
        const reasons = assetReasons(progress);
        expect(reasons.length === 0).toBe(holds);
        const given: Record<string, number> = { ...have };
        for (const { evidence } of reasons)
          given[evidence["uri"]!] = Math.max(given[evidence["uri"]!]!, Number(evidence["need"]));
        expect(assetsHold(expression, counts(given))).toBe(true);
      }),
    );
  });

  test("each part says of itself what it would by itself", () => {
    fc.assert(
      fc.property(expressions, haves, (expression, have) => {
        const check = (one: AssetExpression, progress: AssetProgress): void => {
          expect(progress.isMet).toBe(assetsHold(one, counts(have)));
          if (one.kind === "events" || progress.kind === "events") return;
          one.expressions.forEach((part, n) => check(part, progress.parts[n]!));
        };
        check(expression, assetProgress(expression, counts(have)));
      }),
    );
  });
});

test("an alias and an asset of the same text are two things", () => {
  const of = (one: AssetOrAlias) => (one.kind === "alias" ? 1 : 0);
  expect(assetsHold({ kind: "events", of: aliasOf("x"), count: 1 }, of)).toBe(true);
  expect(assetsHold({ kind: "events", of: assetOf("x"), count: 1 }, of)).toBe(false);
});
