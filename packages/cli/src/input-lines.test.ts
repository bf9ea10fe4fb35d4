import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { InputTermSchema } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { inputLinesOf } from "./input-lines.ts";

test("a DAG's inputs are told by name, each with its assets in the order of preference", () => {
  const instances = (uri: string, name = ""): MessageInitShape<typeof InputTermSchema> => ({
    name,
    kind: { case: "instances", value: { of: { asset: { uri } }, from: 0, to: 0 } },
  });
  const term = create(InputTermSchema, {
    kind: {
      case: "allOf",
      value: {
        terms: [
          {
            name: "clicks",
            kind: {
              case: "firstOf",
              value: { terms: [instances("s3://clicks"), instances("s3://backup")] },
            },
          },
          instances("s3://prices", "prices"),
          instances("s3://nameless"),
        ],
      },
    },
  });
  expect(inputLinesOf(term)).toEqual([
    "clicks: s3://clicks, s3://backup",
    "prices: s3://prices",
    "s3://nameless",
  ]);
});
