import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assetKey, type AssetExpression } from "./asset.ts";
import { assetLoopOf, type AssetDag } from "./loops.ts";
import { assetsHold } from "./hold.ts";
import { aliasOf, allOf, anyOf, assetOf, events } from "./testing.ts";

function dag(dagId: string, outlets: readonly string[], expression: AssetExpression): AssetDag {
  return { dagId, outlets: new Set(outlets.map((uri) => assetKey(assetOf(uri)))), expression };
}

const ids = (loop: ReturnType<typeof assetLoopOf>) =>
  loop?.map(({ dagId, uri }) => `${dagId} ${uri}`);

describe("a circle of assets that would never end", () => {
  test("is a DAG that waits for what it makes", () => {
    expect(ids(assetLoopOf("a", [dag("a", ["x"], events("x"))]))).toEqual(["a x"]);
  });

  test("is found across DAGs, the shortest way", () => {
    const dags = [
      dag("a", ["x"], anyOf(events("z"), events("far"))),
      dag("b", ["y"], events("x")),
      dag("c", ["z"], events("y")),
      dag("d", ["far"], events("z")),
    ];
    expect(ids(assetLoopOf("b", dags))).toEqual(["b y", "c z", "a x"]);
  });

  test("is none where something from outside is needed as well", () => {
    expect(assetLoopOf("a", [dag("a", ["x"], allOf(events("x"), events("outside")))])).toBeNull();
    expect(
      assetLoopOf("a", [dag("a", ["x"], anyOf(events("x"), events("outside")))]),
    ).not.toBeNull();
  });

  test("is not made by a number of events: they only come later", () => {
    expect(assetLoopOf("a", [dag("a", ["x"], events("x", 1000))])).not.toBeNull();
  });

  test("is not the business of those that it starts, nor of what aliases will stand for", () => {
    const circle = dag("a", ["x"], events("x"));
    expect(assetLoopOf("b", [circle, dag("b", ["y"], events("x"))])).toBeNull();
    const alias: AssetExpression = { kind: "events", of: aliasOf("x"), count: 1 };
    expect(assetLoopOf("a", [dag("a", ["x"], alias)])).toBeNull();
  });

  test("is found exactly where events alone keep DAGs going, by playing it", () => {
    const uris = ["u", "v", "w", "x"];
    const expression = fc.oneof(
      fc.constantFrom(...uris).map((uri) => events(uri)),
      fc
        .tuple(fc.constantFrom(...uris), fc.constantFrom(...uris), fc.boolean())
        .map(([p, q, isAll]) =>
          isAll ? allOf(events(p), events(q)) : anyOf(events(p), events(q)),
        ),
    );
    const some = fc.array(
      fc.record({ outlets: fc.subarray(uris, { minLength: 1, maxLength: 2 }), expression }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(some, (given) => {
        const dags = given.map((one, n) => dag(`dag_${n}`, one.outlets, one.expression));
        const isFound = dags.some(({ dagId }) => assetLoopOf(dagId, dags) !== null);
        expect(isFound).toBe(runsForEver(dags));
      }),
    );
  });
});

/** Everything has happened once; then only what DAGs make happens. */
function runsForEver(dags: readonly AssetDag[]): boolean {
  const pending = new Map(dags.map(({ dagId }) => [dagId, new Set<string>(["u", "v", "w", "x"])]));
  for (let round = 0; round < 50; round += 1) {
    const due = dags.filter(({ dagId, expression }) =>
      assetsHold(expression, (of) =>
        of.kind === "asset" && pending.get(dagId)!.has(of.uri) ? 1 : 0,
      ),
    );
    if (due.length === 0) return false;
    for (const { dagId } of due) pending.get(dagId)!.clear();
    for (const { outlets } of due)
      for (const key of outlets)
        for (const set of pending.values()) set.add(key.slice("asset:".length));
  }
  return true;
}
