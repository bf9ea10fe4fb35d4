import { describe, expect, test } from "vitest";
import { fieldsOf, showType, typedValue, typedValues } from "./form.ts";

const schema = JSON.stringify({
  type: "object",
  properties: {
    approved: { type: "boolean", description: "Ship it?" },
    amount: { type: "number" },
    count: { type: "integer", default: 3 },
    note: { type: "string", title: "Note" },
    size: { enum: ["s", "m", 5] },
    rows: { type: ["array", "null"] },
    any: {},
  },
  required: ["approved", "amount"],
});
const fields = fieldsOf(schema, { note: "-" });

test("fields come in the order of the schema, with what they take", () => {
  expect(fields.map((it) => [it.name, showType(it), it.isRequired, it.usual])).toEqual([
    ["approved", "boolean", true, undefined],
    ["amount", "number", true, undefined],
    ["count", "integer", false, 3],
    ["note", "string", false, "-"],
    ["size", '"s" | "m" | 5', false, undefined],
    ["rows", "array or null", false, undefined],
    ["any", "any", false, undefined],
  ]);
  expect(fields.map((it) => it.description)).toEqual(["Ship it?", "", "", "Note", "", "", ""]);
  expect(fieldsOf("{}")).toEqual([]);
  expect(fieldsOf("true")).toEqual([]);
});

describe("what is typed", () => {
  test("becomes what the schema says", () => {
    const pairs = [
      ...["approved=yes", "amount=1.5", "count=4", "note=5", "size=m"],
      ...["rows=[1]", 'any={"a":1}', "other=text", "more=1", "note2=a=b"],
    ];
    expect(typedValues(pairs, fields)).toEqual({
      ...{ approved: true, amount: 1.5, count: 4, note: "5", size: "m" },
      ...{ rows: [1], any: { a: 1 }, other: "text", more: 1, note2: "a=b" },
    });
  });

  test.each([
    ["amount=much", '--set amount is "much"; it must be number.'],
    ["count=1.5", "it must be integer"],
    ["size=xl", 'it must be "s" | "m" | 5'],
    ["approved=1", "it must be boolean"],
    ["rows={}", "it must be array or null"],
    ["amount", "write --set field=value"],
    ["=1", "write --set field=value"],
  ])("that it cannot be is refused: %s", (pair, message) => {
    expect(() => typedValues([pair], fields)).toThrow(message);
  });

  test("may be a text that looks like something else", () => {
    expect(typedValue("true", { types: ["string"], choices: null })).toEqual({ value: "true" });
    expect(typedValue('"a"', { types: ["string"], choices: null })).toEqual({ value: '"a"' });
    expect(typedValue("", { types: ["string"], choices: null })).toEqual({ value: "" });
    expect(typedValue("null", { types: ["string", "null"], choices: null })).toEqual({
      value: null,
    });
  });
});
