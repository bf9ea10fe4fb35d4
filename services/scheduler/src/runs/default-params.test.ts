import { expect, test } from "vitest";
import { defaultParams } from "./default-params.ts";

const textOf = (schema: unknown) =>
  Buffer.from(defaultParams(schema === null ? null : JSON.stringify(schema))).toString();

test("a scheduled run gets the defaults of its DAG's schema, and of objects within them", () => {
  expect(textOf(null)).toBe("{}");
  expect(textOf({ type: "object" })).toBe("{}");
  const inner = {
    type: "object",
    default: { a: 1 },
    properties: { a: { default: 0 }, b: { default: [2] } },
  };
  const schema = {
    type: "object",
    properties: { region: { default: "eu" }, count: { type: "integer" }, inner },
  };
  expect(JSON.parse(textOf(schema))).toEqual({ region: "eu", inner: { a: 1, b: [2] } });
});
