import { expect, test } from "vitest";
import { aDagSpec } from "../testing.ts";
import { startOf } from "../partitions/testing.ts";
import { assetNamesOf, withNamedAssets } from "./named.ts";
import { aliasOf, allOf, assetOf, events } from "./testing.ts";

const named = (name: string) => assetOf("", { name });

test("every place that may have an asset by name has the asset after that", () => {
  const outlets = [named("a"), aliasOf("f")];
  const inlets = [named("b"), assetOf("s3://c")];
  const spec = aDagSpec(
    { tasks: { t: { outlets, inlets } } },
    {
      schedule: {
        kind: "partitioned_assets",
        expression: allOf({ ...events(""), of: named("a") }, events("s3://d")),
        mappings: [
          { uri: "", name: "a", mapper: startOf("day") },
          { uri: "s3://d", name: "", mapper: startOf("day") },
        ],
      },
    },
  );
  expect(assetNamesOf(spec)).toEqual(["a", "b"]);
  const uris = new Map([
    ["a", "s3://a"],
    ["b", "s3://b"],
  ]);
  const found = withNamedAssets(spec, uris);
  expect(assetNamesOf(found)).toEqual([]);
  expect(found.tasks[0]).toMatchObject({
    outlets: [{ uri: "s3://a", name: "a" }, { name: "f" }],
    inlets: [{ uri: "s3://b", name: "b" }, { uri: "s3://c" }],
  });
  expect(found.schedule).toMatchObject({
    expression: { expressions: [{ of: { uri: "s3://a" } }, { of: { uri: "s3://d" } }] },
    mappings: [{ uri: "s3://a", name: "" }, { uri: "s3://d" }],
  });
});

test("a DAG that has none by name stays as it is", () => {
  const spec = aDagSpec({ tasks: { t: { outlets: [assetOf("s3://a")] } } });
  expect(assetNamesOf(spec)).toEqual([]);
  expect(withNamedAssets(spec, new Map())).toEqual(spec);
});
