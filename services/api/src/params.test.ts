import { expect, test } from "vitest";
import { apiLimits } from "./limits.ts";
import { compileParamsSchema, completeParams } from "./params.ts";

const schema = compileParamsSchema(
  JSON.stringify({
    type: "object",
    properties: {
      region: { type: "string", enum: ["eu", "us"], default: "eu" },
      limits: { type: "object", properties: { rows: { type: "integer", minimum: 1 } } },
    },
    additionalProperties: false,
  }),
);

const complete = (params: unknown): unknown =>
  JSON.parse(Buffer.from(completeParams(Buffer.from(JSON.stringify(params)), schema)).toString());

test("defaults are filled in", () => {
  expect(complete({})).toEqual({ region: "eu" });
  expect(JSON.parse(Buffer.from(completeParams(null, schema)).toString())).toEqual({
    region: "eu",
  });
});

test.each([
  [{ region: 5 }, "params.region must be string, got 5"],
  [{ region: "mars" }, 'params.region must be one of ["eu","us"], got "mars"'],
  [{ limits: { rows: 0 } }, "params.limits.rows must be >= 1, got 0"],
  [{ regoin: "eu" }, 'params must not have the field "regoin"'],
  [[], "params must be object, got []"],
  [null, "params must be object, got null"],
])("%j is refused, naming the field", (params, message) => {
  expect(() => complete(params)).toThrow(message);
});

test("without a schema any object will do, and nothing else", () => {
  expect(Buffer.from(completeParams(Buffer.from('{"a":1}'), null)).toString()).toBe('{"a":1}');
  expect(() => completeParams(Buffer.from("5"), null)).toThrow("must be object");
  expect(() => completeParams(Buffer.from("{"), null)).toThrow("no JSON");
  expect(() => completeParams(Buffer.from([0x22, 0xff, 0x22]), null)).toThrow("no JSON");
});

test("params up to the limit are taken", () => {
  const of = (bytes: number): Buffer => Buffer.from(JSON.stringify({ a: "x".repeat(bytes - 8) }));
  expect(completeParams(of(apiLimits.paramsBytesMax), null)).toHaveLength(apiLimits.paramsBytesMax);
  expect(() => completeParams(of(apiLimits.paramsBytesMax + 1), null)).toThrow(
    String(apiLimits.paramsBytesMax),
  );
});

test("params that are nested too deep are refused", () => {
  const nested = (depth: number): Buffer =>
    Buffer.from(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
  completeParams(nested(apiLimits.paramsDepthMax), null);
  expect(() => completeParams(nested(apiLimits.paramsDepthMax + 1), null)).toThrow("levels deep");
});

test("a key that objects are made of changes no object", () => {
  completeParams(
    Buffer.from('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
    schemaOfAnything,
  );
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});
const schemaOfAnything = compileParamsSchema('{"type":"object"}');

test.each([
  "{",
  "5",
  '{"type":"nonsense"}',
  '{"$ref":"http://127.0.0.1:1/x.json"}',
  '{"$ref":"#/missing"}',
])("%j is no schema", (text) => {
  expect(() => compileParamsSchema(text)).toThrow("params_schema");
});
