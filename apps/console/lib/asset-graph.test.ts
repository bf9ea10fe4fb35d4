import { create } from "@bufbuild/protobuf";
import { AssetGraphEdgeKind, AssetGraphEdgeSchema, AssetGraphNodeSchema } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { placeAssets, withoutCircles } from "./asset-graph.ts";

const edge = (
  fromNodeId: string,
  toNodeId: string,
  kind: AssetGraphEdgeKind = AssetGraphEdgeKind.PRODUCES,
) => create(AssetGraphEdgeSchema, { fromNodeId, toNodeId, kind });
const node = (nodeId: string) =>
  create(AssetGraphNodeSchema, { nodeId, kind: { case: "dag", value: { dagId: nodeId } } });

test("arrows that close a circle place nothing; those that only read go first", () => {
  const reads = edge("c", "a", AssetGraphEdgeKind.READS);
  const kept = withoutCircles([reads, edge("a", "b"), edge("b", "c")]);
  expect(kept.map(({ fromNodeId, toNodeId }) => fromNodeId + toNodeId)).toEqual(["ab", "bc"]);
  expect(withoutCircles([edge("a", "a")])).toEqual([]);
});

test("what makes stands left of what is made, and everything has its place", () => {
  const { items } = placeAssets(
    [node("c"), node("b"), node("a")],
    [edge("a", "b"), edge("b", "c"), edge("c", "a", AssetGraphEdgeKind.READS), edge("a", "gone")],
  );
  const x = (id: string) => items.find((item) => item.id === id)!.x;
  expect(items).toHaveLength(3);
  expect(x("a")).toBeLessThan(x("b"));
  expect(x("b")).toBeLessThan(x("c"));
});
